import assert from "node:assert/strict"
import { after, before, describe, it } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import { BOTH_GENERATIONS, type Coming, Plant } from "./plant.ts"

/** What outlives a connection, for how long, and what is sent again. */
describe("sessions", { concurrency: true }, () => {
  let plant: Plant
  before(async () => {
    plant = await Plant.open({}, { limits: { inflightOutgoing: 5 } })
    await plant.client() // the password is hashed once, before the clock of any test runs
  })
  after(() => plant[Symbol.asyncDispose]())

  const lasting = (version: 4 | 5, id: string): Coming => {
    return version === 4 ? { version, id, clean: false } : { version, id, clean: false, expiry: 60 }
  }
  const present = async (id: string) => {
    const { client, connack } = await plant.try({ id, clean: false })
    await client.leave()
    return connack.sessionPresent
  }

  const expiries: [string, Coming, object | undefined, boolean][] = [
    ["without an expiry ends with its connection (3.1.2.11.2)", {}, undefined, false],
    ["with expiry 0 ends with its connection", { expiry: 0 }, undefined, false],
    ["of one second is gone two seconds later", { expiry: 1 }, undefined, false],
    ["of a minute is there two seconds later", { expiry: 60 }, undefined, true],
    ["is made longer by DISCONNECT (3.14.2.2.2)", { expiry: 1 }, { sessionExpiryInterval: 60 }, true],
    ["is made shorter by DISCONNECT", { expiry: 60 }, { sessionExpiryInterval: 1 }, false],
    ["is ended by DISCONNECT with expiry 0", { expiry: 60 }, { sessionExpiryInterval: 0 }, false],
  ]
  for (const [sentence, coming, properties, expected] of expiries) {
    it(`MQTT 5: a session ${sentence}`, async () => {
      const id = plant.fresh("expiry")
      const client = await plant.client({ id, ...coming })
      await client.subscribe("x/y")
      await client.leave(properties === undefined ? {} : { reasonCode: 0, properties })
      await delay(1600)
      assert.equal(await present(id), expected)
    })
  }

  it("MQTT 5: an expiry in DISCONNECT where CONNECT had 0 is a protocol error (3.14.2.2.2)", async () => {
    const client = await plant.client({ expiry: 0 })
    client.send({ cmd: "disconnect", reasonCode: 0, properties: { sessionExpiryInterval: 5 } })
    await client.ended(0x82)
  })

  it("MQTT 5: a session expires only while nobody is connected (3.1.2.11.2)", async () => {
    const id = plant.fresh("expiry")
    const client = await plant.client({ id, expiry: 1 })
    await delay(1600)
    await client.vanish()
    assert.equal(await present(id), true)
  })

  it("MQTT 5: coming back with expiry 0 resumes the session and lets it end with this connection", async () => {
    const id = plant.fresh("expiry")
    await (await plant.client({ id, expiry: 60 })).leave()
    assert.equal(await present(id), true)
    assert.equal(await present(id), false)
  })

  for (const version of BOTH_GENERATIONS) {
    it(`MQTT ${version}: a session without subscriptions is resumed too [MQTT-3.2.2-3, 3.1.1: 3.2.2-2]`, async () => {
      const coming = lasting(version, plant.fresh("bare"))
      await (await plant.client(coming)).vanish()
      assert.equal((await plant.client(coming)).connack?.sessionPresent, true)
    })

    it(`MQTT ${version}: subscriptions last, and what came meanwhile is sent in order [MQTT-4.6.0-6]`, async () => {
      const coming = lasting(version, plant.fresh("away"))
      const [topic, publisher] = [plant.fresh(), await plant.client({ version })]
      const client = await plant.client(coming)
      await client.subscribe({ topic: `${topic}/#`, qos: 2 })
      await client.vanish()
      for (let i = 0; i < 12; i++) await publisher.publish(`${topic}/${i % 2}`, String(i), { qos: 1 + (i % 2) })
      await publisher.publish(`${topic}/lost`, "QoS 0 is not kept", { qos: 0 })
      const again = await plant.client(coming)
      const messages = await again.take(12)
      assert.deepEqual(
        messages.map(({ payload, qos, dup }) => [payload.toString(), qos, dup]),
        Array.from({ length: 12 }, (_, i) => [String(i), 1 + (i % 2), false]),
      )
      await publisher.publish(`${topic}/live`, "still subscribed")
      assert.deepEqual(await again.texts(1), ["still subscribed"])
    })

    it(`MQTT ${version}: a clean start forgets subscriptions and what waited [MQTT-3.1.2-4, 3.1.1: 3.1.2-6]`, async () => {
      const coming = lasting(version, plant.fresh("forgotten"))
      const topic = plant.fresh()
      const client = await plant.client(coming)
      await client.subscribe({ topic, qos: 1 })
      await client.vanish()
      const publisher = await plant.client({ version })
      await publisher.publish(topic, "for nobody")
      const again = await plant.client({ ...coming, clean: true })
      assert.equal(again.connack?.sessionPresent, false)
      await publisher.publish(topic, "for nobody either")
      await again.quiet()
    })
  }
})

describe("a session whose time is over", () => {
  let plant: Plant
  let skew = 0
  before(async () => {
    const clock = { now: () => Date.now() + skew, elapsed: () => performance.now() + skew }
    plant = await Plant.open({}, {}, {}, clock)
  })
  after(() => plant[Symbol.asyncDispose]())

  for (const [what, expiry, delaySeconds] of [
    ["is not resumed a moment later, whether or not it was swept by then", 30, 60],
    ["has sent a delayed will that is due before its client comes back", 90, 20],
  ] as const) {
    it(`MQTT 5: it ${what} (3.1.2.11.2) [MQTT-3.1.3-9]`, async () => {
      const watching = await plant.client()
      const [topic, id] = [plant.fresh(), plant.fresh("c")]
      await watching.subscribe(topic)
      const properties = { willDelayInterval: delaySeconds }
      const client = await plant.client({ id, expiry, will: { topic, payload: "gone", properties } })
      await client.vanish()
      for (let left = 200; left > 0 && (await plant.counters()).connections !== 1; left--) await delay(5)
      skew += 40_000
      const { client: back, connack } = await plant.try({ id, clean: false })
      assert.equal(connack.sessionPresent, expiry > 40)
      assert.deepEqual(await watching.texts(1), ["gone"])
      await watching.quiet()
      await Promise.all([back.leave(), watching.leave()])
    })
  }
})
