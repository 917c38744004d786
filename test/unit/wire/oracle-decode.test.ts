import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { generate, type Packet } from "mqtt-packet"
import { publishFrame } from "../../../service/broker/wire/encode.ts"
import type { MessageProperties, QoS } from "../../../service/broker/wire/packet.ts"
import {
  anyBytes,
  anyText,
  connectProperties,
  messageProperties,
  packetId,
  qos,
  topicFilter,
  topicName,
  version,
} from "./arbitrary.ts"
import { read } from "./mqtt-packet.ts"
import { callsOf, fresh } from "./recording-sink.ts"

/** The bytes of a packet as mqtt-packet writes them. */
function written(packet: object, protocolVersion: number): Buffer {
  return generate(packet as Packet, { protocolVersion })
}

test("what mqtt-packet writes as PUBLISH is read to the same values, and what is passed on still says the same", () => {
  const publish = fc.record({
    topic: topicName,
    payload: anyBytes,
    qos,
    retain: fc.boolean(),
    messageId: packetId,
    properties: messageProperties,
  })
  fc.assert(
    fc.property(publish, fc.boolean(), version, (fields, dup, level) => {
      const sent = { cmd: "publish", dup: dup && fields.qos > 0, ...fields }
      const calls = callsOf(level, written(sent, level))
      assert.equal(calls.length, 1)
      const [name, topic, payload, qos, retain, again, id, properties, alias] = calls[0] as [
        string,
        string,
        Buffer,
        QoS,
        boolean,
        boolean,
        number,
        MessageProperties | undefined,
        undefined,
      ]
      assert.deepEqual(
        [name, topic, payload, qos, retain],
        ["publish", sent.topic, sent.payload, sent.qos, sent.retain],
      )
      assert.deepEqual([again, id, alias], [sent.dup, sent.qos > 0 ? sent.messageId : 0, undefined])
      if (level < 5) return assert.equal(properties, undefined)
      const { messageExpiryInterval, ...others } = sent.properties
      assert.equal(properties?.messageExpiryInterval, messageExpiryInterval)
      const frame = publishFrame(
        { topic, payload, properties, expiresAt: undefined },
        true,
        0,
        retain,
        0,
        undefined,
        0,
        true,
      )
      assert.deepEqual(read(frame.bytes, 5).properties, others)
    }),
    { numRuns: 1000 },
  )
})

const will = fc.record({ topic: topicName, payload: anyBytes, qos, retain: fc.boolean() })
const connect = fc.record({
  clientId: fc.oneof(anyText, topicName),
  clean: fc.boolean(),
  keepalive: fc.integer({ min: 0, max: 65535 }),
  username: fc.option(topicName, { nil: undefined }),
  password: fc.option(anyBytes, { nil: undefined }),
  will: fc.option(will, { nil: undefined }),
  properties: connectProperties,
  delay: fc.option(fc.integer({ min: 0, max: 0xffffffff }), { nil: undefined }),
})

test("what mqtt-packet writes as CONNECT is read to the same values", () => {
  fc.assert(
    fc.property(connect, version, (fields, level) => {
      const { delay, ...sent } = fields
      // mqtt-packet refuses to write the others; they have rows in connect-refused.test.ts.
      fc.pre(sent.clientId !== "" || (level > 3 && sent.clean))
      const password = sent.username === undefined ? undefined : sent.password
      const willProperties = delay === undefined ? {} : { willDelayInterval: delay }
      const packet = {
        cmd: "connect",
        protocolId: level === 3 ? "MQIsdp" : "MQTT",
        protocolVersion: level,
        ...sent,
        password,
        will: sent.will === undefined ? undefined : { ...sent.will, properties: willProperties },
      }
      const { sink, decoder } = fresh()
      decoder.push(written(packet, level))
      const properties = level === 5 ? sent.properties : {}
      const expectedWill = { ...sent.will, delay: level === 5 ? (delay ?? 0) : 0, properties: undefined }
      assert.deepEqual(sink.calls, [
        [
          "connect",
          {
            version: level,
            clean: sent.clean,
            keepAlive: sent.keepalive,
            clientId: sent.clientId,
            username: sent.username,
            password,
            will: sent.will === undefined ? undefined : expectedWill,
            sessionExpiry: properties.sessionExpiryInterval,
            receiveMaximum: properties.receiveMaximum ?? 65535,
            maximumPacketSize: properties.maximumPacketSize,
            topicAliasMaximum: properties.topicAliasMaximum ?? 0,
            requestProblemInformation: properties.requestProblemInformation ?? true,
            requestResponseInformation: properties.requestResponseInformation ?? false,
            authenticationMethod: properties.authenticationMethod,
          },
        ],
      ])
    }),
    { numRuns: 1000 },
  )
})

test("what mqtt-packet writes as SUBSCRIBE and UNSUBSCRIBE is read to the same values", () => {
  const options = fc.record({ topic: topicFilter, qos, nl: fc.boolean(), rap: fc.boolean(), rh: qos })
  const identifier = fc.option(fc.integer({ min: 1, max: 268_435_455 }), { nil: undefined })
  fc.assert(
    fc.property(
      packetId,
      fc.array(options, { minLength: 1, maxLength: 8 }),
      identifier,
      version,
      (messageId, list, subscriptionIdentifier, level) => {
        const properties = subscriptionIdentifier === undefined ? {} : { subscriptionIdentifier }
        const subscribe = { cmd: "subscribe", messageId, subscriptions: list, properties }
        const expected = list.map(({ topic, qos, nl, rap, rh }) =>
          level === 5
            ? { filter: topic, qos, noLocal: nl, retainAsPublished: rap, retainHandling: rh }
            : { filter: topic, qos, noLocal: false, retainAsPublished: false, retainHandling: 0 },
        )
        const seen = level === 5 ? subscriptionIdentifier : undefined
        assert.deepEqual(callsOf(level, written(subscribe, level)), [["subscribe", messageId, expected, seen]])
        const filters = list.map(({ topic }) => topic)
        const unsubscribe = { cmd: "unsubscribe", messageId, unsubscriptions: filters }
        assert.deepEqual(callsOf(level, written(unsubscribe, level)), [["unsubscribe", messageId, filters]])
      },
    ),
    { numRuns: 500 },
  )
})
