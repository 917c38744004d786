import assert from "node:assert/strict"
import { test } from "node:test"
import { Reason } from "../../../service/broker/wire/reason.ts"
import { established, fresh, packet, properties, refusalOf, type Subject, text } from "./recording-sink.ts"

const { malformedPacket, protocolError, topicAliasInvalid } = Reason
const one = text("a")

/** A packet that a client may send, with the given properties in one place of it. */
const places: Record<string, (...parts: string[]) => [Subject, Buffer]> = {
  connect: (...parts) => [fresh(), packet(0x10, text("MQTT"), "05 02 003c", properties(...parts), one)],
  will: (...parts) => [fresh(), packet(0x10, text("MQTT"), "05 06 003c 00", one, properties(...parts), one, one)],
  publish: (...parts) => [established(5), packet(0x30, one, properties(...parts))],
  puback: (...parts) => [established(5), packet(0x40, "0001 00", properties(...parts))],
  pubrec: (...parts) => [established(5), packet(0x50, "0001 00", properties(...parts))],
  pubrel: (...parts) => [established(5), packet(0x62, "0001 00", properties(...parts))],
  pubcomp: (...parts) => [established(5), packet(0x70, "0001 00", properties(...parts))],
  subscribe: (...parts) => [established(5), packet(0x82, "0001", properties(...parts), one, "00")],
  unsubscribe: (...parts) => [established(5), packet(0xa2, "0001", properties(...parts), one)],
  disconnect: (...parts) => [established(5), packet(0xe0, "00", properties(...parts))],
  auth: (...parts) => [established(5), packet(0xf0, "18", properties("15 0001 6d", ...parts))],
}

const message = ["publish", "will"]
const reasons = ["puback", "pubrec", "pubrel", "pubcomp", "disconnect", "auth"]

/** Table 2-4: a value, where a client may put it, and where only the server may. */
const table: [id: number, name: string, value: string, client: string[], server?: string[]][] = [
  [0x01, "payload format indicator", "00", message],
  [0x02, "message expiry interval", "00000001", message],
  [0x03, "content type", "0001 61", message],
  [0x08, "response topic", "0001 61", message],
  [0x09, "correlation data", "0001 61", message],
  [0x0b, "subscription identifier", "01", ["subscribe"], ["publish"]],
  [0x11, "session expiry interval", "00000001", ["connect", "disconnect"]],
  [0x12, "assigned client identifier", "0001 61", []],
  [0x13, "server keep alive", "0001", []],
  [0x15, "authentication method", "0001 61", ["connect", "auth"]],
  [0x16, "authentication data", "0001 61", ["auth"]],
  [0x17, "request problem information", "01", ["connect"]],
  [0x18, "will delay interval", "00000001", ["will"]],
  [0x19, "request response information", "01", ["connect"]],
  [0x1a, "response information", "0001 61", []],
  [0x1c, "server reference", "0001 61", [], ["disconnect"]],
  [0x1f, "reason string", "0001 61", reasons],
  [0x21, "receive maximum", "0001", ["connect"]],
  [0x22, "topic alias maximum", "0001", ["connect"]],
  [0x23, "topic alias", "0001", ["publish"]],
  [0x24, "maximum QoS", "01", []],
  [0x25, "retain available", "01", []],
  [0x26, "user property", "0001 61 0001 62", Object.keys(places)],
  [0x27, "maximum packet size", "00000001", ["connect"]],
  [0x28, "wildcard subscription available", "01", []],
  [0x29, "subscription identifier available", "01", []],
  [0x2a, "shared subscription available", "01", []],
]

function property(id: number, value: string): string {
  return id.toString(16).padStart(2, "0") + value
}

function make(place: string, ...parts: string[]): [Subject, Buffer] {
  return (places[place] as (typeof places)[string])(...parts)
}

for (const [id, name, value, client, server = []] of table) {
  test(`property ${id}, ${name}, stands where table 2-4 allows a client to put it (2.2.2.2)`, () => {
    for (const place of Object.keys(places)) {
      // The method stands there already; data alone is an error of its own.
      if ((place === "auth" && id === 0x15) || (place === "connect" && id === 0x16)) continue
      const [subject, bytes] = make(place, property(id, value))
      if (client.includes(place)) subject.decoder.push(bytes)
      else assert.equal(refusalOf(subject, bytes), server.includes(place) ? protocolError : malformedPacket, place)
    }
  })

  test(`property ${id}, ${name}, stands there once, unless it is a user property`, () => {
    for (const place of client) {
      const [subject, bytes] = make(place, property(id, value), property(id, value))
      if (id === 0x26) subject.decoder.push(bytes)
      else assert.equal(refusalOf(subject, bytes), protocolError, place)
    }
  })

  test(`property ${id}, ${name}, is malformed when it is cut short`, () => {
    const whole = property(id, value).replaceAll(" ", "")
    for (const place of client) {
      if (place === "auth" && id === 0x15) continue
      for (let size = 2; size < whole.length; size += 2) {
        const [subject, bytes] = make(place, whole.slice(0, size))
        assert.equal(refusalOf(subject, bytes), malformedPacket, place)
      }
    }
  })
}

const ranges: [name: string, place: string, property: string, reason: number][] = [
  ["receive maximum 0 (3.1.2.11.3)", "connect", "21 0000", protocolError],
  ["maximum packet size 0 (3.1.2.11.4)", "connect", "27 00000000", protocolError],
  ["request problem information 2 (3.1.2.11.7)", "connect", "17 02", protocolError],
  ["request response information 255 (3.1.2.11.6)", "connect", "19 ff", protocolError],
  ["payload format indicator 2 (3.3.2.3.2)", "publish", "01 02", protocolError],
  ["payload format indicator 2 of a will (3.1.3.2.3)", "will", "01 02", protocolError],
  ["topic alias 0 [MQTT-3.3.2-8]", "publish", "23 0000", topicAliasInvalid],
  ["subscription identifier 0 (3.8.2.1.2)", "subscribe", "0b 00", protocolError],
  ["an empty response topic of a will [MQTT-4.7.3-1]", "will", "08 0000", protocolError],
  ["a response topic with a wildcard [MQTT-3.3.2-14]", "publish", "08 0002 612b", protocolError],
  ["a response topic with a control character (1.5.4)", "publish", "08 0002 6101", malformedPacket],
  ["authentication data without a method (3.1.2.11.10)", "connect", "16 0001 61", protocolError],
  ["an unknown property (2.2.2.2)", "publish", "2b 00", malformedPacket],
  ["property 0", "publish", "00", malformedPacket],
  ["an identifier of two bytes", "publish", "8101", malformedPacket],
  ["an over-long identifier [MQTT-1.5.5-1]", "publish", "8100 00", malformedPacket],
]

for (const [name, place, parts, reason] of ranges) {
  test(`refused: ${name}`, () => {
    const [subject, bytes] = make(place, parts)
    assert.equal(refusalOf(subject, bytes), reason)
  })
}

test("a packet's properties do not count for the next one", () => {
  const { sink, decoder } = established(5)
  decoder.push(packet(0x30, one, properties("01 01", "23 0001", "02 00000001"), "61"))
  decoder.push(packet(0x30, one, properties("26 0000 0000"), "ff"))
  const [, , , , , , , last, alias] = sink.calls[1] as unknown[]
  assert.deepEqual(
    [last, alias],
    [{ raw: Buffer.from("2600000000", "hex"), messageExpiryInterval: undefined }, undefined],
  )
})
