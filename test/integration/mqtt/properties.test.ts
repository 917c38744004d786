import assert from "node:assert/strict"
import { after, before, describe, it } from "node:test"
import { hex, packet, pair, properties, text } from "./bytes.ts"
import { Plant } from "./plant.ts"

/** What MQTT 5 carries beside topic and payload, and topic aliases both ways. */
describe("properties of messages and topic aliases", () => {
  let plant: Plant
  before(async () => {
    plant = await Plant.open({}, { limits: { topicAliases: 3 } })
  })
  after(() => plant[Symbol.asyncDispose]())

  const USERS = [pair("z", "1"), pair("a", "2"), pair("z", "1"), pair("", "")]
  const OTHERS = Buffer.concat([
    hex("01 01 03"),
    text("text/plain"),
    hex("08"),
    text("answers/here"),
    hex("09"),
    text(hex("00ff")),
  ])

  for (const qos of [0, 1, 2]) {
    it(`QoS ${qos}: every property goes on unchanged, user properties in their order [MQTT-3.3.2-4, -15 to -20]`, async () => {
      const topic = plant.fresh()
      const [subscriber, publisher] = [await plant.client(), await plant.client()]
      await subscriber.subscribe({ topic, qos })
      const id = qos === 0 ? "" : "0101"
      publisher.write(packet(0x31 | (qos << 1), text(topic), id, properties(...USERS, OTHERS), Buffer.from("payload")))
      if (qos > 0) await publisher.any()
      const wanted = Buffer.concat([...USERS, OTHERS])
      const late = await plant.client()
      await subscriber.take(1).then(([live]) => assert.ok(live?.bytes.includes(wanted)))
      await late.subscribe({ topic, qos })
      const [kept] = await late.take(1)
      assert.ok(kept?.bytes.includes(wanted), "also when retained")
      assert.equal(kept?.payload.toString(), "payload")
    })
  }

  it("properties wait with their message for a session that sleeps", async () => {
    const coming = { id: "asleep", clean: false, expiry: 60 }
    const sleeper = await plant.client(coming)
    await sleeper.subscribe({ topic: "asleep", qos: 1 })
    await sleeper.vanish()
    const publisher = await plant.client()
    publisher.write(packet(0x32, text("asleep"), "0001", properties(...USERS, OTHERS), Buffer.from("x")))
    await publisher.next("puback")
    assert.ok((await (await plant.client(coming)).next("publish")).bytes.includes(Buffer.concat([...USERS, OTHERS])))
  })

  it("an older client gets the message without properties, and one of an older client has none", async () => {
    const topic = plant.fresh()
    const [four, five] = [await plant.client({ version: 4 }), await plant.client()]
    await four.subscribe(topic)
    await five.subscribe(topic)
    five.write(packet(0x30, text(topic), properties(OTHERS), Buffer.from("from 5")))
    assert.deepEqual((await four.next("publish")).bytes, packet(0x30, text(topic), Buffer.from("from 5")))
    await five.next("publish")
    four.send({ cmd: "publish", topic, payload: "from 4" })
    assert.equal((await five.next("publish")).properties, undefined)
  })

  it("a client's topic alias stands for its topic from then on, and can be set anew [MQTT-3.3.2-12]", async () => {
    const [subscriber, publisher, root] = [await plant.client(), await plant.client(), plant.fresh()]
    await subscriber.subscribe(`${root}/#`)
    const alias = (topic: string, topicAlias: number, payload: string) =>
      ({ cmd: "publish", topic, payload, properties: { topicAlias } }) as const
    publisher.send(alias(`${root}/a`, 1, "1"), alias("", 1, "2"), alias(`${root}/b`, 3, "3"), alias("", 3, "4"))
    publisher.send(alias("", 1, "5"), alias(`${root}/c`, 1, "6"), alias("", 1, "7"))
    const messages = await subscriber.messages(7)
    assert.equal(messages.map(({ topic, payload }) => `${topic.at(-1)}${payload}`).join(" "), "a1 a2 b3 b4 a5 c6 c7")
    assert.ok(
      messages.every(({ properties }) => properties === undefined),
      "the alias is the publisher's own [MQTT-3.3.2-10]",
    )
  })

  it("a topic alias means nothing on another connection [MQTT-3.3.2-7], also of the same session", async () => {
    const coming = { id: "aliased", clean: false, expiry: 60 }
    const first = await plant.client(coming)
    first.send({ cmd: "publish", topic: "t", properties: { topicAlias: 1 } })
    await first.quiet()
    await first.leave()
    const second = await plant.client(coming)
    second.send({ cmd: "publish", topic: "", properties: { topicAlias: 1 } })
    await second.ended(0x82)
  })

  it("an alias is accepted for a publish that is refused, and for QoS 2", async () => {
    const publisher = await plant.client()
    const properties = { topicAlias: 2 }
    publisher.send({ cmd: "publish", topic: "$SYS/no", qos: 1, messageId: 1, properties })
    assert.equal((await publisher.next("puback")).reasonCode, 0x87)
    publisher.send({ cmd: "publish", topic: "", qos: 2, messageId: 2, properties })
    assert.equal((await publisher.next("pubrec")).reasonCode, 0x87)
  })

  it("towards a client that takes aliases its first topics get one, no more than it takes [MQTT-3.1.2-26, -27]", async () => {
    for (const [topicAliasMaximum, aliased] of [
      [0, 0],
      [2, 2],
      [100, 3],
    ] as const) {
      const [subscriber, publisher] = [await plant.client({ properties: { topicAliasMaximum } }), await plant.client()]
      const root = plant.fresh()
      await subscriber.subscribe({ topic: `${root}/#`, qos: 1 })
      for (let round = 0; round < 2; round++) {
        for (let i = 0; i < 5; i++) await publisher.publish(`${root}/${i}`, String(i))
      }
      const known = new Map<number, string>()
      for (const [at, { topic, payload, properties }] of (await subscriber.take(10)).entries()) {
        const alias = properties?.topicAlias
        if (alias !== undefined && topic !== "") known.set(alias, topic)
        const meant = topic === "" ? known.get(alias ?? 0) : topic
        assert.equal(meant, `${root}/${payload}`)
        assert.equal(topic === "", at >= 5 && at - 5 < aliased, "the name goes out once")
      }
      assert.equal(known.size, aliased)
    }
  })
})
