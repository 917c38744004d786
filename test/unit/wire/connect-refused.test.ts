import assert from "node:assert/strict"
import { test } from "node:test"
import { Reason } from "../../../service/broker/wire/reason.ts"
import { fresh, hex, packet, properties, refusalOf, text } from "./recording-sink.ts"

const names = { 3: text("MQIsdp"), 4: text("MQTT"), 5: text("MQTT") }
const none = properties()

/** A CONNECT of that version with these flags and the payload behind the keep alive of 60 s. */
function connect(version: 3 | 4 | 5, flags: string, ...rest: (string | Buffer)[]): Buffer {
  return packet(0x10, names[version], Buffer.from([version]), flags, "003c", ...rest)
}

const { malformedPacket, protocolError, unsupportedProtocolVersion, clientIdentifierNotValid } = Reason

const refused: [name: string, bytes: Buffer, reason: number, answerIn: number][] = [
  [
    "another protocol name, left without an answer [MQTT-3.1.2-1]",
    packet(0x10, text("HTTP"), "04 02 003c", text("c")),
    malformedPacket,
    0,
  ],
  ["MQIsdp in small letters", packet(0x10, text("mqisdp"), "03 02 003c", text("c")), malformedPacket, 0],
  [
    "MQTT with level 3 [MQTT-3.1.2-2]",
    packet(0x10, text("MQTT"), "03 02 003c", text("c")),
    unsupportedProtocolVersion,
    4,
  ],
  ["MQTT with level 0", packet(0x10, text("MQTT"), "00 02 003c", text("c")), unsupportedProtocolVersion, 4],
  ["MQTT with level 6", packet(0x10, text("MQTT"), "06 02 003c 00", text("c")), unsupportedProtocolVersion, 5],
  ["MQIsdp with level 4", packet(0x10, text("MQIsdp"), "04 02 003c", text("c")), unsupportedProtocolVersion, 3],
  ["MQIsdp with level 5", packet(0x10, text("MQIsdp"), "05 02 003c 00", text("c")), unsupportedProtocolVersion, 3],
  [
    "the level of a Mosquitto bridge to 3.1.1",
    packet(0x10, text("MQTT"), "84 02 003c", text("c")),
    unsupportedProtocolVersion,
    4,
  ],
  [
    "the level of a Mosquitto bridge to 3.1",
    packet(0x10, text("MQIsdp"), "83 02 003c", text("c")),
    unsupportedProtocolVersion,
    3,
  ],
  ["no protocol level", packet(0x10, text("MQTT")), malformedPacket, 0],
  ["an empty packet", packet(0x10), malformedPacket, 0],
  ["an empty client identifier in 3.1", connect(3, "02", text("")), clientIdentifierNotValid, 3],
  [
    "an empty client identifier for a stored session in 3.1.1 [MQTT-3.1.3-8]",
    connect(4, "00", text("")),
    clientIdentifierNotValid,
    4,
  ],
  ["the reserved connect flag in 3.1.1 [MQTT-3.1.2-3]", connect(4, "03", text("c")), malformedPacket, 4],
  ["the reserved connect flag in 5 [MQTT-3.1.2-3]", connect(5, "03", none, text("c")), malformedPacket, 5],
  ["header flags in 3.1.1 [MQTT-2.2.2-1]", packet(0x12, names[4], "04 02 003c", text("c")), malformedPacket, 4],
  ["header flags in 5 [MQTT-2.1.3-1]", packet(0x11, names[5], "05 02 003c 00", text("c")), malformedPacket, 5],
  ["will QoS 3 [MQTT-3.1.2-12]", connect(5, "1e", none, text("c"), none, text("w"), text("")), malformedPacket, 5],
  ["will QoS 3 in 3.1.1 [MQTT-3.1.2-14]", connect(4, "1e", text("c"), text("w"), text("")), malformedPacket, 4],
  ["will QoS without a will [MQTT-3.1.2-11]", connect(5, "0a", none, text("c")), malformedPacket, 5],
  ["will retain without a will [MQTT-3.1.2-13]", connect(4, "22", text("c")), malformedPacket, 4],
  [
    "a password without a user name in 3.1.1 [MQTT-3.1.2-22]",
    connect(4, "42", text("c"), text("p")),
    malformedPacket,
    4,
  ],
  ["a password without a user name in 3.1", connect(3, "42", text("c"), text("p")), malformedPacket, 3],
  ["a user name whose flag is off [MQTT-3.1.2-16]", connect(4, "02", text("c"), text("u")), malformedPacket, 4],
  [
    "a password whose flag is off [MQTT-3.1.2-18]",
    connect(5, "82", none, text("c"), text("u"), text("p")),
    malformedPacket,
    5,
  ],
  ["no user name though its flag is on [MQTT-3.1.2-17]", connect(4, "82", text("c")), malformedPacket, 4],
  [
    "no password though its flag is on [MQTT-3.1.2-19]",
    connect(5, "c2", none, text("c"), text("u")),
    malformedPacket,
    5,
  ],
  ["half a user name in 3.1", connect(3, "82", text("c"), "0002 61"), malformedPacket, 3],
  ["no will though its flag is on [MQTT-3.1.2-9]", connect(4, "06", text("c")), malformedPacket, 4],
  ["excess bytes", connect(4, "02", text("c"), "00"), malformedPacket, 4],
  ["a client identifier cut short", connect(4, "02", "0005 61"), malformedPacket, 4],
  ["no properties in 5 [MQTT-2.2.2-1]", packet(0x10, names[5], "05 02 003c"), malformedPacket, 5],
  ["an empty will topic [MQTT-4.7.3-1]", connect(4, "06", text("c"), text(""), text("")), malformedPacket, 4],
  [
    "a wildcard in the will topic [MQTT-4.7.0-1]",
    connect(5, "06", none, text("c"), none, text("a/#"), text("")),
    malformedPacket,
    5,
  ],
  [
    "a plus in the will topic [MQTT-4.7.0-1]",
    connect(5, "06", none, text("c"), none, text("+"), text("")),
    malformedPacket,
    5,
  ],
  [
    "a will payload that is not the UTF-8 it says (3.1.3.2.3)",
    connect(5, "06", none, text("c"), properties("01 01"), text("w"), text(hex("ff"))),
    Reason.payloadFormatInvalid,
    5,
  ],
  [
    "authentication data without a method (3.1.2.11.10)",
    connect(5, "02", properties("16 0001 64"), text("c")),
    protocolError,
    5,
  ],
  [
    "an over-long remaining length in 5 [MQTT-1.5.5-1]",
    hex("10 8e00 0004 4d515454 05 02 003c 00 0001 61"),
    malformedPacket,
    5,
  ],
]

for (const [name, bytes, reason, answerIn] of refused) {
  test(`CONNECT is refused: ${name}`, () => {
    const subject = fresh()
    assert.equal(refusalOf(subject, bytes), reason)
    assert.equal(subject.decoder.version, answerIn)
    assert.deepEqual(subject.sink.calls, [])
  })
}

test("the first packet must be CONNECT [MQTT-3.1.0-1], told by its first byte", () => {
  for (let first = 0; first < 256; first++) {
    if (first >> 4 !== 1) assert.equal(refusalOf(fresh(), Buffer.from([first])), protocolError)
  }
})
