"""Sends itself a message of each QoS and prints what came: protocol 3, 4 or 5, tcp or websockets, port, and a CA file for TLS."""
import sys
import threading

import paho.mqtt.client as mqtt

protocol, transport, port, user, password = sys.argv[1:6]
cafile = sys.argv[6] if len(sys.argv) > 6 else None
topic = f"paho/{protocol}/{transport}/{port}"
done = threading.Event()
came = []


def on_connect(client, *_):
    client.subscribe(topic, 2)


def on_subscribe(client, *_):
    for qos in (0, 1, 2):
        client.publish(topic, f"QoS {qos}", qos)


def on_message(client, _, message):
    came.append(f"{message.payload.decode()} {message.qos}")
    if len(came) == 3:
        done.set()


client = mqtt.Client(client_id=topic, protocol=int(protocol), transport=transport)
client.on_connect, client.on_subscribe, client.on_message = on_connect, on_subscribe, on_message
client.username_pw_set(user, password)
if transport == "websockets":
    client.ws_set_options(path="/mqtt")
if cafile:
    client.tls_set(cafile)
client.connect("localhost" if cafile else "127.0.0.1", int(port))
client.loop_start()
done.wait(8)
client.disconnect()
client.loop_stop()
print(", ".join(came))
