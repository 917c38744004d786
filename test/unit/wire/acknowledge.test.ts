import assert from "node:assert/strict"
import { test } from "node:test"
import type { Version } from "../../../service/broker/wire/packet.ts"
import { Reason } from "../../../service/broker/wire/reason.ts"
import { type Call, callsOf, established, hex, packet, properties, refusalOf, text } from "./recording-sink.ts"

const { malformedPacket, protocolError } = Reason
const firsts = { 4: 0x40, 5: 0x50, 6: 0x62, 7: 0x70 } as const
const types = [4, 5, 6, 7] as const
const method = text("m")

test("every acknowledgement is read in every version", () => {
  for (const version of [3, 4, 5] as const) {
    for (const type of types) {
      assert.deepEqual(callsOf(version, packet(firsts[type], "1234")), [["acknowledge", type, 0x1234, 0]])
    }
  }
  assert.deepEqual(callsOf(3, hex("6a 02 0001")), [["acknowledge", 6, 1, 0]], "3.1 sends PUBREL again with DUP")
})

test("MQTT 5: an acknowledgement may have a reason code, and properties behind it (3.4.2)", () => {
  for (const type of types) {
    const reason = type < 6 ? "10" : "92"
    const expected = [["acknowledge", type, 1, Number.parseInt(reason, 16)]]
    assert.deepEqual(callsOf(5, packet(firsts[type], "0001", reason)), expected)
    assert.deepEqual(callsOf(5, packet(firsts[type], "0001", reason, properties())), expected)
    const explained = properties("1f 0001 78", "26 0001 61 0001 62", "26 0001 61 0001 62")
    assert.deepEqual(callsOf(5, packet(firsts[type], "0001", reason, explained)), expected)
  }
})

test("MQTT 5: only the reason codes of the packet's table are allowed [MQTT-3.4.2-1, 3.5.2-1, 3.6.2-1, 3.7.2-1]", () => {
  const received = [0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]
  const tables = { 4: received, 5: received, 6: [0, 0x92], 7: [0, 0x92] }
  for (const type of types) {
    for (let reason = 0; reason < 256; reason++) {
      const subject = established(5)
      const bytes = packet(firsts[type], "0001", Buffer.from([reason]))
      if (!tables[type].includes(reason)) assert.equal(refusalOf(subject, bytes), protocolError, `${type} ${reason}`)
      else subject.decoder.push(bytes)
    }
  }
})

test("DISCONNECT of MQTT 5: only the reason codes a client may send [MQTT-3.14.2-1]", () => {
  const table = [0, 4, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99]
  for (let reason = 0; reason < 256; reason++) {
    const subject = established(5)
    const bytes = packet(0xe0, Buffer.from([reason]))
    if (!table.includes(reason)) assert.equal(refusalOf(subject, bytes), protocolError, `${reason}`)
    else subject.decoder.push(bytes)
  }
})

const accepted: [name: string, version: Version, bytes: Buffer, expected: Call][] = [
  ["PINGREQ in 3.1", 3, hex("c0 00"), ["ping"]],
  ["PINGREQ in 3.1.1", 4, hex("c0 00"), ["ping"]],
  ["PINGREQ in 5", 5, hex("c0 00"), ["ping"]],
  ["DISCONNECT in 3.1", 3, hex("e0 00"), ["disconnect", 0, undefined]],
  ["DISCONNECT in 3.1.1", 4, hex("e0 00"), ["disconnect", 0, undefined]],
  ["DISCONNECT in 5 (3.14.2.1)", 5, hex("e0 00"), ["disconnect", 0, undefined]],
  ["DISCONNECT with a reason", 5, hex("e0 01 04"), ["disconnect", 4, undefined]],
  ["DISCONNECT with empty properties", 5, hex("e0 02 04 00"), ["disconnect", 4, undefined]],
  [
    "DISCONNECT with properties",
    5,
    packet(0xe0, "00", properties("11 0000000a 1f 0001 78 26 0000 0000")),
    ["disconnect", 0, 10],
  ],
  ["DISCONNECT with a session expiry of 0", 5, packet(0xe0, "00", properties("11 00000000")), ["disconnect", 0, 0]],
  ["AUTH that continues", 5, packet(0xf0, "18", properties("15", method, "16 0001 64 1f 0000")), ["auth", 0x18]],
  ["AUTH that starts anew", 5, packet(0xf0, "19", properties("15", method)), ["auth", 0x19]],
]

for (const [name, version, bytes, expected] of accepted) {
  test(`${name} is read`, () => assert.deepEqual(callsOf(version, bytes), [expected]))
}

const refused: [name: string, version: Version, bytes: Buffer, reason: number][] = [
  ["PUBACK with packet identifier 0", 4, hex("40 02 0000"), protocolError],
  ["PUBREL with packet identifier 0 in 5", 5, hex("62 02 0000"), protocolError],
  ["PUBACK without a packet identifier", 4, hex("40 00"), malformedPacket],
  ["PUBCOMP with half a packet identifier", 5, hex("70 01 00"), malformedPacket],
  ["PUBACK with a reason code in 3.1.1", 4, hex("40 03 0001 00"), malformedPacket],
  ["PUBREC with a reason code in 3.1", 3, hex("50 03 0001 00"), malformedPacket],
  ["PUBACK with excess bytes in 5", 5, hex("40 05 0001 00 00 00"), malformedPacket],
  ["PUBACK with properties cut short", 5, hex("40 05 0001 00 05 1f"), malformedPacket],
  [
    "PUBACK with two reason strings (3.4.2.2.2)",
    5,
    packet(0x40, "0001 00", properties("1f 0000 1f 0000")),
    protocolError,
  ],
  ["PINGREQ with a body", 4, hex("c0 01 00"), malformedPacket],
  ["PINGREQ with a body in 5", 5, hex("c0 01 00"), malformedPacket],
  ["DISCONNECT with a body in 3.1", 3, hex("e0 01 00"), malformedPacket],
  ["DISCONNECT with a body in 3.1.1", 4, hex("e0 01 00"), malformedPacket],
  ["DISCONNECT with excess bytes in 5", 5, hex("e0 03 00 00 00"), malformedPacket],
  [
    "DISCONNECT with two session expiries (3.14.2.2.2)",
    5,
    packet(0xe0, "00", properties("11 00000001 11 00000001")),
    protocolError,
  ],
  ["DISCONNECT with a server reference (3.14.2.2.5)", 5, packet(0xe0, "00", properties("1c 0001 78")), protocolError],
  ["AUTH in 3.1.1", 4, hex("f0 00"), malformedPacket],
  ["AUTH in 3.1", 3, hex("f0 00"), malformedPacket],
  [
    "AUTH with success, which is the server's (table 3-11)",
    5,
    packet(0xf0, "00", properties("15", method)),
    protocolError,
  ],
  ["AUTH without a body, which means success (3.15.2.1)", 5, hex("f0 00"), protocolError],
  ["AUTH with an unknown reason code", 5, packet(0xf0, "17", properties("15", method)), protocolError],
  ["AUTH without properties", 5, hex("f0 01 18"), protocolError],
  ["AUTH without a method (3.15.2.2.2)", 5, packet(0xf0, "18", properties()), protocolError],
  ["AUTH with data but no method (3.15.2.2.3)", 5, packet(0xf0, "18", properties("16 0001 64")), protocolError],
  ["AUTH with excess bytes", 5, packet(0xf0, "18", properties("15", method), "00"), malformedPacket],
]

for (const [name, version, bytes, reason] of refused) {
  test(`refused: ${name}`, () => {
    const subject = established(version)
    assert.equal(refusalOf(subject, bytes), reason)
    assert.deepEqual(subject.sink.calls, [])
  })
}
