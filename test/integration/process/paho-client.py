"""A device as a Python programmer would write it: mutual TLS, one message of QoS 2 to itself. Prints what came back."""

import ssl
import sys

import paho.mqtt.client as mqtt

name, port, cafile, chain, key, version = sys.argv[1:7]
topic = f"devices/{name}/echo"
client = mqtt.Client(client_id=name, protocol=mqtt.MQTTv5 if version == "5" else mqtt.MQTTv311)
client.tls_set(ca_certs=cafile, certfile=chain, keyfile=key, cert_reqs=ssl.CERT_REQUIRED)


def on_connect(client, *_):
    client.subscribe(topic, 2)


def on_subscribe(client, *_):
    client.publish(topic, "21.5", qos=2)


def on_message(client, _, message):
    print(message.topic, message.payload.decode(), message.qos, flush=True)
    client.disconnect()


client.on_connect, client.on_subscribe, client.on_message = on_connect, on_subscribe, on_message
client.connect("localhost", int(port))
client.loop_forever()
