import assert from "node:assert/strict"
import { after, before, describe, it } from "node:test"
import { BOTH_GENERATIONS, GRANT, grant, Plant } from "./plant.ts"

/** Whose a client identifier is, and what a second connection with it does. */
describe("takeover and ownership of client identifiers", () => {
  let plant: Plant
  before(async () => {
    const all = grant("readWrite", "#")
    const limits = { sessionsPerUser: 3, connectionsPerUser: 2 }
    plant = await Plant.open({ thief: all, victim: all, crowd: all }, { limits })
  })
  after(() => plant[Symbol.asyncDispose]())

  /** Users may have few sessions here: each test lets go of its own. */
  for (const version of BOTH_GENERATIONS) {
    const taken = version === 5 ? 0x85 : 2

    it(`MQTT ${version}: a second connection takes the session over, the first is ended: 0x8e [MQTT-3.1.4-3]`, async () => {
      const coming = { version, id: `twice-${version}`, clean: false, expiry: 60 } as const
      const first = await plant.client(coming)
      await first.subscribe({ topic: "taken/over", qos: 1 })
      const second = await plant.client(coming)
      await first.ended(0x8e)
      assert.equal(second.connack?.sessionPresent, true)
      second.send({ cmd: "publish", topic: "taken/over", payload: "x" })
      assert.deepEqual(await second.texts(1), ["x"])
      await second.leave()
      await (await plant.client({ version, id: coming.id })).leave()
    })

    it(`MQTT ${version}: with the takeover what was under way goes on, on the new connection, with DUP [MQTT-4.4.0-1]`, async () => {
      const coming = { version, id: `under-way-${version}`, clean: false, expiry: 60 } as const
      const first = await plant.client(coming)
      await first.subscribe({ topic: "under/way", qos: 1 })
      const publisher = await plant.client({ user: "crowd" })
      await publisher.publish("under/way", "1")
      await first.messages(1)
      const second = await plant.client(coming)
      const [message] = await second.take(1)
      assert.deepEqual([message?.payload.toString(), message?.dup], ["1", true])
      await publisher.publish("under/way", "2")
      assert.equal((await second.take(1))[0]?.dup, false)
      await second.leave()
      await publisher.leave()
      await (await plant.client({ version, id: coming.id })).leave()
    })

    it(`MQTT ${version}: a live or stored session of another user is not to be had, neither resumed nor cleaned`, async () => {
      const coming = { version, id: `mine-${version}`, user: "victim", clean: false, expiry: 60 } as const
      const victim = await plant.client(coming)
      await victim.subscribe({ topic: "secret", qos: 1 })
      for (const state of ["live", "stored"]) {
        if (state === "stored") await victim.leave()
        for (const clean of [true, false]) {
          const { connack, client } = await plant.try({ ...coming, user: "thief", clean })
          assert.equal(connack.reasonCode ?? connack.returnCode, taken, `${state} ${clean}`)
          assert.deepEqual(await client.closed(), [])
        }
      }
      const again = await plant.client(coming)
      assert.equal(again.connack?.sessionPresent, true)
      await again.leave()
      await (await plant.client({ ...coming, clean: true, expiry: 0 })).leave()
    })

    it(`MQTT ${version}: another user's name is not to be had as a client identifier, one's own is`, async () => {
      const { connack } = await plant.try({ version, user: "thief", id: "victim" })
      assert.equal(connack.reasonCode ?? connack.returnCode, taken)
      await (await plant.client({ version, user: "victim", id: "victim" })).leave()
    })
  }

  it("an identifier taken before there was a user of that name is given back when the user is made", async () => {
    const squatter = await plant.client({ user: "thief", id: "press1", expiry: 60 })
    const sleeper = await plant.client({ user: "thief", id: "press2", expiry: 60 })
    await sleeper.leave()
    for (const username of ["press1", "press2"]) {
      await plant.gateway.api.post("/users", {
        username,
        grant: GRANT,
        permissions: grant("readWrite", "#"),
      })
    }
    await squatter.ended(0x98)
    for (const user of ["press1", "press2"]) await (await plant.client({ user, id: user })).leave()
  })

  it("a user has no more sessions than it may, live and stored together, and can still resume its own", async () => {
    for (const id of ["s1", "s2", "s3"]) await (await plant.client({ user: "crowd", id, expiry: 60 })).leave()
    const { connack } = await plant.try({ user: "crowd", id: "s4" })
    assert.equal(connack.reasonCode, 0x97)
    assert.equal((await plant.try({ version: 4, user: "crowd", id: "s4" })).connack.returnCode, 3)
    const own = await plant.client({ user: "crowd", id: "s1", clean: false, expiry: 60 })
    assert.equal(own.connack?.sessionPresent, true)
    const anew = await plant.client({ user: "crowd", id: "s2", clean: true })
    const third = await plant.try({ user: "crowd", id: "s3", clean: false })
    assert.equal(third.connack.reasonCode, 0x97, "a third connection is one too many, whatever session it resumes")
    const takeover = await plant.client({ user: "crowd", id: "s1", clean: true })
    await own.ended(0x8e)
    for (const client of [takeover, anew]) await client.leave()
    await (await plant.client({ user: "crowd", id: "s3", clean: true })).leave()
    await (await plant.client({ user: "crowd", id: "s4" })).leave()
  })

  it("a takeover storm on one identifier leaves exactly one connection and one session", async () => {
    const before = await plant.counters()
    const coming = { user: "victim", id: "storm", clean: false, expiry: 60 }
    const lines = await Promise.all(Array.from({ length: 30 }, () => plant.line()))
    for (const line of lines) line.send(plant.connect(coming))
    for (const line of lines) assert.equal((await line.next("connack")).reasonCode, 0)
    const last = lines.at(-1)
    await Promise.all(lines.slice(0, -1).map((line) => line.ended(0x8e)))
    await last?.quiet()
    const now = await plant.counters()
    assert.deepEqual([now.connections, now.sessions], [(before.connections ?? 0) + 1, (before.sessions ?? 0) + 1])
    await last?.leave()
  })
})
