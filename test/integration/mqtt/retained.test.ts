import assert from "node:assert/strict"
import { after, before, describe, it } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import { BOTH_GENERATIONS, Plant } from "./plant.ts"

/** What is kept for those who come later, and how long a message may live. */
describe("retained messages and message expiry", { concurrency: true }, () => {
  let plant: Plant
  before(async () => {
    plant = await Plant.open({}, { limits: { retainedPayloadBytes: 1000, retainedMessages: 200 } })
    await plant.client()
  })
  after(() => plant[Symbol.asyncDispose]())

  /** What a new subscriber of this filter gets at once. */
  async function found(filter: string, count: number, version: 4 | 5 = 5) {
    const client = await plant.client({ version })
    await client.subscribe({ topic: filter, qos: 2 })
    const messages = await client.take(count)
    await client.quiet()
    return messages
  }

  for (const version of BOTH_GENERATIONS) {
    it(`MQTT ${version}: the last retained message of a topic is kept, with its QoS and the retain flag [MQTT-3.3.1-5, 3.1.1: 3.3.1-8]`, async () => {
      const [publisher, topic] = [await plant.client({ version }), plant.fresh()]
      await publisher.publish(topic, "old", { qos: 1, retain: true })
      await publisher.publish(topic, "new", { qos: 2, retain: true })
      await publisher.publish(topic, "passing", { retain: false })
      const [message] = await found(topic, 1, version)
      assert.deepEqual([message?.payload.toString(), message?.qos, message?.retain], ["new", 2, true])
    })

    it(`MQTT ${version}: an empty payload takes it away, is passed on live, and is not kept itself [MQTT-3.3.1-6, -7]`, async () => {
      const [publisher, subscriber, topic] = [await plant.client({ version }), await plant.client(), plant.fresh()]
      await publisher.publish(topic, "kept", { retain: true })
      await subscriber.subscribe({ topic, qos: 0, rap: true, rh: 2 })
      await publisher.publish(topic, "", { retain: true })
      const [message] = await subscriber.messages(1)
      assert.deepEqual([message?.payload.length, message?.retain], [0, true])
      await found(topic, 0, version)
    })

    it(`MQTT ${version}: a retained message of QoS 0 is kept too, and replaces another (3.3.1.3)`, async () => {
      const [publisher, topic] = [await plant.client({ version }), plant.fresh()]
      await publisher.publish(topic, "one", { qos: 2, retain: true })
      await publisher.publish(topic, "two", { qos: 0, retain: true })
      const [message] = await found(topic, 1, version)
      assert.deepEqual([message?.payload.toString(), message?.qos], ["two", 0])
    })
  }

  it("wildcards find retained messages level by level, empty levels too [MQTT-4.7.1-3]", async () => {
    const [publisher, root] = [await plant.client(), plant.fresh()]
    const topics = ["", "/", "/a", "/a/", "//b", "/a/b/c"].map((tail) => root + tail)
    for (const topic of topics) await publisher.publish(topic, topic, { retain: true })
    const cases: [string, string[]][] = [
      ["/+", ["/", "/a"]],
      ["/+/+", ["/a/", "//b"]],
      ["/#", ["", "/", "/a", "/a/", "//b", "/a/b/c"]],
      ["/+/b", ["//b"]],
      ["/a/#", ["/a", "/a/", "/a/b/c"]],
      ["/a/+/c", ["/a/b/c"]],
      ["/x/#", []],
    ]
    for (const [tail, expected] of cases) {
      const names = (await found(root + tail, expected.length)).map(({ topic }) => topic.slice(root.length))
      assert.deepEqual(names.sort(), expected.sort(), tail)
    }
  })

  it("`#` and `+/…` do not find retained messages under `$…` [MQTT-4.7.2-1]", async () => {
    const publisher = await plant.client()
    await publisher.publish("$plant/x", "x", { retain: true })
    const client = await plant.client()
    await client.subscribe("+/x", { topic: "$plant/+", qos: 0 })
    assert.deepEqual(await client.texts(1), ["x"])
    await client.quiet()
  })

  it("retained messages come at the subscription's QoS at most", async () => {
    const [publisher, topic] = [await plant.client(), plant.fresh()]
    await publisher.publish(topic, "x", { qos: 2, retain: true })
    const client = await plant.client()
    await client.subscribe({ topic: `${topic}/#`, qos: 1 })
    assert.equal((await client.take(1))[0]?.qos, 1)
  })

  it("more retained messages than a client takes at once all come, as it acknowledges", async () => {
    const [publisher, root] = [await plant.client(), plant.fresh()]
    for (let i = 0; i < 60; i++) await publisher.publish(`${root}/${i}`, String(i), { retain: true })
    const client = await plant.client({ properties: { receiveMaximum: 3 } })
    await client.subscribe({ topic: `${root}/+`, qos: 1 })
    const firsts = await client.messages(3)
    await client.quiet()
    client.send(...firsts.map(({ messageId }) => ({ cmd: "puback", messageId }) as const))
    const rest = await client.take(57)
    assert.equal(new Set([...firsts, ...rest].map(({ topic }) => topic)).size, 60)
    for (let i = 0; i < 60; i++) await publisher.publish(`${root}/${i}`, "", { retain: true })
  })

  it("a message replaced while it waits to be replayed is passed over: only its successor comes", async () => {
    const [publisher, root] = [await plant.client(), plant.fresh()]
    for (const name of ["a", "b"]) await publisher.publish(`${root}/${name}`, `old ${name}`, { retain: true })
    const client = await plant.client({ properties: { receiveMaximum: 1 } })
    await client.subscribe({ topic: `${root}/+`, qos: 1 })
    const [first] = await client.messages(1)
    const other = first?.topic === `${root}/a` ? "b" : "a"
    await publisher.publish(`${root}/${other}`, "new", { retain: true, qos: 0 })
    assert.deepEqual(await client.texts(1), ["new"])
    client.send({ cmd: "puback", messageId: first?.messageId })
    await client.quiet()
  })

  it("what there is no room to retain is refused: 0x97 for MQTT 5, not passed on for anyone", async () => {
    const [publisher, subscriber, topic] = [await plant.client(), await plant.client(), plant.fresh()]
    await subscriber.subscribe(topic)
    const large = Buffer.alloc(1001)
    for (const qos of [1, 2]) assert.equal(await publisher.publish(topic, large, { qos, retain: true }), 0x97)
    assert.equal(await publisher.publish(topic, large), 0, "without retain it is a message like any other")
    assert.equal((await subscriber.messages(1)).length, 1)
    await subscriber.quiet()
  })

  it("MQTT 5: the expiry goes out as the seconds that remain [MQTT-3.3.2-6], an expired message not at all [MQTT-3.3.2-5]", async () => {
    const [publisher, topic] = [await plant.client(), plant.fresh()]
    const coming = { id: plant.fresh("sleeper"), clean: false, expiry: 60 }
    const sleeper = await plant.client(coming)
    await sleeper.subscribe({ topic: `${topic}/#`, qos: 1 })
    await sleeper.vanish()
    const expiring = (messageExpiryInterval: number) => ({ retain: true, properties: { messageExpiryInterval } })
    await publisher.publish(`${topic}/short`, "short", expiring(1))
    await publisher.publish(`${topic}/long`, "long", expiring(10))
    await publisher.publish(`${topic}/ever`, "ever", { retain: true })
    await delay(1300)
    const stored = await (await plant.client(coming)).take(2)
    const retained = await found(`${topic}/#`, 2)
    for (const messages of [stored, retained]) {
      const left = new Map(
        messages.map(({ payload, properties }) => [payload.toString(), properties?.messageExpiryInterval]),
      )
      assert.deepEqual([...left.keys()].sort(), ["ever", "long"])
      assert.equal(left.get("ever"), undefined)
      const seconds = left.get("long") ?? 0
      assert.ok(seconds > 3 && seconds < 10, `${seconds} s of 10 remain`)
    }
    const old = await plant.client({ version: 4 })
    await old.subscribe(`${topic}/short`, `${topic}/long`)
    assert.deepEqual(await old.texts(1), ["long"])
    await old.quiet()
  })
})
