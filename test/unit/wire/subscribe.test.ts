import assert from "node:assert/strict"
import { test } from "node:test"
import type { Version } from "../../../service/broker/wire/packet.ts"
import { Reason } from "../../../service/broker/wire/reason.ts"
import { type Call, callsOf, established, packet, properties, refusalOf, text } from "./recording-sink.ts"

const { malformedPacket, protocolError } = Reason
const none = properties()

function asked(filter: string, qos = 0, more: object = {}): object {
  return { filter, qos, noLocal: false, retainAsPublished: false, retainHandling: 0, ...more }
}

const accepted: [name: string, version: Version, bytes: Buffer, expected: Call][] = [
  ["SUBSCRIBE in 3.1", 3, packet(0x82, "0001", text("a"), "01"), ["subscribe", 1, [asked("a", 1)], undefined]],
  [
    "SUBSCRIBE sent again in 3.1, with DUP",
    3,
    packet(0x8a, "0001", text("a"), "01"),
    ["subscribe", 1, [asked("a", 1)], undefined],
  ],
  [
    "SUBSCRIBE in 3.1.1 with two filters",
    4,
    packet(0x82, "0102", text("a/+"), "00", text("#"), "02"),
    ["subscribe", 258, [asked("a/+"), asked("#", 2)], undefined],
  ],
  ["SUBSCRIBE in 5", 5, packet(0x82, "0001", none, text("a"), "02"), ["subscribe", 1, [asked("a", 2)], undefined]],
  [
    "SUBSCRIBE in 5 with every option and an identifier",
    5,
    packet(0x82, "0001", properties("0b ffffff7f"), text("a"), "2e"),
    ["subscribe", 1, [asked("a", 2, { noLocal: true, retainAsPublished: true, retainHandling: 2 })], 268_435_455],
  ],
  [
    "SUBSCRIBE to a shared subscription",
    5,
    packet(0x82, "0001", none, text("$share/g/a/#"), "18"),
    ["subscribe", 1, [asked("$share/g/a/#", 0, { retainAsPublished: true, retainHandling: 1 })], undefined],
  ],
  [
    "SUBSCRIBE to the same filter twice",
    4,
    packet(0x82, "0001", text("a"), "00", text("a"), "01"),
    ["subscribe", 1, [asked("a"), asked("a", 1)], undefined],
  ],
  [
    "SUBSCRIBE to __proto__",
    5,
    packet(0x82, "0001", none, text("__proto__"), "00"),
    ["subscribe", 1, [asked("__proto__")], undefined],
  ],
  ["UNSUBSCRIBE in 3.1", 3, packet(0xa2, "0001", text("a")), ["unsubscribe", 1, ["a"]]],
  ["UNSUBSCRIBE sent again in 3.1, with DUP", 3, packet(0xaa, "0001", text("a")), ["unsubscribe", 1, ["a"]]],
  ["UNSUBSCRIBE in 3.1.1", 4, packet(0xa2, "0001", text("a"), text("b/#")), ["unsubscribe", 1, ["a", "b/#"]]],
  ["UNSUBSCRIBE in 5", 5, packet(0xa2, "0001", properties("26 0000 0000"), text("+")), ["unsubscribe", 1, ["+"]]],
]

for (const [name, version, bytes, expected] of accepted) {
  test(`${name} is read`, () => assert.deepEqual(callsOf(version, bytes), [expected]))
}

const refused: [name: string, version: Version, bytes: Buffer, reason: number][] = [
  ["SUBSCRIBE with packet identifier 0 [MQTT-2.3.1-1]", 4, packet(0x82, "0000", text("a"), "00"), protocolError],
  [
    "SUBSCRIBE with packet identifier 0 in 5 [MQTT-2.2.1-3]",
    5,
    packet(0x82, "0000", none, text("a"), "00"),
    protocolError,
  ],
  ["SUBSCRIBE without a filter [MQTT-3.8.3-3]", 4, packet(0x82, "0001"), protocolError],
  ["SUBSCRIBE without a filter in 5 [MQTT-3.8.3-2]", 5, packet(0x82, "0001", none), protocolError],
  ["SUBSCRIBE without options", 4, packet(0x82, "0001", text("a")), malformedPacket],
  ["SUBSCRIBE with a filter cut short", 4, packet(0x82, "0001", "0003 61"), malformedPacket],
  ["SUBSCRIBE for QoS 3 [MQTT-3-8.3-4]", 4, packet(0x82, "0001", text("a"), "03"), protocolError],
  ["SUBSCRIBE for QoS 3 in 5 (3.8.3.1)", 5, packet(0x82, "0001", none, text("a"), "03"), protocolError],
  [
    "SUBSCRIBE with MQTT 5's options in 3.1.1 [MQTT-3-8.3-4]",
    4,
    packet(0x82, "0001", text("a"), "04"),
    malformedPacket,
  ],
  [
    "SUBSCRIBE with the lower reserved option bit [MQTT-3.8.3-5]",
    5,
    packet(0x82, "0001", none, text("a"), "40"),
    malformedPacket,
  ],
  [
    "SUBSCRIBE with the upper reserved option bit [MQTT-3.8.3-5]",
    5,
    packet(0x82, "0001", none, text("a"), "80"),
    malformedPacket,
  ],
  ["SUBSCRIBE with retain handling 3 (3.8.3.1)", 5, packet(0x82, "0001", none, text("a"), "30"), protocolError],
  [
    "SUBSCRIBE with no local on a shared subscription [MQTT-3.8.3-4]",
    5,
    packet(0x82, "0001", none, text("$share/g/a"), "04"),
    protocolError,
  ],
  [
    "SUBSCRIBE with subscription identifier 0 (3.8.2.1.2)",
    5,
    packet(0x82, "0001", properties("0b 00"), text("a"), "00"),
    protocolError,
  ],
  [
    "SUBSCRIBE with two subscription identifiers (3.8.2.1.2)",
    5,
    packet(0x82, "0001", properties("0b 01 0b 02"), text("a"), "00"),
    protocolError,
  ],
  [
    "SUBSCRIBE with an over-long identifier [MQTT-1.5.5-1]",
    5,
    packet(0x82, "0001", properties("0b 8100"), text("a"), "00"),
    malformedPacket,
  ],
  [
    "SUBSCRIBE with a good and a bad filter",
    4,
    packet(0x82, "0001", text("a"), "00", text("a#"), "00"),
    malformedPacket,
  ],
  ["UNSUBSCRIBE with packet identifier 0 [MQTT-2.3.1-1]", 4, packet(0xa2, "0000", text("a")), protocolError],
  ["UNSUBSCRIBE without a filter [MQTT-3.10.3-2]", 4, packet(0xa2, "0001"), protocolError],
  ["UNSUBSCRIBE without a filter in 5 [MQTT-3.10.3-2]", 5, packet(0xa2, "0001", none), protocolError],
  [
    "UNSUBSCRIBE with a subscription identifier (2.2.2.2)",
    5,
    packet(0xa2, "0001", properties("0b 01"), text("a")),
    malformedPacket,
  ],
  ["UNSUBSCRIBE with options", 4, packet(0xa2, "0001", text("a"), "00"), malformedPacket],
  ["UNSUBSCRIBE from an empty filter [MQTT-4.7.3-1]", 4, packet(0xa2, "0001", text("")), malformedPacket],
]

for (const [name, version, bytes, reason] of refused) {
  test(`refused: ${name}`, () => {
    const subject = established(version)
    assert.equal(refusalOf(subject, bytes), reason)
    assert.deepEqual(subject.sink.calls, [])
  })
}

/** Filter by filter: whether it is well-formed before MQTT 5, too. */
const illFormed: [filter: string, fineBefore5: boolean][] = [
  ["", false],
  ["a#", false],
  ["#/a", false],
  ["a/#/b", false],
  ["a+", false],
  ["+a", false],
  ["a/b+/c", false],
  ["##", false],
  ["++", false],
  ["$share/g/a#", false],
  ["$share/#/a", false],
  ["$share/", true],
  ["$share/g", true],
  ["$share//a", true],
  ["$share/+/a", true],
  ["$share/g/", true],
]

test("every ill-formed filter is refused in SUBSCRIBE and UNSUBSCRIBE of every version (4.7.1, 4.8.2)", () => {
  for (const [filter, fineBefore5] of illFormed) {
    for (const version of [3, 4, 5] as const) {
      if (version < 5 && fineBefore5) continue
      const head = version === 5 ? "0001 00" : "0001"
      assert.equal(refusalOf(established(version), packet(0x82, head, text(filter), "00")), malformedPacket, filter)
      assert.equal(refusalOf(established(version), packet(0xa2, head, text(filter))), malformedPacket, filter)
    }
  }
})

test("before MQTT 5 a filter that begins with $share/ and makes no shared subscription is well-formed (3.1.1: 4.7)", () => {
  for (const [filter, fineBefore5] of illFormed) {
    if (!fineBefore5) continue
    for (const version of [3, 4] as const) {
      assert.deepEqual(callsOf(version, packet(0x82, "0001", text(filter), "00")), [
        ["subscribe", 1, [asked(filter)], undefined],
      ])
      assert.deepEqual(callsOf(version, packet(0xa2, "0001", text(filter))), [["unsubscribe", 1, [filter]]])
    }
  }
})
