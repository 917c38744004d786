import assert from "node:assert/strict"
import { after, before, describe, it } from "node:test"
import type { Version } from "../../support/packet-client.ts"
import { hex, packet, pair, properties, text } from "./bytes.ts"
import { Plant } from "./plant.ts"

const ILL_FORMED = hex("61c3")
const SURROGATE = hex("61eda080")
const NUL = Buffer.from("a\0b")
const PUBLISH = { 0: 0x30, 1: 0x32, 2: 0x34 } as const

/** `[what, bytes for MQTT 3.1.1, bytes for MQTT 5, reason code of MQTT 5]` */
type Fault = readonly [string, Buffer | undefined, Buffer | undefined, number]

const publish = (topic: string | Buffer, rest: string, first = 0x30) => packet(first, text(topic), rest)
const subscribe = (filter: string | Buffer, options: string, id = "0001") => [
  packet(0x82, id, text(filter), options),
  packet(0x82, id, "00", text(filter), options),
]
const unsubscribe = (filter: string | Buffer, id = "0001") => [
  packet(0xa2, id, text(filter)),
  packet(0xa2, id, "00", text(filter)),
]
const both = (what: string, [old, five]: readonly (Buffer | undefined)[], reason: number): Fault => [
  what,
  old,
  five,
  reason,
]
const only5 = (what: string, bytes: Buffer, reason: number): Fault => [what, undefined, bytes, reason]
const same = (what: string, bytes: Buffer, reason: number): Fault => [what, bytes, bytes, reason]
const props = (what: string, reason: number, ...parts: (Buffer | string)[]): Fault =>
  only5(`PUBLISH with ${what}`, packet(0x30, text("a"), properties(...parts)), reason)

const FAULTS: readonly Fault[] = [
  ...[1, 2].map((qos) =>
    both(
      `PUBLISH of QoS ${qos} with packet identifier 0 [MQTT-2.2.1-3]`,
      [publish("a", "0000", PUBLISH[qos as 1 | 2]), publish("a", "0000 00", PUBLISH[qos as 1 | 2])],
      0x82,
    ),
  ),
  both("SUBSCRIBE with packet identifier 0 [MQTT-2.2.1-3]", subscribe("a", "00", "0000"), 0x82),
  both("UNSUBSCRIBE with packet identifier 0 [MQTT-2.2.1-3]", unsubscribe("a", "0000"), 0x82),
  both("PUBLISH of QoS 0 with DUP [MQTT-3.3.1-2]", [publish("a", "", 0x38), publish("a", "00", 0x38)], 0x81),
  both("PUBLISH of QoS 3 [MQTT-3.3.1-4]", [publish("a", "0001", 0x36), publish("a", "0001 00", 0x36)], 0x81),
  both("PUBLISH without a topic [MQTT-4.7.3-1]", [publish("", ""), publish("", "00")], 0x82),
  both("PUBLISH to a wildcard [MQTT-3.3.2-2]", [publish("a/+", ""), publish("a/#", "00")], 0x81),
  both("PUBLISH to an ill-formed topic [MQTT-1.5.4-1]", [publish(ILL_FORMED, ""), publish(ILL_FORMED, "00")], 0x81),
  both("PUBLISH to a topic with a surrogate [MQTT-1.5.4-1]", [publish(SURROGATE, ""), publish(SURROGATE, "00")], 0x81),
  both("PUBLISH to a topic with U+0000 [MQTT-4.7.3-2]", [publish(NUL, ""), publish(NUL, "00")], 0x81),
  same("PUBLISH whose topic is longer than the packet", packet(0x30, "00ff 61"), 0x81),
  same("PUBLISH of QoS 1 without a packet identifier", packet(0x32, text("a")), 0x81),
  same("SUBSCRIBE without a filter [MQTT-3.8.3-2]", packet(0x82, "0001", ""), 0x81),
  only5("SUBSCRIBE with properties and no filter [MQTT-3.8.3-2]", packet(0x82, "0001 00"), 0x82),
  both("SUBSCRIBE for QoS 3 (3.8.3.1)", subscribe("a", "03"), 0x82),
  both("SUBSCRIBE with reserved options [MQTT-3.8.3-5]", subscribe("a", "40"), 0x81),
  both("SUBSCRIBE without options", subscribe("a", ""), 0x81),
  both("SUBSCRIBE to an empty filter [MQTT-4.7.3-1]", subscribe("", "00"), 0x81),
  ...["a#", "#/a", "a/#/b", "a+", "+a", "a/+b", "##"].map((filter) =>
    both(`SUBSCRIBE to the filter ${filter} [MQTT-4.7.1-1, -2]`, subscribe(filter, "00"), 0x81),
  ),
  ...["$share/", "$share/g", "$share//a", "$share/+/a", "$share/g/"].map((filter) =>
    only5(`SUBSCRIBE to the filter ${filter} [MQTT-4.8.2-1, -2]`, packet(0x82, "0001 00", text(filter), "00"), 0x81),
  ),
  both("SUBSCRIBE to the filter $share/g/a# [MQTT-4.7.1-1]", subscribe("$share/g/a#", "00"), 0x81),
  both("SUBSCRIBE to an ill-formed filter [MQTT-3.8.3-1]", subscribe(ILL_FORMED, "00"), 0x81),
  both("SUBSCRIBE to a filter with U+0000 [MQTT-4.7.3-2]", subscribe(NUL, "00"), 0x81),
  only5("SUBSCRIBE with retain handling 3 (3.8.3.1)", packet(0x82, "0001 00", text("a"), "30"), 0x82),
  only5(
    "SUBSCRIBE with No Local on a shared one [MQTT-3.8.3-4]",
    packet(0x82, "0001 00", text("$share/g/a"), "04"),
    0x82,
  ),
  only5("SUBSCRIBE with identifier 0 (3.8.2.1.2)", packet(0x82, "0001 02 0b00", text("a"), "00"), 0x82),
  only5("SUBSCRIBE with two identifiers (3.8.2.1.2)", packet(0x82, "0001 04 0b01 0b02", text("a"), "00"), 0x82),
  same("SUBSCRIBE with wrong header flags [MQTT-3.8.1-1]", packet(0x80, "0001", text("a"), "00"), 0x81),
  same("UNSUBSCRIBE without a filter [MQTT-3.10.3-2]", packet(0xa2, "0001", ""), 0x81),
  both("UNSUBSCRIBE from the filter a# [MQTT-4.7.1-1]", unsubscribe("a#"), 0x81),
  both("UNSUBSCRIBE from an ill-formed filter [MQTT-3.10.3-1]", unsubscribe(ILL_FORMED), 0x81),
  same("UNSUBSCRIBE with wrong header flags [MQTT-3.10.1-1]", packet(0xa0, "0001", text("a")), 0x81),
  same("PUBREL with wrong header flags [MQTT-3.6.1-1]", packet(0x60, "0001"), 0x81),
  same("PUBACK with packet identifier 0", packet(0x40, "0000"), 0x82),
  same("PUBACK cut short", packet(0x40, "01"), 0x81),
  same("PINGREQ with a body", packet(0xc0, "00"), 0x81),
  same("PINGREQ with header flags", packet(0xc1), 0x81),
  same("DISCONNECT with header flags [MQTT-3.14.1-1]", packet(0xe1), 0x81),
  same("a packet of type 0", packet(0x00), 0x81),
  ...[0x20, 0x90, 0xb0, 0xd0].map((first) =>
    same(`packet type ${first >> 4}, which only servers send`, packet(first), 0x82),
  ),
  same("a remaining length of five bytes (2.1.4)", hex("30 8080808001"), 0x81),
  ["DISCONNECT with a body", packet(0xe0, "00"), undefined, 0],
  ["AUTH", packet(0xf0), undefined, 0],
  only5("AUTH without a method (4.12)", packet(0xf0, "18 00"), 0x82),
  only5("AUTH with a method that CONNECT did not name (4.12)", packet(0xf0, "19", properties("15", text("X"))), 0x82),
  only5("an over-long remaining length [MQTT-1.5.5-1]", hex("c0 8000"), 0x81),
  only5("PUBACK with a reason code that is none of its own", packet(0x40, "0001 01"), 0x82),
  only5("DISCONNECT with the server's reason 0x8b", packet(0xe0, "8b"), 0x82),
  props("properties longer than the packet", 0x81, hex("26 00ff")),
  props("Session Expiry Interval (2.2.2.2)", 0x81, "11 00000001"),
  props("an unknown property", 0x81, "7f"),
  props("a Subscription Identifier [MQTT-3.3.4-6]", 0x82, "0b 01"),
  props("Message Expiry Interval twice (3.3.2.3.3)", 0x82, "02 00000001 02 00000001"),
  props("Payload Format Indicator 2", 0x82, "01 02"),
  props("a wildcard in Response Topic [MQTT-3.3.2-14]", 0x82, "08", text("a/+")),
  props("a Response Topic cut short", 0x81, "08 00ff 61"),
  props("an ill-formed user property [MQTT-1.5.4-1]", 0x81, "26", text(ILL_FORMED), text("b")),
  props("Topic Alias 0 [MQTT-3.3.2-8]", 0x94, "23 0000"),
  props("a Topic Alias above our maximum [MQTT-3.3.2-9]", 0x94, "23 0011"),
  only5("PUBLISH with an unknown Topic Alias and no topic (3.3.2.3.4)", packet(0x30, "0000", "03 23 0001"), 0x82),
  only5("PUBLISH with neither topic nor alias", packet(0x30, "0000 00"), 0x82),
  only5("PUBLISH said to be UTF-8 that is not (3.3.2.3.2)", packet(0x30, text("a"), "02 01 01", ILL_FORMED), 0x99),
]

/** Each breach of the protocol after CONNECT ends the connection: MQTT 5 with the reason, the older ones in silence (4.13). */
describe("a breach of the protocol", () => {
  let plant: Plant
  before(async () => {
    plant = await Plant.open()
  })
  after(() => plant[Symbol.asyncDispose]())

  async function isEnded(version: Version, bytes: Buffer, reason: number): Promise<void> {
    const client = await plant.client({ version })
    client.write(Buffer.concat([bytes, hex("c000")]))
    await client.ended(reason)
  }

  for (const [what, old, five, reason] of FAULTS) {
    if (old !== undefined) it(`MQTT 4: ${what} ends the connection`, () => isEnded(4, old, reason))
    if (five !== undefined) it(`MQTT 5: ${what} gets 0x${reason.toString(16)}`, () => isEnded(5, five, reason))
  }

  it("3.1 lets DUP stand on SUBSCRIBE, UNSUBSCRIBE and PUBREL (3.1: 2.1)", async () => {
    const client = await plant.client({ version: 3 })
    client.write(
      Buffer.concat([packet(0x8a, "0001", text("a"), "00"), packet(0xaa, "0002", text("a")), packet(0x6a, "0003")]),
    )
    await client.next("suback")
    await client.next("unsuback")
    await client.next("pubcomp")
  })

  it("well-formed characters that look like trouble are let through: U+FEFF is kept, beyond the BMP is fine [MQTT-1.5.4-3]", async () => {
    const client = await plant.client()
    const topic = "\ufefftank/💧/温度"
    await client.subscribe(topic)
    client.write(packet(0x30, text(topic), properties(pair("\ufeffname", "💧")), "6f6b"))
    const [message] = await client.messages(1)
    assert.equal(message?.topic, topic)
    assert.ok(message?.bytes.includes(Buffer.concat([text("\ufeffname"), text("💧")])))
  })

  it("others are served while one breaks the protocol", async () => {
    const [good, topic] = [await plant.client(), plant.fresh()]
    await good.subscribe(topic)
    for (let i = 0; i < 20; i++) (await plant.client()).write("36 05 0001 61 0001")
    good.send({ cmd: "publish", topic, payload: "alive" })
    assert.deepEqual(await good.texts(1), ["alive"])
  })
})
