import assert from "node:assert/strict"
import { after, before, describe, it } from "node:test"
import type { PacketClient, Received } from "../../support/packet-client.ts"
import { BOTH_GENERATIONS, grant, Plant } from "./plant.ts"

/** `$share/group/filter`: each message goes to one member of the group (4.8.2); 3.1.1 clients may join too. */
describe("shared subscriptions", () => {
  let plant: Plant
  before(async () => {
    plant = await Plant.open({ reader: grant("read", "open/#") }, { limits: { inflightOutgoing: 3 } })
  })
  after(() => plant[Symbol.asyncDispose]())

  async function members(count: number, filter: string, version: 4 | 5 = 5): Promise<PacketClient[]> {
    const clients: PacketClient[] = []
    for (let i = 0; i < count; i++) {
      const client = await plant.client({ version })
      assert.deepEqual(await client.subscribe({ topic: filter, qos: 1 }), [1])
      clients.push(client)
    }
    return clients
  }
  const payloadsOf = (packets: readonly Received[]) =>
    packets.map((packet) => (packet as Received<"publish">).payload.toString())
  const publish = async (topic: string, count: number, qos = 1) => {
    const publisher = await plant.client()
    for (let i = 0; i < count; i++) await publisher.publish(topic, String(i), { qos })
  }

  for (const version of BOTH_GENERATIONS) {
    for (const qos of [0, 1]) {
      it(`MQTT ${version}: QoS ${qos} messages go round the members, each to one [MQTT-4.8.2-3]`, async () => {
        const topic = plant.fresh()
        const clients = await members(3, `$share/g/${topic}/#`, version)
        await publish(`${topic}/x`, 9, qos)
        const got: string[][] = []
        for (const client of clients) got.push(payloadsOf(await client.take(3)))
        assert.ok(got.every((payloads) => payloads.length === 3))
        assert.deepEqual(
          got.flat().sort(),
          Array.from({ length: 9 }, (_, i) => String(i)),
        )
        for (const client of clients) await client.quiet()
      })
    }
  }

  it("each group gets each message once, and an ordinary subscription of a member its own copy (4.8.2)", async () => {
    const topic = plant.fresh()
    const [one] = await members(1, `$share/one/${topic}`)
    const [two] = await members(1, `$share/two/${topic}`)
    await one?.subscribe({ topic, qos: 0, id: 5 })
    await publish(topic, 2)
    const mine = (await one?.take(4)) ?? []
    assert.deepEqual(payloadsOf(mine).sort(), ["0", "0", "1", "1"])
    assert.equal(mine.filter(({ properties }) => properties?.subscriptionIdentifier === 5).length, 2)
    assert.equal((await two?.take(2))?.length, 2)
    await one?.quiet()
    await two?.quiet()
  })

  it("a member that unsubscribes or leaves gets nothing more, the others get all", async () => {
    const topic = plant.fresh()
    const [stays, unsubscribes, leaves] = await members(3, `$share/g/${topic}`)
    assert.deepEqual(await unsubscribes?.unsubscribe(`$share/g/${topic}`), [0])
    await leaves?.vanish()
    await publish(topic, 4)
    assert.deepEqual(payloadsOf((await stays?.take(4)) ?? []), ["0", "1", "2", "3"])
    await unsubscribes?.quiet()
  })

  it("a member that sleeps is passed over while another is there; with nobody there it keeps the messages", async () => {
    const topic = plant.fresh()
    const coming = { id: plant.fresh("member"), clean: false, expiry: 60 }
    const sleeper = await plant.client(coming)
    await sleeper.subscribe({ topic: `$share/g/${topic}`, qos: 1 })
    await sleeper.vanish()
    const [awake] = await members(1, `$share/g/${topic}`)
    await publish(topic, 3)
    assert.equal((await awake?.take(3))?.length, 3)
    await awake?.vanish()
    await publish(topic, 2)
    assert.deepEqual(payloadsOf(await (await plant.client(coming)).take(2)), ["0", "1"])
  })

  it("a member with a full window is passed over for one with room", async () => {
    const topic = plant.fresh()
    const [slow, quick] = await members(2, `$share/g/${topic}`)
    await publish(topic, 6)
    assert.equal((await slow?.messages(3))?.length, 3)
    assert.equal((await quick?.take(3))?.length, 3)
    await publish(topic, 3)
    assert.equal((await quick?.take(3))?.length, 3)
    await slow?.quiet()
  })

  it("what a member got and did not acknowledge comes to it again, to nobody else [MQTT-4.8.2-4, -5]", async () => {
    const topic = plant.fresh()
    const coming = { id: plant.fresh("member"), clean: false, expiry: 60 }
    const breaks = await plant.client(coming)
    await breaks.subscribe({ topic: `$share/g/${topic}`, qos: 2 })
    await publish(topic, 1, 2)
    await breaks.messages(1)
    const [other] = await members(1, `$share/g/${topic}`)
    await breaks.vanish()
    await other?.quiet()
    assert.equal((await (await plant.client(coming)).take(1))[0]?.dup, true)
  })

  it("no retained messages come for a shared subscription (4.8.2), whatever its retain handling", async () => {
    const [topic, client] = [plant.fresh(), await plant.client()]
    await (await plant.client()).publish(topic, "kept", { retain: true })
    await client.subscribe({ topic: `$share/g/${topic}`, qos: 0, rh: 0 })
    await client.quiet()
  })

  it("a shared subscription lasts with its session, under its full name", async () => {
    const coming = { id: plant.fresh("member"), clean: false, expiry: 60 }
    await (await plant.client(coming)).subscribe({ topic: "$share/g/lasting", qos: 0 })
    const again = await plant.client({ ...coming, id: coming.id })
    await publish("lasting", 1, 0)
    assert.deepEqual(await again.texts(1), ["0"])
    assert.deepEqual(await again.unsubscribe("lasting", "$share/other/lasting", "$share/g/lasting"), [0x11, 0x11, 0])
  })

  it("a shared filter is judged as its filter: nobody gets in by a group's name", async () => {
    const client = await plant.client({ user: "reader" })
    const codes = await client.subscribe("$share/g/open/x", "$share/g/closed/x", "$share/open/closed/x", "$share/g/#")
    assert.deepEqual(codes, [0, 0x87, 0x87, 0x87])
  })

  it("MQTT 4: a filter that makes no shared subscription is refused by itself, and may be unsubscribed (3.1.1: 3.9.3)", async () => {
    const client = await plant.client({ version: 4 })
    const filters = ["$share/", "$share/g", "$share//a", "$share/+/a", "$share/g/"]
    assert.deepEqual(await client.subscribe(...filters, "fine"), [...filters.map(() => 0x80), 0])
    await client.unsubscribe(...filters)
    await client.quiet()
  })

  it("with its last member a group is forgotten, and a new one begins", async () => {
    const topic = plant.fresh()
    const before = (await plant.counters()).subscriptions
    for (let round = 0; round < 3; round++) {
      const clients = await members(2, `$share/g/${topic}`)
      await publish(topic, 2)
      for (const client of clients) assert.equal((await client.take(1)).length, 1)
      for (const client of clients) await client.leave()
    }
    assert.equal((await plant.counters()).subscriptions, before)
  })

  it("what a member was sent ends with its session, or with its refusal; nobody else gets it [MQTT-4.8.2-5, -6]", async () => {
    const topic = plant.fresh()
    const [refuses, other] = await members(2, `$share/g/${topic}`)
    await publish(topic, 2)
    const [message] = (await refuses?.messages(1)) ?? []
    refuses?.send({ cmd: "puback", messageId: message?.messageId, reasonCode: 0x80 })
    await other?.take(1)
    await publish(topic, 2, 2)
    await refuses?.messages(1)
    await other?.take(1)
    await refuses?.vanish() // and with it its session
    await other?.quiet()
  })
})
