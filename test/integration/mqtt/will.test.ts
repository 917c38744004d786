import assert from "node:assert/strict"
import { after, before, describe, it } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import type { PacketClient } from "../../support/packet-client.ts"
import { properties as block, packet, pair, text } from "./bytes.ts"
import { BOTH_GENERATIONS, grant, PASSWORD, Plant } from "./plant.ts"

/** When a will is sent, when it is not, and as what (3.1.2.5). */
describe("wills", { concurrency: true }, () => {
  let plant: Plant
  before(async () => {
    const mine = grant("readWrite", "mine/#")
    const users = { narrow: mine, fading: mine, closing: mine, prefixed: grant("write", "line7/#") }
    const fields = { prefixed: { publishPrefix: "line7" } }
    plant = await Plant.open(users, { limits: { retainedMessages: 3 } }, fields)
    for (const user of ["worker", ...Object.keys(users)]) await plant.client({ user })
  })
  after(() => plant[Symbol.asyncDispose]())

  /** Somebody who waits for wills on this topic. */
  async function watcher(topic: string, options = {}): Promise<PacketClient> {
    const client = await plant.client()
    await client.subscribe({ topic, qos: 2, ...options })
    return client
  }

  const ends: [string, (client: PacketClient) => unknown, boolean][] = [
    ["is sent when the connection breaks [MQTT-3.1.2-8]", (client) => client.vanish(), true],
    ["is sent after a breach of the protocol [MQTT-3.1.2-8]", (client) => client.write("00 00"), true],
    ["is not sent after DISCONNECT [MQTT-3.14.4-3]", (client) => client.send({ cmd: "disconnect" }), false],
  ]
  const ends5: typeof ends = [
    ["is sent after DISCONNECT 0x04 (3.14.2.1)", (client) => client.send({ cmd: "disconnect", reasonCode: 4 }), true],
    [
      "is sent after DISCONNECT 0x81 [MQTT-3.1.2-10]",
      (client) => client.send({ cmd: "disconnect", reasonCode: 0x81 }),
      true,
    ],
  ]
  for (const version of [3, 4, 5] as const) {
    for (const [sentence, end, sent] of version === 5 ? [...ends, ...ends5] : ends) {
      it(`MQTT ${version}: a will ${sentence}`, async () => {
        const topic = plant.fresh("will")
        const watching = await watcher(topic)
        const client = await plant.client({ version, will: { topic, payload: "gone", qos: 1 } })
        end(client)
        await client.closed()
        if (!sent) return watching.quiet()
        const [message] = await watching.take(1)
        assert.deepEqual([message?.payload.toString(), message?.qos, message?.retain], ["gone", 1, false])
      })
    }
  }

  for (const version of BOTH_GENERATIONS) {
    it(`MQTT ${version}: a will with retain is kept as any retained message [MQTT-3.1.2-14, -15]`, async () => {
      const topic = plant.fresh("will")
      const watching = await watcher(topic)
      await (await plant.client({ version, will: { topic, payload: "kept", retain: true } })).vanish()
      assert.equal((await watching.texts(1))[0], "kept")
      assert.equal((await (await watcher(topic)).next("publish")).retain, true)
      await (await plant.client()).publish(topic, "", { retain: true })
    })

    it(`MQTT ${version}: a takeover sends the will of the connection it ends (3.1.4-3)`, async () => {
      const [topic, id] = [plant.fresh("will"), plant.fresh("c")]
      const watching = await watcher(topic)
      await plant.client({ version, id, will: { topic, payload: "taken over" } })
      await plant.client({ version, id })
      assert.deepEqual(await watching.texts(1), ["taken over"])
    })
  }

  it("MQTT 5: a delayed will waits for its delay and is sent then [MQTT-3.1.3-9]", async () => {
    const topic = plant.fresh("will")
    const watching = await watcher(topic)
    const will = { topic, payload: "late", properties: { willDelayInterval: 1 } }
    await (await plant.client({ expiry: 60, will })).vanish()
    const begun = performance.now()
    assert.deepEqual(await watching.texts(1), ["late"])
    assert.ok(performance.now() - begun >= 900)
  })

  it("MQTT 5: a delayed will is not sent when the client is back in time, then or when the session ends [MQTT-3.1.3-9]", async () => {
    const [topic, id] = [plant.fresh("will"), plant.fresh("c")]
    const watching = await watcher(topic)
    const will = { topic, payload: "late", properties: { willDelayInterval: 60 } }
    await (await plant.client({ id, expiry: 60, will })).vanish()
    const back = await plant.client({ id, clean: false, expiry: 60 })
    await back.leave({ reasonCode: 0, properties: { sessionExpiryInterval: 0 } })
    assert.equal((await plant.client({ id, clean: false })).connack?.sessionPresent, false)
    await watching.quiet()
  })

  it("MQTT 5: a delayed will is sent when its session ends first: by expiry, by a clean start, at once without an expiry (3.1.2.5)", async () => {
    const delayed = (topic: string) => ({ topic, payload: "end", properties: { willDelayInterval: 60 } })
    const topics = [plant.fresh("will"), plant.fresh("will"), plant.fresh("will")] as const
    const [expiring, cleaned, brief] = [await watcher(topics[0]), await watcher(topics[1]), await watcher(topics[2])]
    await (await plant.client({ expiry: 1, will: delayed(topics[0]) })).vanish()
    const id = plant.fresh("c")
    await (await plant.client({ id, expiry: 60, will: delayed(topics[1]) })).vanish()
    await cleaned.quiet()
    await plant.client({ id })
    await (await plant.client({ will: delayed(topics[2]) })).vanish()
    for (const watching of [expiring, cleaned, brief]) assert.deepEqual(await watching.texts(1), ["end"])
  })

  it("MQTT 5: a takeover that resumes the session cancels a delayed will, one with a clean start sends it (3.1.4-3)", async () => {
    for (const clean of [false, true]) {
      const [topic, id] = [plant.fresh("will"), plant.fresh("c")]
      const watching = await watcher(topic)
      await plant.client({ id, expiry: 60, will: { topic, payload: "x", properties: { willDelayInterval: 60 } } })
      await plant.client({ id, clean, expiry: 60 })
      if (clean) assert.deepEqual(await watching.texts(1), ["x"])
      await watching.quiet()
    }
  })

  it("MQTT 5: a will's properties go out with it, user properties in their order, the delay left out (3.1.3.2)", async () => {
    const topic = plant.fresh("will")
    const watching = await watcher(topic)
    const users = [pair("b", "1"), pair("a", "2"), pair("b", "3")]
    const line = await plant.line()
    const [head, delayed, indicator] = [text("MQTT"), Buffer.from([24, 0, 0, 0, 1]), Buffer.from([1, 1])]
    const rest = Buffer.concat([
      Buffer.from([3]),
      text("kind"),
      Buffer.from([8]),
      text("reply"),
      Buffer.from([9]),
      text("id"),
    ])
    const options = block(indicator, "02 0000003c", ...users, delayed, rest)
    const credentials = [text("worker"), text(PASSWORD)]
    line.write(
      packet(0x10, head, "05 c6 0000 00", text(plant.fresh("c")), options, text(topic), text("gone"), ...credentials),
    )
    await line.next("connack")
    await line.vanish()
    const message = await watching.next("publish")
    assert.ok(message.bytes.includes(Buffer.concat([indicator, ...users, rest])), "in the order sent [MQTT-3.3.2-18]")
    assert.deepEqual(Object.keys(message.properties ?? {}).sort(), [
      "contentType",
      "correlationData",
      "messageExpiryInterval",
      "payloadFormatIndicator",
      "responseTopic",
      "userProperties",
    ])
    assert.equal(message.properties?.messageExpiryInterval, 60)
  })

  it("a will its user may not publish is refused at CONNECT: 0x87, and 5 for the older versions", async () => {
    for (const topic of ["elsewhere", "$SYS/x", "$share/g/mine/x", "mine"]) {
      const expected = topic === "mine" ? 0 : 0x87
      assert.equal((await plant.try({ user: "narrow", will: { topic } })).connack.reasonCode, expected, topic)
    }
    assert.equal((await plant.try({ version: 4, user: "narrow", will: { topic: "no" } })).connack.returnCode, 5)
  })

  it("a will is judged again when it is sent: not after the permission is gone, not of a disabled user", async () => {
    const watching = await watcher("mine/+")
    const will = (topic: string) => ({ topic, payload: "no", properties: { willDelayInterval: 1 } })
    const client = await plant.client({ user: "fading", will: { topic: "mine/fading", payload: "no" } })
    await (await plant.client({ user: "closing", expiry: 60, will: will("mine/closing") })).vanish()
    await plant.gateway.api.patch("/users/fading", { permissions: grant("readWrite", "other/#") })
    await plant.gateway.api.patch("/users/closing", { enabled: false })
    await client.vanish()
    await delay(1600)
    await watching.quiet()
  })

  it("a will gets its user's publish prefix, and is judged with it", async () => {
    const watching = await watcher("line7/state")
    await (await plant.client({ user: "prefixed", will: { topic: "state", payload: "gone" } })).vanish()
    assert.deepEqual(await watching.texts(1), ["gone"])
  })

  it("wills fill the retained store no further than publishes do: a will without room is sent, not kept", async () => {
    const root = plant.fresh("many")
    const watching = await watcher(`${root}/#`)
    for (let i = 0; i < 5; i++) {
      await (await plant.client({ will: { topic: `${root}/${i}`, payload: "x", retain: true } })).vanish()
      await watching.messages(1)
    }
    assert.ok(((await (await watcher(`${root}/#`)).rest()) as unknown[]).length <= 3)
  })
})
