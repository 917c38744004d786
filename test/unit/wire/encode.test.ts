import assert from "node:assert/strict"
import { test } from "node:test"
import {
  acknowledgeFrame,
  connackFrame,
  disconnectFrame,
  type FrameSlot,
  PINGRESP,
  publishFrame,
  sharedPublishFrame,
  subackFrame,
  unsubackFrame,
} from "../../../service/broker/wire/encode.ts"
import { Reason } from "../../../service/broker/wire/reason.ts"
import { messageProperties } from "../../../service/broker/wire/write-properties.ts"
import { hex } from "./recording-sink.ts"

const message = { topic: "a/b", payload: Buffer.from("hi"), properties: undefined, expiresAt: undefined }
const rich = {
  topic: "t",
  payload: Buffer.from("p"),
  properties: { raw: hex("26 0001 61 0001 62"), messageExpiryInterval: 10 },
  expiresAt: 20_000,
}

const publishes: [name: string, frame: { bytes: Buffer; packetIdAt: number }, bytes: string, packetIdAt: number][] = [
  ["QoS 0 in 3.1.1", publishFrame(message, false, 0, false, 0, undefined, 0, true), "30 07 0003 612f62 6869", 0],
  ["QoS 0 in 5", publishFrame(message, true, 0, true, 0, undefined, 0, true), "31 08 0003 612f62 00 6869", 0],
  ["the older versions get no properties", publishFrame(rich, false, 0, false, 0, [1], 0, true), "30 04 0001 74 70", 0],
  [
    "properties, then the expiry that remains",
    publishFrame(rich, true, 0, false, 10_000, undefined, 0, true),
    "30 11 0001 74 0c 26 0001 61 0001 62 02 0000000a 70",
    0,
  ],
  [
    "the expiry is rounded up",
    publishFrame(rich, true, 0, false, 18_001, undefined, 0, true),
    "30 11 0001 74 0c 26 0001 61 0001 62 02 00000002 70",
    0,
  ],
  [
    "the expiry is at least 1 [MQTT-3.3.2-6]",
    publishFrame(rich, true, 0, false, 99_000, undefined, 0, true),
    "30 11 0001 74 0c 26 0001 61 0001 62 02 00000001 70",
    0,
  ],
  [
    "all subscription identifiers [MQTT-3.3.4-3]",
    publishFrame(message, true, 0, false, 0, [1, 128, 268_435_455], 0, true),
    "30 12 0003 612f62 0a 0b 01 0b 8001 0b ffffff7f 6869",
    0,
  ],
  [
    "a topic alias with its topic",
    publishFrame(message, true, 0, false, 0, undefined, 258, true),
    "30 0b 0003 612f62 03 23 0102 6869",
    0,
  ],
  [
    "a topic alias alone",
    publishFrame(message, true, 0, false, 0, undefined, 1, false),
    "30 08 0000 03 23 0001 6869",
    0,
  ],
]

for (const [name, frame, bytes, packetIdAt] of publishes) {
  test(`PUBLISH: ${name}`, () => {
    assert.equal(frame.bytes.toString("hex"), bytes.replaceAll(" ", ""))
    assert.equal(frame.packetIdAt, packetIdAt)
  })
}

test("PUBLISH at QoS 1 and 2 leaves room for the packet identifier behind the topic", () => {
  for (const version5 of [false, true]) {
    for (const qos of [1, 2] as const) {
      const { bytes, packetIdAt } = publishFrame(message, version5, qos, false, 0, undefined, 0, true)
      bytes.writeUInt16BE(0x1234, packetIdAt)
      const [first, length] = [["32", "34"][qos - 1], version5 ? "0a" : "09"]
      assert.equal(bytes.toString("hex"), `${first}${length}0003612f621234${version5 ? "00" : ""}6869`)
    }
  }
})

test("PUBLISH with a topic beyond ASCII and lengths of every size", () => {
  for (const size of [0, 100, 127, 128, 16383, 16384, 2_097_151, 2_097_152]) {
    const { bytes } = publishFrame(
      { ...message, topic: "ü", payload: Buffer.alloc(size, 9) },
      false,
      0,
      false,
      0,
      undefined,
      0,
      true,
    )
    assert.equal(bytes.subarray(-size - 4, bytes.length - size).toString("hex"), "0002c3bc")
    assert.ok(bytes.subarray(bytes.length - size).every((byte) => byte === 9))
  }
  const tooLong = { ...message, topic: "ü".repeat(32768) }
  assert.throws(() => publishFrame(tooLong, false, 0, false, 0, undefined, 0, true), RangeError)
})

test("a shared frame is encoded once per version, QoS, retain flag and remaining second", () => {
  const slot: FrameSlot = { key: -1, frame: undefined }
  const first = sharedPublishFrame(rich, slot, true, 1, false, 10_000)
  assert.equal(sharedPublishFrame(rich, slot, true, 1, false, 10_500), first)
  const variants = [
    sharedPublishFrame(rich, slot, true, 1, true, 10_000),
    sharedPublishFrame(rich, slot, true, 2, true, 10_000),
    sharedPublishFrame(rich, slot, false, 2, true, 10_000),
    sharedPublishFrame(rich, slot, true, 2, true, 11_000),
  ]
  assert.equal(new Set([first, ...variants]).size, 5)
  assert.notEqual(sharedPublishFrame(rich, slot, true, 2, true, 12_000), variants[3], "a stale expiry is not served")
  const older = sharedPublishFrame(rich, slot, false, 0, false, 10_000)
  assert.equal(sharedPublishFrame(rich, slot, false, 0, false, 15_000), older, "3.1.1 carries no expiry")
})

test("acknowledgements are constants with the packet identifier at offset 2", () => {
  const firsts = { 4: "40", 5: "50", 6: "62", 7: "70" } as const
  for (const type of [4, 5, 6, 7] as const) {
    const plain = `${firsts[type]}020000`
    assert.equal(acknowledgeFrame(type, 0, true).toString("hex"), plain)
    assert.equal(acknowledgeFrame(type, 0x92, false).toString("hex"), plain, "3.1.1 carries no reason")
    assert.equal(acknowledgeFrame(type, 0x92, true).toString("hex"), `${firsts[type]}03000092`)
    assert.equal(acknowledgeFrame(type, 0x92, true), acknowledgeFrame(type, 0x92, true))
  }
})

const frames: [name: string, frame: Buffer, bytes: string][] = [
  ["PINGRESP", PINGRESP, "d0 00"],
  ["SUBACK in 3.1.1", subackFrame(0x1234, [0, 1, 2, 0x80], false), "90 06 1234 00 01 02 80"],
  ["SUBACK in 3.1.1 knows only one refusal [MQTT-3.9.3-2]", subackFrame(1, [0x87], false), "90 03 0001 80"],
  ["SUBACK in 5", subackFrame(1, [2, 0x87], true), "90 05 0001 00 02 87"],
  ["UNSUBACK in 3.1.1 [MQTT-3.10.4-5]", unsubackFrame(1, [0, 0x11], false), "b0 02 0001"],
  ["UNSUBACK in 5", unsubackFrame(1, [0, 0x11], true), "b0 05 0001 00 00 11"],
  ["CONNACK in 3.1", connackFrame(3, true, 0), "20 02 00 00"],
  ["CONNACK in 3.1.1", connackFrame(4, true, 0), "20 02 01 00"],
  ["CONNACK in 3.1.1 that refuses [MQTT-3.2.2-4]", connackFrame(4, true, Reason.notAuthorized), "20 02 00 05"],
  [
    "CONNACK in 3.1.1 to another version [MQTT-3.1.2-2]",
    connackFrame(4, false, Reason.unsupportedProtocolVersion),
    "20 02 00 01",
  ],
  ["no CONNACK where 3.1.1 has no return code", connackFrame(4, false, Reason.malformedPacket), ""],
  ["no CONNACK where 3.1 has no return code", connackFrame(3, false, Reason.protocolError), ""],
  ["CONNACK in 5", connackFrame(5, true, 0), "20 03 01 00 00"],
  ["CONNACK in 5 that refuses [MQTT-3.2.2-6]", connackFrame(5, true, 0x87), "20 03 00 87 00"],
  [
    "CONNACK in 5 with properties",
    connackFrame(5, false, 0, {
      sessionExpiry: 0xffffffff,
      receiveMaximum: 20,
      maximumPacketSize: 1 << 20,
      assignedClientId: "ü",
      topicAliasMaximum: 0,
      serverKeepAlive: 60,
    }),
    "20 1b 00 00 18 11 ffffffff 21 0014 27 00100000 12 0002 c3bc 22 0000 13 003c",
  ],
  ["CONNACK in 5 with a reason", connackFrame(5, false, 0x87, { reasonString: "no" }), "20 08 00 87 05 1f 0002 6e6f"],
  [
    "a reason that does not fit is left out [MQTT-3.2.2-19]",
    connackFrame(5, false, 0x87, { reasonString: "no" }, 9),
    "20 03 00 87 00",
  ],
  ["a reason that just fits", connackFrame(5, false, 0x87, { reasonString: "no" }, 10), "20 08 00 87 05 1f 0002 6e6f"],
  ["DISCONNECT", disconnectFrame(0x8e), "e0 01 8e"],
  ["DISCONNECT with a reason", disconnectFrame(0x8e, "x"), "e0 06 8e 04 1f 0001 78"],
  ["DISCONNECT with the reason that just fits", disconnectFrame(0x8e, "x", 8), "e0 06 8e 04 1f 0001 78"],
  ["DISCONNECT without the reason that does not fit [MQTT-3.14.2-3]", disconnectFrame(0x8e, "x", 7), "e0 01 8e"],
]

for (const [name, frame, bytes] of frames) {
  test(name, () => assert.equal(frame.toString("hex"), bytes.replaceAll(" ", "")))
}

test("every refusal an older client gets is one: its CONNACK is absent or not 0", () => {
  for (const version of [3, 4] as const) {
    for (const reason of Object.values(Reason)) {
      if (reason !== 0) assert.notEqual(connackFrame(version, false, reason)[3], 0)
    }
  }
})

test("the properties of in-process publishers take the form that travels on", () => {
  assert.equal(messageProperties({}), undefined)
  assert.deepEqual(messageProperties({ messageExpiryInterval: 5 }), { raw: Buffer.alloc(0), messageExpiryInterval: 5 })
  const named = {
    payloadFormatIndicator: true,
    contentType: "",
    responseTopic: "r",
    correlationData: hex("ff"),
    userProperties: { a: "1", b: ["2", "3"] },
  }
  const raw = "01 01 03 0000 08 0001 72 09 0001 ff 26 0001 61 0001 31 26 0001 62 0001 32 26 0001 62 0001 33"
  assert.deepEqual(messageProperties(named), { raw: hex(raw), messageExpiryInterval: undefined })
  assert.throws(() => messageProperties({ contentType: "x".repeat(65536) }), RangeError)
  assert.throws(() => messageProperties({ correlationData: Buffer.alloc(65536) }), RangeError)
})
