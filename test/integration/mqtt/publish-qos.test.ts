import assert from "node:assert/strict"
import { after, before, describe, it } from "node:test"
import { BOTH_GENERATIONS, Plant } from "./plant.ts"

/** PUBLISH and its acknowledgements in both directions (4.3). */
describe("delivery by QoS", () => {
  let plant: Plant
  before(async () => {
    plant = await Plant.open()
  })
  after(() => plant[Symbol.asyncDispose]())

  for (const version of BOTH_GENERATIONS) {
    for (const sent of [0, 1, 2]) {
      for (const wanted of [0, 1, 2]) {
        const given = Math.min(sent, wanted)
        it(`MQTT ${version}: QoS ${sent} to a subscription of QoS ${wanted} comes at QoS ${given} [MQTT-3.8.4-8]`, async () => {
          const topic = plant.fresh()
          const [subscriber, publisher] = [await plant.client({ version }), await plant.client({ version })]
          assert.deepEqual(await subscriber.subscribe({ topic, qos: wanted }), [wanted])
          await publisher.publish(topic, "x", { qos: sent })
          const [message] = await subscriber.take(1)
          assert.deepEqual(
            [message?.qos, message?.payload.toString(), message?.dup, message?.retain],
            [given, "x", false, false],
          )
          await subscriber.quiet()
        })
      }
    }

    it(`MQTT ${version}: acknowledgements come in the order of the messages [MQTT-4.6.0-2 to -4]`, async () => {
      const client = await plant.client({ version })
      const topic = plant.fresh()
      const publish = (qos: number, messageId: number) => ({ cmd: "publish", topic, qos, messageId }) as const
      client.send(publish(1, 5), publish(2, 3), publish(1, 9), publish(2, 4))
      const found: string[] = []
      for (let i = 0; i < 4; i++) {
        const { cmd, messageId } = await client.any()
        found.push(`${cmd} ${messageId}`)
      }
      assert.deepEqual(found, ["puback 5", "pubrec 3", "puback 9", "pubrec 4"])
      client.send({ cmd: "pubrel", messageId: 4 }, { cmd: "pubrel", messageId: 3 })
      assert.equal((await client.next("pubcomp")).messageId, 4)
      assert.equal((await client.next("pubcomp")).messageId, 3)
    })

    it(`MQTT ${version}: messages of one topic and QoS come in the order they were sent [MQTT-4.6.0-6]`, async () => {
      const topic = plant.fresh()
      const [subscriber, publisher] = [await plant.client({ version }), await plant.client({ version })]
      await subscriber.subscribe({ topic, qos: 1 })
      const numbers = Array.from({ length: 500 }, (_, i) => String(i))
      publisher.send(
        ...numbers.map((payload, i) => ({ cmd: "publish", topic, qos: 1, messageId: i + 1, payload }) as const),
      )
      assert.deepEqual(
        (await subscriber.take(500)).map(({ payload }) => payload.toString()),
        numbers,
      )
    })

    it(`MQTT ${version}: QoS 2 reaches its subscriber once, however often PUBLISH and PUBREL are repeated [MQTT-4.3.3-10, -12]`, async () => {
      const topic = plant.fresh()
      const [subscriber, publisher] = [await plant.client({ version }), await plant.client({ version })]
      await subscriber.subscribe({ topic, qos: 0 })
      const publish = { cmd: "publish", topic, qos: 2, messageId: 1, payload: "first" } as const
      const again = { ...publish, dup: true }
      publisher.send(publish, again, again, { cmd: "pubrel", messageId: 1 }, { cmd: "pubrel", messageId: 1 })
      const answers = [await publisher.any(), await publisher.any(), await publisher.any()]
      assert.deepEqual(
        answers.map(({ cmd, messageId }) => `${cmd} ${messageId}`),
        ["pubrec 1", "pubrec 1", "pubrec 1"],
      )
      const [known, unknown] = [await publisher.next("pubcomp"), await publisher.next("pubcomp")]
      assert.deepEqual([known.reasonCode ?? 0, unknown.reasonCode ?? 0], [0, version === 5 ? 0x92 : 0])
      publisher.send({ ...publish, payload: "second" })
      await publisher.next("pubrec")
      assert.deepEqual(await subscriber.texts(2), ["first", "second"])
      await subscriber.quiet()
    })

    it(`MQTT ${version}: a PUBLISH sent with DUP and never seen before is a new one, and goes on without DUP [MQTT-3.3.1-3]`, async () => {
      const topic = plant.fresh()
      const [subscriber, publisher] = [await plant.client({ version }), await plant.client({ version })]
      await subscriber.subscribe({ topic, qos: 2 })
      for (const qos of [1, 2]) await publisher.publish(topic, String(qos), { qos, dup: true })
      const messages = await subscriber.take(2)
      assert.deepEqual(
        messages.map(({ qos, dup }) => [qos, dup]),
        [
          [1, false],
          [2, false],
        ],
      )
    })

    it(`MQTT ${version}: a client gets its own messages, once for overlapping filters (3.3.4)`, async () => {
      const client = await plant.client({ version })
      const topic = plant.fresh()
      await client.subscribe({ topic: `${topic}/#`, qos: 0 }, { topic: `${topic}/+`, qos: 1 }, `${topic}/a`)
      client.send({ cmd: "publish", topic: `${topic}/a`, payload: "me", qos: 1, messageId: 60 })
      const [message] = await client.messages(1)
      assert.equal(message?.qos, 1, "the highest QoS of all that match [MQTT-3.3.4-2]")
      await client.next("puback")
      await client.quiet()
    })

    it(`MQTT ${version}: an acknowledgement nobody waits for is passed over, one of the wrong kind ends the connection`, async () => {
      const topic = plant.fresh()
      const [subscriber, publisher] = [await plant.client({ version }), await plant.client({ version })]
      await subscriber.subscribe({ topic, qos: 1 })
      subscriber.send({ cmd: "puback", messageId: 77 }, { cmd: "pubcomp", messageId: 78 })
      await subscriber.quiet()
      subscriber.send({ cmd: "pubrec", messageId: 79 })
      assert.equal((await subscriber.next("pubrel")).reasonCode ?? 0, version === 5 ? 0x92 : 0)
      await publisher.publish(topic)
      const [message] = await subscriber.messages(1)
      subscriber.send({ cmd: "pubrec", messageId: message?.messageId })
      await subscriber.ended(0x82)
    })
  }

  it("MQTT 5: a PUBACK or PUBREC that refuses ends the exchange: nothing comes again [MQTT-4.4.0-2]", async () => {
    const coming = { id: "refuser", expiry: 60, clean: false }
    const subscriber = await plant.client(coming)
    const publisher = await plant.client()
    await subscriber.subscribe({ topic: "refused", qos: 2 })
    await publisher.publish("refused", "1", { qos: 1 })
    await publisher.publish("refused", "2", { qos: 2 })
    const [one, two] = await subscriber.messages(2)
    subscriber.send({ cmd: "puback", messageId: one?.messageId, reasonCode: 0x97 })
    subscriber.send({ cmd: "pubrec", messageId: two?.messageId, reasonCode: 0x80 })
    await subscriber.quiet()
    await subscriber.vanish()
    await (await plant.client(coming)).quiet()
  })

  it("a topic of more levels than the gateway takes is refused like any other publish, and its identifier is free again", async () => {
    const subscriber = await plant.client()
    await subscriber.subscribe("deep/#")
    const deep = `deep${"/x".repeat(200)}`
    const five = await plant.client()
    for (const qos of [1, 2]) assert.equal(await five.publish(deep, "", { qos, messageId: 9 }), 0x90)
    assert.equal(await five.publish("deep/enough", "5", { qos: 2, messageId: 9 }), 0)
    const four = await plant.client({ version: 4 })
    for (const qos of [0, 1, 2]) await four.publish(deep, "", { qos })
    assert.deepEqual(await subscriber.texts(1), ["5"])
    await subscriber.quiet()
    assert.equal((await plant.try({ will: { topic: deep } })).connack.reasonCode, 0x90)
  })

  for (const version of BOTH_GENERATIONS) {
    it(`MQTT ${version}: after its PUBACK or PUBCOMP an identifier is free: the next message with it is new, whatever its DUP [MQTT-4.3.2-5, 4.3.3-12]`, async () => {
      const [topic, publisher, subscriber] = [plant.fresh(), await plant.client({ version }), await plant.client()]
      await subscriber.subscribe({ topic, qos: 0 })
      for (const qos of [1, 2]) {
        for (const dup of [false, true]) await publisher.publish(topic, `${qos} ${dup}`, { qos, dup, messageId: 5 })
      }
      assert.deepEqual(await subscriber.texts(4), ["1 false", "1 true", "2 false", "2 true"])
      await subscriber.quiet()
    })

    it(`MQTT ${version}: a topic of 65,535 bytes is a topic like any other, beyond ASCII too (4.7.3)`, async () => {
      const [client, other] = [await plant.client({ version }), await plant.client({ version })]
      for (const topic of ["x".repeat(65_535), `${"ü".repeat(32_767)}y`]) {
        await client.subscribe({ topic, qos: 2 })
        for (const qos of [0, 1, 2]) await other.publish(topic, String(qos), { qos, retain: qos === 1 })
        const messages = await client.take(3)
        assert.ok(messages.every((message) => message.topic === topic))
        await client.subscribe({ topic, qos: 0 })
        assert.equal((await client.messages(1))[0]?.topic, topic, "as a retained message")
        await client.unsubscribe(topic)
        await other.publish(topic, "", { retain: true })
      }
    })
  }

  it("MQTT 5: a QoS 2 message that has expired meanwhile is acknowledged to its end [MQTT-4.3.3-13]", async () => {
    const [topic, publisher, subscriber] = [plant.fresh(), await plant.client(), await plant.client()]
    await subscriber.subscribe({ topic, qos: 2 })
    for (const messageId of [1, 2]) {
      const properties = { messageExpiryInterval: 0 }
      publisher.send({ cmd: "publish", topic, qos: 2, messageId, properties, payload: "late" })
      assert.equal((await publisher.next("pubrec")).messageId, messageId)
      publisher.send({ cmd: "pubrel", messageId })
      assert.equal((await publisher.next("pubcomp")).messageId, messageId)
    }
    await subscriber.quiet()
  })

  it("MQTT 5: PUBACK says 0x10 where nobody has subscribed, not where somebody sleeps or only a group has (3.4.2.1)", async () => {
    const [publisher, root] = [await plant.client(), plant.fresh()]
    assert.equal(await publisher.publish(`${root}/nobody`), 0x10)
    assert.equal(await publisher.publish(`${root}/kept`, "x", { retain: true }), 0x10)
    const sleeper = await plant.client({ id: plant.fresh("sleeper"), clean: false, expiry: 60 })
    await sleeper.subscribe({ topic: `${root}/sleeper`, qos: 1 })
    await sleeper.vanish()
    assert.equal(await publisher.publish(`${root}/sleeper`), 0)
    const member = await plant.client()
    await member.subscribe(`$share/g/${root}/group`)
    assert.equal(await publisher.publish(`${root}/group`), 0)
    await member.leave()
    assert.equal(await publisher.publish(`${root}/group`), 0x10)
    assert.equal(await publisher.publish(`${root}/nobody`, "", { qos: 2 }), 0)
  })
})
