import assert from "node:assert/strict"
import { after, before, describe, it } from "node:test"
import type { PacketClient } from "../../support/packet-client.ts"
import { BOTH_GENERATIONS, type Coming, Plant } from "./plant.ts"

/** What was under way when a connection broke is sent again on the next one, as it was (4.4). */
describe("redelivery", { concurrency: true }, () => {
  let plant: Plant
  before(async () => {
    plant = await Plant.open()
  })
  after(() => plant[Symbol.asyncDispose]())

  const lasting = (version: 4 | 5, id = plant.fresh("again")): Coming => ({ version, id, clean: false, expiry: 60 })

  /** A client that was sent `count` messages of this QoS and answered none. */
  async function owed(coming: Coming, count: number, qos: 1 | 2, client?: PacketClient): Promise<number[]> {
    const topic = plant.fresh()
    const receiver = client ?? (await plant.client(coming))
    await receiver.subscribe({ topic, qos })
    const publisher = await plant.client()
    for (let i = 0; i < count; i++) await publisher.publish(topic, String(i), { qos })
    const messages = await receiver.messages(count)
    assert.ok(messages.every((message) => !message.dup))
    if (client === undefined) await receiver.vanish()
    return messages.map(({ messageId }) => messageId ?? 0)
  }

  for (const version of BOTH_GENERATIONS) {
    for (const qos of [1, 2] as const) {
      it(`MQTT ${version}: unanswered QoS ${qos} messages come again with DUP, in order, with their identifiers [MQTT-4.4.0-1, 3.3.1-1]`, async () => {
        const coming = lasting(version)
        const ids = await owed(coming, 4, qos)
        const again = await plant.client(coming)
        const messages = await again.messages(4)
        assert.deepEqual(
          messages.map(({ payload, dup, messageId }) => [payload.toString(), dup, messageId]),
          ids.map((id, i) => [String(i), true, id]),
        )
        await again.quiet()
      })
    }

    it(`MQTT ${version}: what was answered before the break does not come again, what waited follows without DUP`, async () => {
      const coming = lasting(version)
      const receiver = await plant.client(coming)
      const topic = plant.fresh()
      await receiver.subscribe({ topic, qos: 1 })
      const publisher = await plant.client()
      for (const payload of ["a", "b", "c"]) await publisher.publish(topic, payload)
      const [first] = await receiver.messages(3)
      receiver.send({ cmd: "puback", messageId: first?.messageId })
      await receiver.quiet()
      await receiver.vanish()
      await publisher.publish(topic, "d")
      const messages = await (await plant.client(coming)).messages(3)
      assert.deepEqual(
        messages.map(({ payload, dup }) => `${payload} ${dup}`),
        ["b true", "c true", "d false"],
      )
    })

    it(`MQTT ${version}: after PUBREC it is PUBREL that comes again, never the PUBLISH [MQTT-4.3.3-6]`, async () => {
      const coming = lasting(version)
      const receiver = await plant.client(coming)
      const ids = await owed(coming, 3, 2, receiver)
      receiver.send({ cmd: "pubrec", messageId: ids[0] }, { cmd: "pubrec", messageId: ids[1] })
      await receiver.next("pubrel")
      await receiver.next("pubrel")
      receiver.send({ cmd: "pubcomp", messageId: ids[0] })
      await receiver.quiet()
      await receiver.vanish()
      const again = await plant.client(coming)
      assert.equal((await again.next("pubrel")).messageId, ids[1])
      const [last] = await again.messages(1)
      assert.deepEqual([last?.messageId, last?.dup, last?.payload.toString()], [ids[2], true, "2"])
      again.send({ cmd: "pubcomp", messageId: ids[1] }, { cmd: "pubrec", messageId: ids[2] })
      assert.equal((await again.next("pubrel")).messageId, ids[2])
      again.send({ cmd: "pubcomp", messageId: ids[2] })
      await again.quiet()
      await again.vanish()
      await (await plant.client(coming)).quiet()
    })

    it(`MQTT ${version}: a QoS 2 message sent to us stays known over a break, so its repetition reaches nobody twice [MQTT-4.3.3-10]`, async () => {
      const coming = lasting(version)
      const [topic, subscriber] = [plant.fresh(), await plant.client()]
      await subscriber.subscribe({ topic, qos: 0 })
      const publish = { cmd: "publish", topic, qos: 2, messageId: 7, payload: "once" } as const
      const publisher = await plant.client(coming)
      publisher.send(publish)
      await publisher.next("pubrec")
      await publisher.vanish()
      const again = await plant.client(coming)
      again.send({ ...publish, dup: true })
      assert.equal((await again.next("pubrec")).messageId, 7)
      again.send({ cmd: "pubrel", messageId: 7 }, { cmd: "pubrel", messageId: 7 })
      assert.deepEqual([(await again.next("pubcomp")).messageId, (await again.next("pubcomp")).messageId], [7, 7])
      assert.deepEqual(await subscriber.texts(1), ["once"])
      await subscriber.quiet()
    })
  }

  it("MQTT 5: a smaller Receive Maximum on the next connection is obeyed, also while sending again [MQTT-3.3.4-9]", async () => {
    const coming = lasting(5)
    const ids = await owed(coming, 6, 1)
    const again = await plant.client({ ...coming, properties: { receiveMaximum: 2 } })
    for (let next = 0; next < 6; next += 2) {
      const messages = await again.messages(2)
      assert.deepEqual(
        messages.map(({ messageId, dup }) => [messageId, dup]),
        ids.slice(next, next + 2).map((id) => [id, true]),
      )
      await again.quiet()
      again.send(...messages.map(({ messageId }) => ({ cmd: "puback", messageId }) as const))
    }
    await again.quiet()
  })

  it("MQTT 5: what the client acknowledges before it is sent again is not sent again, and the window stays as wide as it is", async () => {
    const coming = lasting(5)
    const topic = plant.fresh()
    const receiver = await plant.client(coming)
    await receiver.subscribe({ topic, qos: 1 })
    const ids = await owed(coming, 5, 1, receiver)
    await receiver.vanish()
    const again = await plant.client({ ...coming, properties: { receiveMaximum: 1 } })
    assert.equal((await again.messages(1))[0]?.messageId, ids[0])
    again.send(...ids.slice(1).map((messageId) => ({ cmd: "puback", messageId }) as const))
    await again.quiet()
    again.send({ cmd: "puback", messageId: ids[0] })
    await again.quiet()
    const publisher = await plant.client()
    for (const payload of ["x", "y", "z"]) await publisher.publish(topic, payload)
    assert.deepEqual(await again.texts(1), ["x"])
    await again.quiet()
  })

  it("MQTT 5: a message that was sent once is sent again although it has expired since [MQTT-4.3.3-7]", async () => {
    const coming = lasting(5)
    const [topic, receiver, publisher] = [plant.fresh(), await plant.client(coming), await plant.client()]
    await receiver.subscribe({ topic, qos: 2 })
    await publisher.publish(topic, "short", { qos: 2, properties: { messageExpiryInterval: 1 } })
    await receiver.messages(1)
    await receiver.vanish()
    await new Promise((resolve) => setTimeout(resolve, 1100))
    const [message] = await (await plant.client(coming)).messages(1)
    assert.deepEqual([message?.dup, message?.payload.toString()], [true, "short"])
  })
})
