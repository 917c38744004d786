import assert from "node:assert/strict"
import { once } from "node:events"
import { connect as connectTcp } from "node:net"
import { after, before, describe, it } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import { PacketClient } from "../../support/packet-client.ts"
import { Plant } from "./plant.ts"

const MIB = 1024 * 1024

/** Clients that do not read, and what is left of clients that have gone. */
describe("frozen clients and what is left behind", () => {
  let plant: Plant
  before(async () => {
    const limits = { socketBytes: 64 * 1024, queuedBytesPerSession: 2 * MIB, inflightOutgoing: 50 }
    plant = await Plant.open({}, { limits })
  })
  after(() => plant[Symbol.asyncDispose]())

  /** A subscriber that stops reading. */
  async function frozen(topic: string, qos: number, coming = {}): Promise<PacketClient> {
    const client = await plant.client(coming)
    await client.subscribe({ topic, qos })
    client.stream.pause()
    return client
  }

  /** Waits until it is so; the gateway has no event for what it lets go of. */
  async function settled(name: string, value: number | undefined): Promise<void> {
    for (let i = 0; i < 40 && (await plant.counters())[name] !== value; i++) await delay(150)
    assert.equal((await plant.counters())[name], value, name)
  }

  it("a subscriber that never reads delays nobody else, and costs no more than its limits", async () => {
    const sleepers = [await frozen("flood", 0), await frozen("flood", 1), await frozen("flood", 2)]
    const healthy = await plant.client()
    await healthy.subscribe({ topic: "flood", qos: 1 })
    const publisher = await plant.client()
    const before = process.memoryUsage().rss
    let slowest = 0
    const payload = Buffer.alloc(200_000, "x")
    for (let i = 0; i < 40; i++) {
      const begun = performance.now()
      await publisher.publish("flood", payload)
      assert.equal((await healthy.take(1))[0]?.payload.length, payload.length)
      slowest = Math.max(slowest, performance.now() - begun)
    }
    assert.ok(slowest < 1000, `${slowest} ms`)
    const { messagesDropped = 0, queuedBytes = 0 } = await plant.counters()
    assert.ok(messagesDropped > 0, "what a frozen client did not get is counted")
    assert.ok(queuedBytes <= 2 * 2 * MIB)
    assert.ok(process.memoryUsage().rss - before < 150 * MIB)
    for (const client of sleepers) await client.vanish()
    await settled("queuedBytes", 0)
  })

  it("a subscriber that reads again gets all that its session kept, in order", async () => {
    const sleeper = await frozen("thaw", 1)
    const publisher = await plant.client()
    const payloads = Array.from({ length: 60 }, (_, i) => Buffer.from(`${i} `.padEnd(100_000)))
    for (const payload of payloads.slice(0, 20)) await publisher.publish("thaw", payload)
    sleeper.stream.resume()
    const some = await sleeper.take(10)
    for (const payload of payloads.slice(20, 30)) await publisher.publish("thaw", payload)
    const numbers = [...some, ...(await sleeper.take(20))].map(({ payload }) => Number.parseInt(payload.toString(), 10))
    assert.deepEqual(
      numbers,
      Array.from({ length: 30 }, (_, i) => i),
    )
  })

  it("a subscriber that reads again gets the retained messages it is owed", async () => {
    const publisher = await plant.client()
    for (let i = 0; i < 60; i++) await publisher.publish(`big/${i}`, Buffer.alloc(100_000), { retain: true })
    for (const qos of [0, 1]) {
      const client = await plant.client()
      client.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "big/+", qos }] })
      await client.next("suback")
      client.stream.pause()
      await delay(50)
      client.stream.resume()
      assert.equal(new Set((await client.take(60)).map(({ topic }) => topic)).size, 60)
      await client.leave()
    }
    for (let i = 0; i < 60; i++) await publisher.publish(`big/${i}`, "", { retain: true })
    const { retainedMessages, retainedBytes } = await plant.counters()
    assert.deepEqual([retainedMessages, retainedBytes], [0, 0])
  })

  it("a frozen client that is ended, and one that half closes, do not stay with what they never read", async () => {
    const before = await plant.counters()
    const [publisher, watching] = [await plant.client(), await plant.client()]
    const ended = await frozen("flow/+", 0, { id: "stuck" })
    const options = { port: plant.gateway.port("mqtt"), host: "127.0.0.1", allowHalfOpen: true }
    const half = plant.adopt(new PacketClient(connectTcp(options)))
    half.send(plant.connect({ will: { topic: "half/closed", payload: "gone" } }))
    await half.next("connack")
    await half.subscribe("flow/+")
    half.stream.pause()
    for (let i = 0; i < 50; i++) await publisher.publish("flow/x", Buffer.alloc(200_000))
    await watching.subscribe("half/closed")
    half.stream.end()
    await plant.gateway.api.delete("/clients/stuck")
    assert.deepEqual(await watching.texts(1), ["gone"])
    await settled("sockets", (before.sockets ?? 0) + 2)
    await ended.vanish()
    await Promise.all([publisher.leave(), watching.leave()])
  })

  it("a client that searches all retained messages for nothing, as often as it can, delays nobody", async () => {
    const publisher = await plant.client()
    const retain = (payload: string) =>
      publisher.send(
        ...Array.from(
          { length: 4000 },
          (_, i) => ({ cmd: "publish", topic: `s/${i}/x`, payload, retain: true }) as const,
        ),
      )
    retain("x")
    await publisher.quiet()
    const searcher = await plant.client({ version: 4 })
    const filters = Array.from({ length: 900 }, (_, i) => ({ topic: `+/+/${i}`, qos: 0 }))
    for (let i = 0; i < 10; i++) searcher.send({ cmd: "subscribe", messageId: 1, subscriptions: filters })
    const begun = performance.now()
    let [slowest, answered] = [0, 0]
    const answers = Promise.all(Array.from({ length: 10 }, async () => searcher.next("suback").then(() => answered++)))
    do {
      const sent = performance.now()
      await publisher.quiet()
      slowest = Math.max(slowest, performance.now() - sent)
    } while (performance.now() - begun < 500 || answered < 10)
    await answers
    assert.ok(slowest < 500, `${slowest} ms`)
    await searcher.leave()
    retain("")
    await publisher.quiet()
  })

  it("a client that sends and never takes the answers is not read until it does, and then gets every one", async () => {
    const client = await plant.client()
    client.stream.pause()
    const pings = Buffer.alloc(1_000_000, Buffer.from([0xc0, 0]))
    let sent = 0
    for (let more = true; more && sent < 100; sent++) {
      more =
        client.stream.write(pings) || (await Promise.race([once(client.stream, "drain"), delay(500, null)])) !== null
    }
    assert.ok(sent < 60, `${sent} MB of pings were taken`)
    let answers = 0
    client.stream.removeAllListeners("data").on("data", (chunk: Buffer) => {
      answers += chunk.length
    })
    client.stream.resume()
    for (let i = 0; i < 100 && answers < sent * 1_000_000; i++) await delay(50)
    assert.equal(answers, sent * 1_000_000)
    await client.vanish()
  })

  it("connections, sessions, subscriptions and groups that come and go leave nothing behind", async () => {
    await delay(100)
    const watched = ["connections", "sockets", "sessions", "subscriptions", "queuedBytes"] as const
    const before = await plant.counters()
    for (let round = 0; round < 10; round++) {
      const clients = await Promise.all(
        Array.from({ length: 20 }, (_, i) => plant.client({ version: i % 2 === 0 ? 4 : 5 })),
      )
      await Promise.all(clients.map((client) => client.subscribe(plant.fresh(), "x/+/y/#", "$share/g/x")))
      clients[0]?.send({ cmd: "publish", topic: "x/1/y", payload: "to all" })
      await clients[0]?.rest()
      const ends = clients.map((client, i) => (i % 3 === 0 ? client.vanish() : client.leave()))
      await Promise.all(ends)
    }
    for (const name of watched) await settled(name, before[name])
  })
})

/** What clients hear when the gateway goes. */
describe("the end of the gateway", () => {
  it("MQTT 5 clients get 0x8b, older ones a close, no will is sent, and a password being hashed stops nothing", async () => {
    const plant = await Plant.open()
    const [five, four, watching] = [
      await plant.client({ will: { topic: "will", payload: "no" } }),
      await plant.client({ version: 4, will: { topic: "will", payload: "no" } }),
      await plant.client(),
    ]
    await watching.subscribe("will")
    const [hashing, mute, sleeper] = [await plant.line(), await plant.line(), await plant.client()]
    sleeper.stream.pause()
    hashing.send(plant.connect({ password: "still being looked at" }))
    const begun = performance.now()
    const stopped = plant.gateway[Symbol.asyncDispose]()
    for (const client of [five, four, watching]) await client.ended(0x8b)
    assert.deepEqual(await mute.closed(), [])
    assert.ok((await hashing.closed()).every((packet) => packet.cmd === "connack"))
    sleeper[Symbol.dispose]()
    await stopped
    assert.ok(performance.now() - begun < 3000)
    await assert.rejects(plant.line())
  })
})
