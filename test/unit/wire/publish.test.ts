import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import type { Version } from "../../../service/broker/wire/packet.ts"
import { Reason } from "../../../service/broker/wire/reason.ts"
import { type Call, callsOf, established, hex, packet, properties, refusalOf, text } from "./recording-sink.ts"

const { malformedPacket, protocolError, topicAliasInvalid, payloadFormatInvalid } = Reason
const payload = Buffer.from("21.5")
const none = properties()

function carried(raw: string, messageExpiryInterval?: number): object {
  return { raw: hex(raw), messageExpiryInterval }
}

const accepted: [name: string, version: Version, bytes: Buffer, expected: Call][] = [
  ["QoS 0 in 3.1", 3, packet(0x30, text("a/b"), payload), ["a/b", payload, 0, false, false, 0, undefined, undefined]],
  ["QoS 0 in 3.1.1", 4, packet(0x30, text("a/b"), payload), ["a/b", payload, 0, false, false, 0, undefined, undefined]],
  [
    "QoS 0 in 5",
    5,
    packet(0x30, text("a/b"), none, payload),
    ["a/b", payload, 0, false, false, 0, undefined, undefined],
  ],
  ["QoS 1", 4, packet(0x32, text("a"), "0001", payload), ["a", payload, 1, false, false, 1, undefined, undefined]],
  [
    "QoS 2 in 5",
    5,
    packet(0x34, text("a"), "ffff", none, payload),
    ["a", payload, 2, false, false, 65535, undefined, undefined],
  ],
  ["retained", 4, packet(0x31, text("a"), payload), ["a", payload, 0, true, false, 0, undefined, undefined]],
  [
    "sent again, retained",
    4,
    packet(0x3b, text("a"), "0100", payload),
    ["a", payload, 1, true, true, 256, undefined, undefined],
  ],
  [
    "an empty payload (3.3.3)",
    4,
    packet(0x31, text("a")),
    ["a", Buffer.alloc(0), 0, true, false, 0, undefined, undefined],
  ],
  [
    "an empty payload in 5",
    5,
    packet(0x30, text("a"), none),
    ["a", Buffer.alloc(0), 0, false, false, 0, undefined, undefined],
  ],
  [
    "a topic with spaces, beyond ASCII and empty levels (4.7.3)",
    4,
    packet(0x30, text("/ü 😀//")),
    ["/ü 😀//", Buffer.alloc(0), 0, false, false, 0, undefined, undefined],
  ],
  [
    "a topic of 65,535 bytes (4.7.3)",
    4,
    packet(0x30, text("x".repeat(65535))),
    ["x".repeat(65535), Buffer.alloc(0), 0, false, false, 0, undefined, undefined],
  ],
  [
    "a topic named like a member of Object.prototype",
    5,
    packet(0x30, text("__proto__"), none),
    ["__proto__", Buffer.alloc(0), 0, false, false, 0, undefined, undefined],
  ],
  [
    "a topic alias alone (3.3.2.3.4)",
    5,
    packet(0x30, text(""), properties("23 0001"), payload),
    ["", payload, 0, false, false, 0, undefined, 1],
  ],
  [
    "a topic alias with its topic",
    5,
    packet(0x30, text("a"), properties("23 ffff"), payload),
    ["a", payload, 0, false, false, 0, undefined, 65535],
  ],
  [
    "an expiry alone",
    5,
    packet(0x30, text("a"), properties("02 0000000a"), payload),
    ["a", payload, 0, false, false, 0, carried("", 10), undefined],
  ],
  [
    "an expiry of 0",
    5,
    packet(0x30, text("a"), properties("02 00000000"), payload),
    ["a", payload, 0, false, false, 0, carried("", 0), undefined],
  ],
  [
    "the order of properties is kept, without alias and expiry [MQTT-3.3.2-17, -18]",
    5,
    packet(
      0x30,
      text("a"),
      properties("26 0001 62 0000", "23 0007", "26 0001 61 0001 31", "02 ffffffff", "26 0001 62 0000 01 00"),
      payload,
    ),
    [
      "a",
      payload,
      0,
      false,
      false,
      0,
      carried("26 0001 62 0000 26 0001 61 0001 31 26 0001 62 0000 01 00", 0xffffffff),
      7,
    ],
  ],
  [
    "every property of a message",
    5,
    packet(0x32, text("a"), "0005", properties("01 01 03 0001 74 08 0001 72 09 0002 00ff 26 0000 0000"), payload),
    ["a", payload, 1, false, false, 5, carried("01 01 03 0001 74 08 0001 72 09 0002 00ff 26 0000 0000"), undefined],
  ],
  [
    "a response topic with a topic alias behind it, whose identifier looks like a wildcard",
    5,
    packet(0x30, text("a"), properties("08 0001 72 23 0001"), payload),
    ["a", payload, 0, false, false, 0, carried("08 0001 72"), 1],
  ],
  [
    "properties of over 64 bytes",
    5,
    packet(0x30, text("a"), properties("23 0001", "09 0100", Buffer.alloc(256, 7)), payload),
    ["a", payload, 0, false, false, 0, carried(`09 0100${"07".repeat(256)}`), 1],
  ],
]

for (const [name, version, bytes, expected] of accepted) {
  test(`PUBLISH is read: ${name}`, () => {
    assert.deepEqual(callsOf(version, bytes), [["publish", ...expected]])
  })
}

const refused: [name: string, version: Version, bytes: Buffer, reason: number][] = [
  ["QoS 3 [MQTT-3.3.1-4]", 4, packet(0x36, text("a"), "0001"), malformedPacket],
  ["QoS 3 in 5 [MQTT-3.3.1-4]", 5, packet(0x37, text("a"), "0001", none), malformedPacket],
  ["DUP with QoS 0 [MQTT-3.3.1-2]", 4, packet(0x38, text("a")), malformedPacket],
  ["DUP with QoS 0 in 5 [MQTT-3.3.1-2]", 5, packet(0x39, text("a"), none), malformedPacket],
  ["packet identifier 0 in 3.1.1 [MQTT-2.3.1-1]", 4, packet(0x32, text("a"), "0000"), protocolError],
  ["packet identifier 0 in 5 [MQTT-2.2.1-3]", 5, packet(0x34, text("a"), "0000", none), protocolError],
  ["an empty topic in 3.1.1 [MQTT-4.7.3-1]", 4, packet(0x30, text(""), payload), malformedPacket],
  ["neither topic nor alias in 5 (3.3.2.1)", 5, packet(0x30, text(""), none), protocolError],
  ["neither topic nor alias beside other properties", 5, packet(0x30, text(""), properties("01 00")), protocolError],
  ["a wildcard # in the topic [MQTT-3.3.2-2]", 4, packet(0x30, text("a/#")), malformedPacket],
  ["a wildcard + in the topic [MQTT-3.3.2-2]", 5, packet(0x30, text("a/+/b"), none), malformedPacket],
  ["a wildcard in a topic beyond ASCII [MQTT-3.3.2-2]", 5, packet(0x30, text("ü+"), none), malformedPacket],
  ["a wildcard in a long topic [MQTT-3.3.2-2]", 5, packet(0x30, text(`${"x".repeat(100)}#`), none), malformedPacket],
  ["topic alias 0 [MQTT-3.3.2-8]", 5, packet(0x30, text("a"), properties("23 0000")), topicAliasInvalid],
  ["a subscription identifier [MQTT-3.3.4-6]", 5, packet(0x30, text("a"), properties("0b 01")), protocolError],
  [
    "a payload that is not the UTF-8 it says (3.3.2.3.2)",
    5,
    packet(0x30, text("a"), properties("01 01"), "c3"),
    payloadFormatInvalid,
  ],
  ["an empty response topic [MQTT-4.7.3-1]", 5, packet(0x30, text("a"), properties("08 0000")), protocolError],
  [
    "a wildcard in the response topic [MQTT-3.3.2-14]",
    5,
    packet(0x30, text("a"), properties("08 0003 612f2b")),
    protocolError,
  ],
  ["a topic cut short", 4, hex("30 03 0002 61"), malformedPacket],
  ["a topic's length cut short", 4, hex("30 01 00"), malformedPacket],
  ["an empty packet", 4, hex("30 00"), malformedPacket],
  ["no packet identifier", 4, packet(0x32, text("a")), malformedPacket],
  ["half a packet identifier", 4, packet(0x32, text("a"), "01"), malformedPacket],
  ["no properties in 5 [MQTT-2.2.2-1]", 5, packet(0x30, text("a")), malformedPacket],
  [
    "no properties in 5, but a 0 behind the packet",
    5,
    Buffer.concat([packet(0x30, text("a")), hex("00")]),
    malformedPacket,
  ],
  ["properties longer than the packet", 5, packet(0x30, text("a"), "05 01 00"), malformedPacket],
  ["a property longer than the properties", 5, packet(0x30, text("a"), "03 03 0005 616263 6465"), malformedPacket],
]

for (const [name, version, bytes, reason] of refused) {
  test(`PUBLISH is refused: ${name}`, () => {
    const subject = established(version)
    assert.equal(refusalOf(subject, bytes), reason)
    assert.deepEqual(subject.sink.calls, [])
  })
}

test("a payload of bytes is no concern of a format indicator of 0", () => {
  assert.equal(callsOf(5, packet(0x30, text("a"), properties("01 00"), "ff")).length, 1)
})

test("topic names that repeat, collide and change are never mixed up", () => {
  const name = fc.string({ unit: fc.constantFrom("a", "b", "i", "q", "ü"), minLength: 1, maxLength: 4 })
  const long = fc.integer({ min: 60, max: 70 }).map((size) => "x".repeat(size))
  fc.assert(
    fc.property(fc.array(fc.oneof(name, name, long), { minLength: 50, maxLength: 200 }), (names) => {
      const { sink, decoder } = established(4)
      const chunk = Buffer.concat(names.map((name) => packet(0x30, text(name))))
      decoder.push(Buffer.from(chunk))
      decoder.push(chunk)
      chunk.fill(0)
      assert.deepEqual(
        sink.calls.map((call) => call[1]),
        [...names, ...names],
      )
    }),
    { numRuns: 200 },
  )
})

test("a topic that was refused is not taken for read", () => {
  const good = "a".repeat(10)
  const { sink, decoder } = established(4)
  decoder.push(packet(0x30, text(good)))
  assert.equal(refusalOf({ sink, decoder }, packet(0x30, text("aaaaa#aaaa"))), malformedPacket)
})

test("properties are a copy, which the chunk's next use does not touch", () => {
  for (const first of [0x30, 0x31]) {
    const { sink, decoder } = established(5)
    const chunk = packet(first, text("a"), properties("03 0050", Buffer.alloc(80, 1)))
    decoder.push(chunk)
    chunk.fill(0)
    assert.deepEqual(sink.calls[0]?.[7], carried(`03 0050${"01".repeat(80)}`))
  }
})
