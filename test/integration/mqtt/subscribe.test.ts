import assert from "node:assert/strict"
import { after, before, describe, it } from "node:test"
import type { Received } from "../../support/packet-client.ts"
import { BOTH_GENERATIONS, Plant } from "./plant.ts"

const identifiersOf = ({ properties }: Received<"publish">): number[] => {
  return [properties?.subscriptionIdentifier ?? []].flat().sort((a, b) => a - b)
}

/** SUBSCRIBE, its options, and which topics a filter matches. */
describe("subscriptions", () => {
  let plant: Plant
  before(async () => {
    plant = await Plant.open()
  })
  after(() => plant[Symbol.asyncDispose]())

  const matches: [string, string[], string[]][] = [
    ["sport/#", ["sport", "sport/", "sport/a/b"], ["sports", "a/sport", "Sport"]],
    ["sport/+", ["sport/", "sport/a"], ["sport", "sport/a/b"]],
    ["+/+", ["/x", "a/b", "/"], ["a", "a/b/c", "$plant/a"]],
    ["/+", ["/x", "/"], ["x", "x/y"]],
    ["+", ["x"], ["/x", "x/", "$plant"]],
    ["#", ["x", "/x", "x/y"], ["$plant/a", "$plant"]],
    ["$plant/#", ["$plant/a", "$plant"], ["dollar/a"]],
    ["+/a/#", ["q/a", "q/a/b"], ["$plant/a", "q/b"]],
    ["a//b", ["a//b"], ["a/b", "a/x/b"]],
    ["a/+/b", ["a//b", "a/x/b"], ["a/b"]],
  ]
  it("filters match topics level by level; `$…` is not matched by a leading wildcard [MQTT-4.7.1-1 to -3, 4.7.2-1]", async () => {
    const publisher = await plant.client()
    const all = [...new Set(matches.flatMap(([, yes, no]) => [...yes, ...no]))]
    for (const [filter, yes, no] of matches) {
      const subscriber = await plant.client({ version: 4 })
      await subscriber.subscribe(filter)
      for (const topic of [...yes, ...no]) publisher.send({ cmd: "publish", topic, payload: topic })
      await publisher.quiet()
      assert.deepEqual(await subscriber.texts(yes.length), yes, filter)
      await subscriber.quiet()
      await subscriber.leave()
    }
    for (const topic of all) publisher.send({ cmd: "publish", topic, payload: "retained", retain: true })
    await publisher.quiet()
    for (const [filter, yes, no] of matches) {
      const subscriber = await plant.client({ version: 4 })
      await subscriber.subscribe(filter)
      const found = (await subscriber.rest()).map((packet) => (packet as Received<"publish">).topic)
      assert.ok(yes.every((topic) => found.includes(topic)) && !no.some((topic) => found.includes(topic)), filter)
      await subscriber.leave()
    }
    for (const topic of all) publisher.send({ cmd: "publish", topic, retain: true })
    await publisher.quiet()
  })

  for (const version of BOTH_GENERATIONS) {
    it(`MQTT ${version}: SUBACK answers each filter in its place, and comes before any retained message [MQTT-3.8.4-6, 3.9.3-1]`, async () => {
      const client = await plant.client({ version })
      const topic = plant.fresh()
      await client.publish(topic, "kept", { retain: true })
      assert.deepEqual(
        await client.subscribe({ topic, qos: 1 }, { topic: `${topic}/b`, qos: 2 }, `${topic}/c`),
        [1, 2, 0],
      )
      assert.deepEqual(await client.texts(1), ["kept"])
    })

    it(`MQTT ${version}: subscribing again replaces the QoS and sends the retained message again [MQTT-3.8.4-3, 3.1.1: 3.8.4-3]`, async () => {
      const [client, publisher] = [await plant.client({ version }), await plant.client()]
      const topic = plant.fresh()
      await publisher.publish(topic, "kept", { retain: true })
      for (const qos of [1, 0, 2]) {
        assert.deepEqual(await client.subscribe({ topic, qos }), [qos])
        assert.equal((await client.take(1))[0]?.qos, Math.min(qos, 1))
      }
      await publisher.publish(topic, "live", { qos: 2 })
      assert.equal((await client.take(1))[0]?.qos, 2)
      await client.quiet()
    })

    it(`MQTT ${version}: after UNSUBSCRIBE nothing more comes; 5 tells which filters there were [MQTT-3.10.4-1, 3.11.3-1]`, async () => {
      const [client, publisher] = [await plant.client({ version }), await plant.client()]
      const topic = plant.fresh()
      await client.subscribe(`${topic}/a`, `${topic}/b`)
      const codes = await client.unsubscribe(`${topic}/a`, `${topic}/never`, `${topic}/+`)
      if (version === 5) assert.deepEqual(codes, [0, 0x11, 0x11])
      await publisher.publish(`${topic}/a`, "a")
      await publisher.publish(`${topic}/b`, "b")
      assert.deepEqual(await client.texts(1), ["b"])
      await client.quiet()
    })

    it(`MQTT ${version}: a filter like a member of Object.prototype is a filter`, async () => {
      const client = await plant.client({ version })
      assert.deepEqual(await client.subscribe("__proto__", "constructor/#", "toString"), [0, 0, 0])
      client.send({ cmd: "publish", topic: "constructor/__proto__", payload: "x" })
      assert.deepEqual(await client.texts(1), ["x"])
    })
  }

  it("MQTT 5: overlapping subscriptions give one copy with the highest QoS and every identifier [MQTT-3.3.4-2 to -5]", async () => {
    const [client, publisher, topic] = [await plant.client(), await plant.client(), plant.fresh()]
    await client.subscribe({ topic: `${topic}/#`, qos: 1, id: 7 })
    await client.subscribe({ topic: `${topic}/+`, qos: 2, id: 300 })
    await client.subscribe({ topic: `${topic}/a`, qos: 0 })
    await client.subscribe({ topic: `${topic}/b`, qos: 0, id: 268435455 })
    await publisher.publish(`${topic}/a`, "a", { qos: 2 })
    await publisher.publish(`${topic}/b`, "b", { qos: 0 })
    await publisher.publish(`${topic}/b/c`, "c", { qos: 2 })
    const messages = await client.take(3)
    assert.deepEqual(messages.map(identifiersOf), [[7, 300], [7, 300, 268435455], [7]])
    assert.deepEqual(
      messages.map(({ qos }) => qos),
      [2, 0, 1],
    )
    await client.quiet()
  })

  it("MQTT 5: an identifier comes with retained messages too, and a new one replaces the old [MQTT-3.3.4-3]", async () => {
    const [client, publisher, topic] = [await plant.client(), await plant.client(), plant.fresh()]
    await publisher.publish(topic, "kept", { retain: true })
    await client.subscribe({ topic, qos: 0, id: 1 })
    assert.deepEqual(identifiersOf(await client.next("publish")), [1])
    await client.subscribe({ topic, qos: 0, id: 2 })
    assert.deepEqual(identifiersOf(await client.next("publish")), [2])
    await publisher.publish(topic, "live")
    assert.deepEqual(identifiersOf(await client.next("publish")), [2])
  })

  it("MQTT 5: identifiers last as long as the session (3.8.2.1.2)", async () => {
    const coming = { id: "identified", clean: false, expiry: 60 }
    const client = await plant.client(coming)
    const publisher = await plant.client()
    await client.subscribe({ topic: "identified/#", qos: 1, id: 42 })
    await client.vanish()
    await publisher.publish("identified/1", "waited")
    const again = await plant.client(coming)
    await publisher.publish("identified/2", "live")
    assert.deepEqual((await again.take(2)).map(identifiersOf), [[42], [42]])
  })

  it("MQTT 5: with No Local a client's own messages do not come back, others' do, also retained ones [MQTT-3.8.3-3]", async () => {
    const [client, other, topic] = [await plant.client(), await plant.client(), plant.fresh()]
    await client.publish(`${topic}/mine`, "mine", { retain: true })
    await other.publish(`${topic}/theirs`, "theirs", { retain: true })
    await client.subscribe({ topic: `${topic}/#`, qos: 1, nl: true })
    assert.deepEqual(
      (await client.take(1)).map(({ payload }) => payload.toString()),
      ["theirs"],
    )
    await client.publish(`${topic}/x`, "mine")
    await client.publish(`${topic}/x`, "mine", { qos: 2 })
    await other.publish(`${topic}/x`, "theirs", { qos: 0 })
    assert.deepEqual(await client.texts(1), ["theirs"])
  })

  it("MQTT 5: Retain As Published keeps the retain flag of live messages, otherwise it is 0 [MQTT-3.3.1-12, -13]", async () => {
    const [keeps, drops, publisher] = [await plant.client(), await plant.client(), await plant.client()]
    const topic = plant.fresh()
    await keeps.subscribe({ topic, qos: 0, rap: true })
    await drops.subscribe({ topic, qos: 0, rap: false })
    await publisher.publish(topic, "1", { retain: true })
    await publisher.publish(topic, "2", { retain: false })
    assert.deepEqual(
      (await keeps.messages(2)).map(({ retain }) => retain),
      [true, false],
    )
    assert.deepEqual(
      (await drops.messages(2)).map(({ retain }) => retain),
      [false, false],
    )
  })

  for (const [handling, first, second] of [
    [0, 1, 1],
    [1, 1, 0],
    [2, 0, 0],
  ] as const) {
    it(`MQTT 5: Retain Handling ${handling} sends retained messages ${first} and then ${second} times [MQTT-3.3.1-9 to -11]`, async () => {
      const [client, publisher, topic] = [await plant.client(), await plant.client(), plant.fresh()]
      await publisher.publish(topic, "kept", { retain: true })
      for (const expected of [first, second]) {
        await client.subscribe({ topic, qos: 0, rh: handling })
        if (expected === 1) assert.equal((await client.next("publish")).retain, true)
        await client.quiet()
      }
    })
  }

  it("MQTT 5: subscribing again loses nothing of what comes meanwhile [MQTT-3.8.4-4]", async () => {
    const [client, publisher, topic] = [await plant.client(), await plant.client(), plant.fresh()]
    await client.subscribe({ topic, qos: 1 })
    for (let i = 0; i < 100; i++) {
      publisher.send({ cmd: "publish", topic, payload: String(i), qos: 1, messageId: i + 1 })
      const subscriptions = [{ topic, qos: (1 + (i % 2)) as 1 | 2, nl: i % 3 === 0, rap: i % 5 === 0 }]
      client.send({ cmd: "subscribe", messageId: i + 1, subscriptions })
    }
    const found: string[] = []
    for (let subacks = 0; found.length < 100 || subacks < 100; ) {
      const packet = await client.any()
      if (packet.cmd === "suback") subacks++
      else if (packet.cmd === "publish") {
        found.push(packet.payload.toString())
        client.send({ cmd: "puback", messageId: packet.messageId })
      }
    }
    assert.deepEqual(
      found,
      Array.from({ length: 100 }, (_, i) => String(i)),
    )
  })

  it("after UNSUBSCRIBE a message that was begun is delivered to its end, also over a break [MQTT-3.10.4-3]", async () => {
    const [topic, coming] = [plant.fresh(), { id: plant.fresh("c"), clean: false, expiry: 60 }]
    const client = await plant.client(coming)
    await client.subscribe({ topic, qos: 2 })
    await (await plant.client()).publish(topic, "begun", { qos: 2 })
    const [message] = await client.messages(1)
    await client.unsubscribe(topic)
    await client.vanish()
    const again = await plant.client(coming)
    const [repeated] = await again.take(1)
    assert.deepEqual([repeated?.messageId, repeated?.dup], [message?.messageId, true])
    await again.quiet()
  })

  it("names are compared byte by byte: no case, no composed characters, no slashes are made alike [MQTT-4.7.3-4, 3.10.4-1]", async () => {
    const [client, publisher, root] = [await plant.client(), await plant.client(), plant.fresh()]
    const names = ["é", "e\u0301", "É", "é/", "/é", "é ", "ﬁ", "fi", "\ufeffé"].map((name) => `${root}/${name}`)
    for (const name of names) {
      assert.deepEqual(await client.subscribe(name), [0])
      for (const topic of names) publisher.send({ cmd: "publish", topic, payload: topic })
      await publisher.quiet()
      assert.deepEqual(await client.texts(1), [name])
      await client.quiet()
      assert.deepEqual(
        await client.unsubscribe(...names),
        names.map((other) => (other === name ? 0 : 0x11)),
      )
    }
  })
})
