import assert from "node:assert/strict"
import { once } from "node:events"
import { connect as connectTcp } from "node:net"
import { after, before, describe, it } from "node:test"
import { connect as connectTls } from "node:tls"
import { hex } from "./bytes.ts"
import { BOTH_GENERATIONS, grant, Plant } from "./plant.ts"

/** What a client may cost, and that whoever passes a limit is stopped, counted, and nobody else's trouble. */
describe("limits", { concurrency: true }, () => {
  let plant: Plant
  before(async () => {
    const limits = {
      handshakeSeconds: 1,
      connectSeconds: 1,
      keepAliveSeconds: 30,
      subscriptionsPerClient: 4,
      topicLevels: 5,
      retainedMessages: 20,
      queuedMessagesPerSession: 5,
      queuedBytesPerSession: 20_000,
      publishesPerSecond: 60,
      connectionsPerUser: 50,
    }
    plant = await Plant.open({ guesser: grant("readWrite", "#") }, { limits })
    await plant.client()
  })
  after(() => plant[Symbol.asyncDispose]())

  for (const version of BOTH_GENERATIONS) {
    it(`MQTT ${version}: a client silent for one and a half keep alives is ended: 0x8d [MQTT-3.1.2-22], a pinging one is not`, async (context) => {
      const pinging = await plant.client({ version, keepalive: 1 })
      const pings = setInterval(() => pinging.send({ cmd: "pingreq" }), 300)
      context.after(() => clearInterval(pings))
      const begun = performance.now()
      const silent = await plant.client({ version, keepalive: 1 })
      await silent.ended(0x8d)
      assert.ok(performance.now() - begun >= 1500, `${performance.now() - begun} ms`)
      for (const packet of await pinging.rest()) assert.equal(packet.cmd, "pingresp")
    })
  }

  it("bytes of a packet that never ends are no sign of life: it is packets that count [MQTT-3.1.2-22]", async (context) => {
    const client = await plant.client({ keepalive: 1 })
    const bytes = client.bytesOf({ cmd: "publish", topic: "slow", payload: Buffer.alloc(200) })
    let at = 0
    const drip = setInterval(() => client.write(bytes.subarray(at, ++at)), 100)
    context.after(() => clearInterval(drip))
    await client.ended(0x8d)
    assert.ok(at < 60, `${at} bytes`)
  })

  it("MQTT 5: a longer keep alive than the gateway's is cut and told, one of 0 too [MQTT-3.2.2-21]; 3.1.1 keeps its own", async () => {
    for (const [asked, told] of [
      [0, 30],
      [31, 30],
      [30, undefined],
      [5, undefined],
    ] as const) {
      const { connack } = await plant.try({ keepalive: asked })
      assert.equal(connack.properties?.serverKeepAlive, told)
    }
    await plant.client({ version: 4, keepalive: 0 })
  })

  it("a CONNECT that does not come, or comes byte by byte, ends after its deadline", async (context) => {
    const [mute, trickling] = [await plant.line(), await plant.line()]
    const bytes = trickling.bytesOf(plant.connect())
    let at = 0
    const drip = setInterval(() => trickling.write(bytes.subarray(at, ++at)), 100)
    context.after(() => clearInterval(drip))
    const begun = performance.now()
    await Promise.all([mute.closed(), trickling.closed()])
    assert.ok(performance.now() - begun < 5000)
  })

  it("a TLS handshake that does not come to its end is closed after its deadline", async () => {
    const begun = performance.now()
    const half = connectTls({ port: plant.gateway.port("mqtts"), host: "127.0.0.1", rejectUnauthorized: false })
    half.on("error", () => {})
    await once(half, "secureConnect")
    half.destroy()
    const hellos = ["", "16 0301 00ff 01", "47455420"].map((bytes) => {
      const socket = connectTcp({ port: plant.gateway.port("mqtts"), host: "127.0.0.1" })
      socket.on("error", () => {}).resume()
      socket.write(hex(bytes))
      return once(socket, "close")
    })
    await Promise.all(hellos)
    assert.ok(performance.now() - begun < 5000)
  })

  it("a packet claimed to be huge before the login costs nothing: it is refused by its length alone", async () => {
    const lines = await Promise.all(Array.from({ length: 20 }, () => plant.line()))
    const before = process.memoryUsage().rss
    for (const line of lines) line.write(Buffer.concat([hex("10 ffffff7f"), Buffer.alloc(1_000_000)]))
    for (const line of lines) assert.deepEqual(await line.closed(), [])
    assert.ok(process.memoryUsage().rss - before < 60_000_000)
  })

  for (const version of BOTH_GENERATIONS) {
    it(`MQTT ${version}: a subscription too many, or of too many levels, is refused; one made again is not another`, async () => {
      const client = await plant.client({ version })
      const [none, most] = [version === 5 ? 0x97 : 0x80, 0]
      assert.deepEqual(await client.subscribe("a/b/c/d/e", "a/b/c/d/e/f", "1", "2"), [most, none, most, most])
      assert.deepEqual(await client.subscribe("3", "4", "3", "1"), [most, none, most, most])
      await client.unsubscribe("1")
      assert.deepEqual(await client.subscribe("4"), [most])
    })
  }

  it("a few filters as long as the protocol allows are too many as well: 0x97", async () => {
    const client = await plant.client()
    const long = (letter: string) => letter.repeat(600)
    assert.deepEqual(await client.subscribe(long("a"), long("b"), long("a")), [0, 0x97, 0])
    await client.unsubscribe(long("a"))
    assert.deepEqual(await client.subscribe(long("b")), [0])
  })

  it("a topic of too many levels is refused: 0x90, as a will too", async () => {
    const client = await plant.client()
    for (const qos of [1, 2]) assert.equal(await client.publish("1/2/3/4/5/6", "", { qos }), 0x90)
    assert.equal(await client.publish("1/2/3/4/5", "", { qos: 2 }), 0)
    assert.equal((await plant.try({ will: { topic: "1/2/3/4/5/6" } })).connack.reasonCode, 0x90)
  })

  const CAPS = [
    [Buffer.from("x"), 5],
    [Buffer.alloc(6000), 3],
    [Buffer.alloc(30_000), 0],
  ] as const

  it("a queue at its cap of messages or bytes drops its oldest, and counts them, where the publisher has MQTT 3.1.1", async () => {
    for (const [payload, kept] of CAPS) {
      const [topic, coming] = [plant.fresh(), { id: plant.fresh("q"), clean: false, expiry: 60 }]
      const client = await plant.client(coming)
      await client.subscribe({ topic: `${topic}/#`, qos: 1 })
      await client.vanish()
      const before = await plant.counters()
      const publisher = await plant.client({ version: 4 })
      for (let i = 0; i < 8; i++) await publisher.publish(`${topic}/${i}`, payload)
      const { messagesDropped = 0 } = await plant.counters()
      assert.ok(messagesDropped - (before.messagesDropped ?? 0) >= 8 - kept)
      const found = (await (await plant.client(coming)).take(kept)).map((message) => message.topic.split("/")[1])
      assert.deepEqual(found, ["3", "4", "5", "6", "7"].slice(5 - kept))
    }
  })

  it("a publisher of MQTT 5 is told 0x97 instead, and what was acknowledged stays; unless somebody else gets it", async () => {
    for (const [payload, kept] of CAPS) {
      const [topic, coming] = [plant.fresh(), { id: plant.fresh("q"), clean: false, expiry: 60 }]
      const client = await plant.client(coming)
      await client.subscribe({ topic: `${topic}/#`, qos: 1 })
      await client.vanish()
      const { limitQueued: before = 0 } = await plant.counters()
      const publisher = await plant.client()
      const reasons: number[] = []
      for (let i = 0; i < 8; i++) reasons.push(await publisher.publish(`${topic}/${i}`, payload, { qos: 1 + (i % 2) }))
      assert.deepEqual(reasons, [...Array(kept).fill(0), ...Array(8 - kept).fill(0x97)])
      assert.equal((await plant.counters()).limitQueued, before + 8 - kept)
      const other = await plant.client()
      await other.subscribe({ topic: `${topic}/#`, qos: 1 })
      assert.equal(await publisher.publish(`${topic}/8`, payload), 0)
      const found = (await (await plant.client(coming)).take(kept)).map((message) => message.topic.split("/")[1])
      assert.deepEqual(found, kept === 0 ? [] : [...["0", "1", "2", "3", "4"].slice(1, kept), "8"])
    }
  })

  it("over its publish rate a client is read slower, and loses nothing", async () => {
    const [subscriber, publisher, topic] = [await plant.client(), await plant.client(), plant.fresh()]
    await subscriber.subscribe(topic)
    const begun = performance.now()
    const payload = Buffer.alloc(4000)
    publisher.send(...Array.from({ length: 150 }, () => ({ cmd: "publish", topic, payload }) as const))
    assert.equal((await subscriber.messages(150)).length, 150)
    assert.ok(performance.now() - begun > 700, "it took its time")
    await publisher.quiet()
  })

  it("who asks for the same retained messages again and again before it takes them gets them once", async () => {
    const publisher = await plant.client()
    for (let i = 0; i < 15; i++) await publisher.publish(`all/${i}`, "x", { retain: true })
    const client = await plant.client({ properties: { receiveMaximum: 1 } })
    const subscribe = { cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "all/#", qos: 1 }] } as const
    client.send(...Array.from({ length: 20 }, () => subscribe))
    assert.equal((await client.rest()).filter(({ cmd }) => cmd === "suback").length, 20)
    client.send({ cmd: "puback", messageId: 1 })
    const topics = (await client.take(15)).map(({ topic }) => topic)
    assert.equal(new Set(topics).size, 15)
    await client.quiet()
  })

  it("after wrong passwords a client has to wait: 0x9f, the others come in", async () => {
    const codes: (number | undefined)[] = []
    for (let i = 0; i < 7; i++) {
      codes.push((await plant.try({ user: "guesser", password: `wrong-${i}` })).connack.reasonCode)
    }
    assert.deepEqual(codes, [0x86, 0x86, 0x86, 0x86, 0x86, 0x9f, 0x9f])
    await plant.client()
    assert.equal((await plant.try({ version: 4, user: "guesser", password: "wrong" })).connack.returnCode, 3)
  })
})
