import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import { Box, texts } from "./box.ts"

const ENDS = ["crash", "restart"] as const

describe("what was acknowledged", { concurrency: 2 }, () => {
  for (const end of ENDS) {
    it(`survives a ${end}: sessions with their subscriptions and queues, in order, and the retained messages`, async () => {
      await using box = await Box.open()
      const subscriber = await box.client({ id: "s" })
      assert.deepEqual(await subscriber.subscribe({ topic: "a/#", qos: 2 }, { topic: "$share/g/b", qos: 1 }), [2, 1])
      await subscriber.vanish()
      const publisher = await box.client({ id: "p" })
      for (let i = 0; i < 300; i++) assert.equal(await publisher.publish("a/x", `${i}`, { qos: 1 + (i % 2) }), 0)
      await publisher.publish("b", "shared")
      await publisher.publish("kept/1", "old", { retain: true })
      await publisher.publish("kept/1", "new", { retain: true })
      await publisher.publish("kept/2", "gone", { retain: true })
      await publisher.publish("kept/2", "", { retain: true })

      await box[end]()

      const back = await box.client({ id: "s" })
      assert.equal(back.connack?.sessionPresent, true)
      const messages = await back.take(301)
      assert.deepEqual(texts(messages), [...Array.from({ length: 300 }, (_, i) => `${i}`), "shared"])
      assert.ok(
        messages.every(({ dup }) => !dup),
        "none had been sent before",
      )
      await back.subscribe({ topic: "kept/#", qos: 1 })
      const [kept] = await back.take(1)
      assert.equal(kept?.payload.toString(), "new")
      assert.equal(kept?.retain, true)
      await back.quiet()
    })

    it(`is sent again with DUP and the same packet identifier after a ${end}, until it is acknowledged`, async () => {
      await using box = await Box.open()
      const subscriber = await box.client({ id: "s" })
      await subscriber.subscribe({ topic: "a", qos: 2 })
      const publisher = await box.client({ id: "p" })
      await publisher.publish("a", "one", { qos: 1 })
      await publisher.publish("a", "two", { qos: 2 })
      const first = await subscriber.messages(2)
      const ids = first.map(({ messageId }) => messageId)

      await box[end]()

      const back = await box.client({ id: "s" })
      const again = await back.messages(2)
      assert.deepEqual(
        again.map(({ dup, messageId, qos, payload }) => [dup, messageId, qos, payload.toString()]),
        [
          [true, ids[0], 1, "one"],
          [true, ids[1], 2, "two"],
        ],
      )
      back.send({ cmd: "puback", messageId: ids[0] })
      back.send({ cmd: "pubrec", messageId: ids[1] })
      assert.equal((await back.next("pubrel")).messageId, ids[1])

      await box[end]()

      const third = await box.client({ id: "s" })
      assert.equal((await third.next("pubrel")).messageId, ids[1], "PUBREL again, not the message")
      third.send({ cmd: "pubcomp", messageId: ids[1] })
      const rest = await third.rest()
      assert.ok(
        rest.every((packet) => packet.cmd === "publish" && packet.dup && packet.messageId === ids[0]),
        "a PUBACK shortly before a crash may be lost, nothing else",
      )
    })

    it(`a QoS 2 message is not taken twice over a ${end}, and a released packet identifier is free`, async () => {
      await using box = await Box.open()
      const subscriber = await box.client({ id: "s" })
      await subscriber.subscribe({ topic: "a", qos: 2 })
      await subscriber.vanish()
      const publisher = await box.client({ id: "p" })
      publisher.send({ cmd: "publish", topic: "a", payload: "once", qos: 2, messageId: 7 })
      await publisher.next("pubrec")

      await box[end]()

      const again = await box.client({ id: "p" })
      again.send({ cmd: "publish", topic: "a", payload: "once", qos: 2, messageId: 7, dup: true })
      await again.next("pubrec")
      again.send({ cmd: "pubrel", messageId: 7 })
      assert.equal((await again.next("pubcomp")).reasonCode ?? 0, 0)

      await box[end]()

      const third = await box.client({ id: "p" })
      third.send({ cmd: "publish", topic: "a", payload: "twice", qos: 2, messageId: 7 })
      await third.next("pubrec")
      const back = await box.client({ id: "s" })
      assert.deepEqual(texts(await back.take(2)), ["once", "twice"])
      await back.quiet()
    })
  }

  it("keeps MQTT 5 properties and what is left of the message expiry", async () => {
    await using box = await Box.open()
    const subscriber = await box.client({ id: "s" })
    await subscriber.subscribe({ topic: "a", qos: 1 })
    await subscriber.vanish()
    const publisher = await box.client({ id: "p" })
    const userProperties = { unit: ["C", "K"] }
    const properties = { userProperties, contentType: "text/plain", correlationData: Buffer.from([1, 2]) }
    await publisher.publish("a", "21", { properties: { ...properties, messageExpiryInterval: 60 } })
    await publisher.publish("a", "gone", { properties: { messageExpiryInterval: 1 } })
    await box.crash()
    await delay(1100)
    const [message] = await (await box.client({ id: "s" })).take(1)
    assert.deepEqual({ ...message?.properties?.userProperties }, userProperties)
    assert.equal(message?.properties?.contentType, "text/plain")
    assert.deepEqual(message?.properties?.correlationData, Buffer.from([1, 2]))
    const left = message?.properties?.messageExpiryInterval ?? 0
    assert.ok(left > 30 && left < 60, `${left} s`)
  })

  it("a session ends when its time is over, also where the gateway was not running meanwhile", async () => {
    await using box = await Box.open()
    const short = await box.client({ id: "short", expiry: 1 })
    await short.subscribe({ topic: "a", qos: 1 })
    await short.vanish()
    const long = await box.client({ id: "long", expiry: 3600 })
    await long.vanish()
    await box.settle()
    await box.gateway.stop("SIGKILL")
    await delay(1100)
    await box.start()
    assert.equal((await box.client({ id: "short" })).connack?.sessionPresent, false)
    assert.equal((await box.client({ id: "long" })).connack?.sessionPresent, true)
  })

  it("what was unsubscribed, ended or begun anew stays so after a crash", async () => {
    await using box = await Box.open()
    const one = await box.client({ id: "one" })
    await one.subscribe({ topic: "a", qos: 1 }, { topic: "b", qos: 1 })
    await one.unsubscribe("a")
    const two = await box.client({ id: "two" })
    await two.subscribe({ topic: "a", qos: 1 })
    await two.vanish()
    const anew = await box.client({ id: "two", clean: true, expiry: 3600 })
    await box.crash()
    const publisher = await box.client({ id: "p" })
    await publisher.publish("a", "no")
    await publisher.publish("b", "yes")
    assert.deepEqual(texts(await (await box.client({ id: "one" })).take(1)), ["yes"])
    const again = await box.client({ id: "two" })
    assert.equal(again.connack?.sessionPresent, true)
    await again.quiet()
    anew.stream.destroy()
  })

  for (const end of ENDS) {
    it(`wills of clients that a ${end} cut off are sent by the next start, once; not of those that had left`, async () => {
      await using box = await Box.open()
      const watcher = await box.client({ id: "w" })
      await watcher.subscribe({ topic: "will/#", qos: 1 })
      const will = (name: string, fields = {}) => ({ topic: `will/${name}`, payload: name, qos: 1, ...fields })
      await box.client({ id: "clean", clean: true, expiry: 0, will: will("clean") })
      await box.client({ id: "kept", will: will("kept", { retain: true }) })
      await box.client({ id: "old", version: 4, clean: true, will: will("old") })
      await box.client({ id: "late", will: will("late", { properties: { willDelayInterval: 4 } }) })
      await box.client({ id: "back", will: will("back", { properties: { willDelayInterval: 60 } }) })
      await (await box.client({ id: "left", will: will("left") })).leave()
      await box.settle()
      await box[end]()
      await box.client({ id: "back" })
      const again = await box.client({ id: "w" })
      assert.deepEqual(texts(await again.take(4)).sort(), ["clean", "kept", "late", "old"])
      await again.quiet()
      await box.settle()
      await box[end]()
      const third = await box.client({ id: "w" })
      await third.quiet()
    })
  }
})
