import assert from "node:assert/strict"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { after, before, describe, it } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import { SlowDisk } from "../../support/slow-disk.ts"
import { BOTH_GENERATIONS, type Coming, Plant } from "./plant.ts"

/** What goes out, and in which order, while the disk takes its time: everything here is decided by the order of packets. */
describe("while the disk is slow", () => {
  let plant: Plant
  before(async () => {
    plant = await Plant.open()
    await plant.client() // the password is hashed once
  })
  after(() => plant[Symbol.asyncDispose]())

  const will = { topic: "slow/will", payload: "gone" }

  /** Resolves once the gateway has seen this many CONNECTs through up to their CONNACK. */
  async function admitted(count: number): Promise<void> {
    while ((await plant.counters()).connectionsAccepted !== count) await delay(2)
  }

  for (const version of BOTH_GENERATIONS) {
    it(`MQTT ${version}: a client that is taken over before its CONNACK gets nothing, not even DISCONNECT [MQTT-3.2.0-1, 3.14.0-1]`, async () => {
      const coming: Coming = { version, id: plant.fresh("waits"), will }
      const { connectionsAccepted = 0 } = await plant.counters()
      const [first, second] = [await plant.line(version), await plant.line(version)]
      {
        using _disk = new SlowDisk(plant.gateway)
        first.send(plant.connect(coming))
        await admitted(connectionsAccepted + 1)
        second.send(plant.connect(coming))
        assert.deepEqual(await first.closed(), [])
      }
      assert.equal((await second.any()).cmd, "connack")
      await second.leave()
    })

    it(`MQTT ${version}: live messages and pings wait behind CONNACK [MQTT-3.2.0-1]`, async () => {
      const coming: Coming = { version, id: plant.fresh("waits"), clean: false, expiry: 60 }
      const [topic, publisher] = [plant.fresh(), await plant.client()]
      const before = await plant.client(coming)
      await before.subscribe({ topic, qos: 1 })
      await before.vanish()
      const { connectionsAccepted = 0 } = await plant.counters()
      const line = await plant.line(version)
      {
        using _disk = new SlowDisk(plant.gateway)
        line.send(plant.connect({ ...coming, will }), { cmd: "pingreq" })
        await admitted(connectionsAccepted + 1)
        publisher.send({ cmd: "publish", topic, payload: "0" }, { cmd: "pingreq" })
        publisher.send({ cmd: "publish", topic, payload: "1", qos: 1, messageId: 1 })
        await publisher.next("pingresp")
      }
      assert.equal((await line.next("connack")).sessionPresent, true)
      const rest = [await line.any(), await line.any()].map(({ cmd }) => cmd).sort()
      assert.deepEqual(rest, ["pingresp", "publish"])
      await line.leave()
    })

    it(`MQTT ${version}: whatever the QoS, a client's messages to one topic come in the order sent [MQTT-4.6.0-5, -6]`, async () => {
      const topic = plant.fresh()
      const publisher = await plant.client({ version, id: plant.fresh("mixed"), clean: false, expiry: 60 })
      const [all, once] = [await plant.client(), await plant.client({ version: 4 })]
      await all.subscribe({ topic, qos: 0 })
      await once.subscribe({ topic, qos: 1 })
      const qualities = [2, 1, 0, 0, 2, 1, 2, 0]
      {
        using _disk = new SlowDisk(plant.gateway)
        publisher.send(
          ...qualities.map((qos, i) => {
            return { cmd: "publish", topic, qos, payload: String(i), ...(qos > 0 ? { messageId: i + 1 } : {}) } as const
          }),
        )
        publisher.send({ cmd: "publish", topic: `${topic}/other`, payload: "" }, { cmd: "pingreq" })
        await publisher.next("pingresp")
        await all.quiet()
      }
      const expected = qualities.map((_, i) => String(i))
      assert.deepEqual(await all.texts(8), expected)
      assert.deepEqual(
        (await once.take(8)).map(({ payload }) => payload.toString()),
        expected,
      )
      const answers = [await publisher.any(), await publisher.any(), await publisher.any(), await publisher.any()]
      assert.deepEqual(
        [...answers, await publisher.any()].map(({ cmd, messageId }) => `${cmd} ${messageId}`),
        ["pubrec 1", "puback 2", "pubrec 5", "puback 6", "pubrec 7"],
      )
    })
  }

  it("a message of QoS 2 that nobody has waited for on another topic holds nothing up", async () => {
    const topic = plant.fresh()
    const publisher = await plant.client({ id: plant.fresh("mixed"), clean: false, expiry: 60 })
    const subscriber = await plant.client()
    await subscriber.subscribe({ topic: `${topic}/#`, qos: 0 })
    {
      using _disk = new SlowDisk(plant.gateway)
      publisher.send({ cmd: "publish", topic: `${topic}/slow`, qos: 2, messageId: 1, payload: "slow" })
      publisher.send({ cmd: "publish", topic: `${topic}/quick`, payload: "quick" })
      assert.deepEqual(await subscriber.texts(1), ["quick"])
    }
    assert.deepEqual(await subscriber.texts(1), ["slow"])
  })

  for (const qos of [0, 1, 2]) {
    it(`QoS ${qos}: of one client at most 256 KiB wait for the disk; then it is not read, and nothing of it is lost`, async () => {
      const topic = plant.fresh()
      const sleeper: Coming = { id: plant.fresh("sleeper"), clean: false, expiry: 60 }
      const before = await plant.client(sleeper)
      await before.subscribe({ topic, qos: 2 })
      await before.vanish()
      const publisher = await plant.client({ version: 4, id: plant.fresh("floods"), clean: false })
      const others = await plant.client()
      const payload = Buffer.alloc(16_000, "x")
      const { messagesIn = 0 } = await plant.counters()
      {
        using _disk = new SlowDisk(plant.gateway)
        publisher.send({ cmd: "publish", topic, qos: 2, messageId: 1, payload })
        for (let i = 2; i <= 80; i++) {
          publisher.send({ cmd: "publish", topic, qos, payload, ...(qos > 0 ? { messageId: i } : {}) })
        }
        let taken = 0
        for (let last = -1; taken !== last; await delay(100)) {
          last = taken
          taken = ((await plant.counters()).messagesIn ?? 0) - messagesIn
        }
        assert.ok(taken >= 16 && taken * payload.length < 262_144 + 2 * 65_536, `${taken} of 80 were read`)
        await others.quiet()
      }
      while (((await plant.counters()).messagesIn ?? 0) < messagesIn + 80) await delay(5)
      for (let i = 1; i <= (qos === 0 ? 1 : 80); i++) assert.equal((await publisher.any()).messageId, i)
      const again = await plant.client(sleeper)
      assert.equal((await again.take(qos === 0 ? 1 : 80)).length, qos === 0 ? 1 : 80)
    })
  }

  it("a keep alive does not run out while CONNACK waits for the disk [MQTT-3.1.2-22]", async () => {
    const line = await plant.line()
    {
      using _disk = new SlowDisk(plant.gateway)
      line.send(plant.connect({ id: plant.fresh("patient"), keepalive: 1, will }))
      await delay(2600)
    }
    assert.equal((await line.next("connack")).reasonCode, 0)
    await line.quiet()
  })

  it("a client that is not read because of the disk is not silent: its keep alive does not run out [MQTT-3.1.2-22]", async () => {
    const topic = plant.fresh()
    const sleeper = await plant.client({ id: plant.fresh("sleeper"), clean: false, expiry: 60 })
    await sleeper.subscribe({ topic, qos: 1 })
    await sleeper.vanish()
    const publisher = await plant.client({ version: 4, keepalive: 1 })
    const payload = Buffer.alloc(16_000, "x")
    {
      using _disk = new SlowDisk(plant.gateway)
      for (let i = 1; i <= 60; i++) publisher.send({ cmd: "publish", topic, qos: 1, messageId: i, payload })
      await delay(2600)
    }
    for (let i = 1; i <= 60; i++) assert.equal((await publisher.next("puback")).messageId, i)
    await publisher.quiet()
  })

  it("a QoS 2 message that is released before the disk has its identifier leaves no trace there [MQTT-4.3.3-12]", async () => {
    const publisher = await plant.client({ id: plant.fresh("hasty"), clean: false, expiry: 60 })
    {
      using _disk = new SlowDisk(plant.gateway)
      publisher.send({ cmd: "publish", topic: "hasty/first", qos: 2, messageId: 60_001 }, { cmd: "pingreq" })
      await publisher.next("pingresp")
      await delay(20) // the commit with it is under way; the next two are in one
      publisher.send(
        { cmd: "publish", topic: "hasty/second", qos: 2, messageId: 60_002 },
        { cmd: "pubrel", messageId: 60_002 },
      )
      publisher.send({ cmd: "pingreq" })
      await publisher.next("pingresp")
    }
    await publisher.next("pubrec")
    const ends = [await publisher.any(), await publisher.any()].map(({ cmd, messageId }) => `${cmd} ${messageId}`)
    assert.deepEqual(ends.sort(), ["pubcomp 60002", "pubrec 60002"])
    using file = new DatabaseSync(join(plant.gateway.folder, "state/broker/sessions.db"), { readOnly: true })
    assert.deepEqual(
      file
        .prepare("SELECT packet FROM received WHERE packet > 60000")
        .all()
        .map((row) => row.packet),
      [60_001],
    )
  })

  it("PUBREL waits until the disk knows of its PUBREC, also where that is repeated or the client comes back [MQTT-4.3.3-6]", async () => {
    const [topic, coming] = [plant.fresh(), { id: plant.fresh("receiver"), clean: false, expiry: 60 }]
    const receiver = await plant.client(coming)
    await receiver.subscribe({ topic, qos: 2 })
    await (await plant.client()).publish(topic, "once", { qos: 2 })
    const [message] = await receiver.messages(1)
    const pubrec = { cmd: "pubrec", messageId: message?.messageId } as const
    let again = receiver
    {
      using _disk = new SlowDisk(plant.gateway)
      receiver.send(pubrec, pubrec)
      await receiver.quiet()
      await receiver.vanish()
      again = await plant.client(coming)
      await again.quiet()
      again.send(pubrec)
      await again.quiet()
    }
    assert.equal((await again.next("pubrel")).messageId, message?.messageId)
    again.send({ cmd: "pubcomp", messageId: message?.messageId })
    await again.quiet()
  })

  it("PUBRELs come in the order of the PUBRECs, whichever of them waits for the disk [MQTT-4.6.0-4]", async () => {
    const [topic, coming] = [plant.fresh(), { id: plant.fresh("receiver"), clean: false, expiry: 60 }]
    const before = await plant.client(coming)
    await before.subscribe({ topic, qos: 2 })
    const publisher = await plant.client()
    await publisher.publish(topic, "stored", { qos: 2 })
    await before.messages(1)
    await before.vanish()
    const receiver = await plant.client({ ...coming, expiry: 0 })
    await publisher.publish(topic, "not stored: its session ends with the connection", { qos: 2 })
    const ids = (await receiver.messages(2)).map(({ messageId }) => messageId)
    {
      using _disk = new SlowDisk(plant.gateway)
      receiver.send(...ids.map((messageId) => ({ cmd: "pubrec", messageId }) as const))
      await receiver.quiet()
    }
    assert.deepEqual([(await receiver.next("pubrel")).messageId, (await receiver.next("pubrel")).messageId], ids)
  })
})
