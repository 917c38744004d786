import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import {
  acknowledgeFrame,
  connackFrame,
  disconnectFrame,
  publishFrame,
  subackFrame,
  unsubackFrame,
} from "../../../service/broker/wire/encode.ts"
import { messageProperties as encoded } from "../../../service/broker/wire/write-properties.ts"
import { anyBytes, anyText, messageProperties, packetId, qos, topicName, version } from "./arbitrary.ts"
import { read } from "./mqtt-packet.ts"

function picked(packet: Record<string, unknown>, ...keys: string[]): unknown[] {
  return keys.map((key) => packet[key])
}

test("mqtt-packet reads our PUBLISH to the same values", () => {
  const identifiers = fc.option(fc.array(fc.integer({ min: 1, max: 268_435_455 }), { minLength: 1, maxLength: 4 }), {
    nil: undefined,
  })
  const expiry = fc.option(fc.integer({ min: 1, max: 0xffffffff }), { nil: undefined })
  const message = fc.record({
    topic: topicName,
    payload: anyBytes,
    named: messageProperties,
    expiry,
    identifiers,
    alias: fc.integer({ min: 0, max: 65535 }),
  })
  fc.assert(
    fc.property(message, qos, fc.boolean(), packetId, version, (fields, level2, retain, id, level) => {
      const { topic, payload, named, expiry, identifiers, alias } = fields
      const now = 1_700_000_000_123
      const expiresAt = expiry === undefined ? undefined : now + expiry * 1000 - 999
      const message = { topic, payload, properties: encoded(named), expiresAt }
      const frame = publishFrame(message, level === 5, level2, retain, now, identifiers, alias, true)
      const bytes = Buffer.from(frame.bytes)
      if (frame.packetIdAt > 0) bytes.writeUInt16BE(id, frame.packetIdAt)
      const packet = read(bytes, level)
      assert.deepEqual(picked(packet, "cmd", "topic", "qos", "retain", "dup"), [
        "publish",
        topic,
        level2,
        retain,
        false,
      ])
      assert.deepEqual(packet.payload, payload)
      assert.equal(packet.messageId, level2 > 0 ? id : undefined)
      if (level < 5) return
      const { messageExpiryInterval: _, ...expected } = named as Record<string, unknown>
      if (expiry !== undefined) expected.messageExpiryInterval = expiry
      if (identifiers !== undefined)
        expected.subscriptionIdentifier = identifiers.length === 1 ? identifiers[0] : identifiers
      if (alias > 0) expected.topicAlias = alias
      assert.deepEqual(packet.properties, expected)
    }),
    { numRuns: 1000 },
  )
})

test("mqtt-packet reads our acknowledgements to the same values", () => {
  const names = { 4: "puback", 5: "pubrec", 6: "pubrel", 7: "pubcomp" } as const
  const type = fc.constantFrom(4, 5, 6, 7) as fc.Arbitrary<4 | 5 | 6 | 7>
  fc.assert(
    fc.property(type, packetId, fc.boolean(), version, (type, id, failed, level) => {
      const reason = failed ? (type < 6 ? 0x97 : 0x92) : 0
      const bytes = Buffer.from(acknowledgeFrame(type, reason, level === 5))
      bytes.writeUInt16BE(id, 2)
      const packet = read(bytes, level)
      assert.deepEqual(picked(packet, "cmd", "messageId"), [names[type], id])
      if (level === 5) assert.equal(packet.reasonCode ?? 0, reason)
    }),
  )
})

test("mqtt-packet reads our SUBACK and UNSUBACK to the same values", () => {
  const granted = fc.array(fc.constantFrom(0, 1, 2, 0x80, 0x87, 0x97), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(packetId, granted, version, (id, codes, level) => {
      const suback = read(subackFrame(id, codes, level === 5), level)
      const expected = level === 5 ? codes : codes.map((code) => Math.min(code, 0x80))
      assert.deepEqual(picked(suback, "cmd", "messageId", "granted"), ["suback", id, expected])
      const outcomes = codes.map((code) => (code < 3 ? 0 : 0x11))
      const unsuback = read(unsubackFrame(id, outcomes, level === 5), level)
      assert.deepEqual(picked(unsuback, "cmd", "messageId"), ["unsuback", id])
      if (level === 5) assert.deepEqual(unsuback.granted, outcomes)
    }),
  )
})

test("mqtt-packet reads our CONNACK and DISCONNECT to the same values", () => {
  const uint16 = fc.integer({ min: 1, max: 65535 })
  const uint32 = fc.integer({ min: 1, max: 0xffffffff })
  const properties = fc.record(
    {
      sessionExpiry: uint32,
      receiveMaximum: uint16,
      maximumPacketSize: uint32,
      assignedClientId: anyText,
      topicAliasMaximum: uint16,
      serverKeepAlive: uint16,
      reasonString: anyText,
    },
    { requiredKeys: [] },
  )
  const inMqttPacket: Record<string, string> = {
    sessionExpiry: "sessionExpiryInterval",
    assignedClientId: "assignedClientIdentifier",
  }
  fc.assert(
    fc.property(properties, fc.boolean(), fc.constantFrom(0, 0x87, 0x89), (fields, present, reason) => {
      const connack = read(connackFrame(5, present, reason, fields), 5)
      const expected = Object.fromEntries(
        Object.entries(fields).map(([key, value]) => [inMqttPacket[key] ?? key, value]),
      )
      assert.deepEqual(picked(connack, "cmd", "sessionPresent", "reasonCode"), [
        "connack",
        present && reason === 0,
        reason,
      ])
      assert.deepEqual(connack.properties, expected)
      const disconnect = read(disconnectFrame(reason, fields.reasonString), 5)
      assert.deepEqual(picked(disconnect, "cmd", "reasonCode"), ["disconnect", reason])
      assert.equal((disconnect.properties as { reasonString?: string }).reasonString, fields.reasonString)
    }),
  )
})
