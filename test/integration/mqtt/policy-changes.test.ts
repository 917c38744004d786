import assert from "node:assert/strict"
import { after, before, describe, it } from "node:test"
import { BOTH_GENERATIONS, GRANT, grant, Plant } from "./plant.ts"

/** A change of users, roles or permissions acts on live and stored sessions at once. */
describe("changes while clients are connected", () => {
  let plant: Plant
  before(async () => {
    plant = await Plant.open()
  })
  after(() => plant[Symbol.asyncDispose]())

  async function user(permissions: object[], fields: object = {}): Promise<string> {
    const username = plant.fresh("user")
    await plant.gateway.api.post("/users", {
      username,
      grant: GRANT,
      permissions,
      ...fields,
    })
    return username
  }
  const change = (username: string, fields: object) => plant.gateway.api.patch(`/users/${username}`, fields)

  for (const version of BOTH_GENERATIONS) {
    it(`MQTT ${version}: a filter no longer covered is removed, what is still covered stays`, async () => {
      const name = await user(grant("readWrite", "a/#", "b/#"))
      const [client, publisher] = [await plant.client({ version, user: name }), await plant.client()]
      await client.subscribe({ topic: "a/#", qos: 1 }, { topic: "b/#", qos: 1 }, { topic: "$share/g/a/x", qos: 1 })
      await change(name, { permissions: grant("read", "b/#") })
      await publisher.publish("a/x", "no")
      await publisher.publish("b/x", "yes")
      assert.equal((await client.take(1))[0]?.payload.toString(), "yes")
      await client.quiet()
      assert.deepEqual(
        (await plant.gateway.api.get(`/clients`)).clients
          .find(({ username }: { username: string }) => username === name)
          .subscriptions.map(({ filter }: { filter: string }) => filter),
        ["b/#"],
      )
    })

    it(`MQTT ${version}: what waits on a topic no longer readable is dropped, in the queue and when it is sent again`, async () => {
      const name = await user(grant("read", "q/#"))
      const coming = { version, user: name, id: plant.fresh("c"), clean: false, expiry: 60 } as const
      const [client, publisher] = [await plant.client(coming), await plant.client()]
      await client.subscribe({ topic: "q/a", qos: 1 }, { topic: "q/b", qos: 2 })
      await publisher.publish("q/a", "under way")
      await publisher.publish("q/b", "under way too", { qos: 2 })
      await client.messages(2)
      await client.vanish()
      for (const topic of ["q/a", "q/b"]) await publisher.publish(topic, `waiting ${topic}`)
      await change(name, { permissions: grant("read", "q/b") })
      const again = await plant.client(coming)
      const found = (await again.take(2)).map(({ payload }) => payload.toString())
      assert.deepEqual(found, ["under way too", "waiting q/b"])
      await again.quiet()
    })

    it(`MQTT ${version}: a publish is judged by the rights of now, on the same connection`, async () => {
      const name = await user(grant("write", "p/1"))
      const [client, watching] = [await plant.client({ version, user: name }), await plant.client()]
      await watching.subscribe("p/#")
      await client.publish("p/1", "1")
      await client.publish("p/2", "too early")
      await change(name, { permissions: grant("write", "p/2") })
      await client.publish("p/1", "too late")
      await client.publish("p/2", "2")
      assert.deepEqual(await watching.texts(2), ["1", "2"])
      await watching.quiet()
    })

    it(`MQTT ${version}: a user disabled, removed or given another password is disconnected: 0x98`, async () => {
      for (const act of ["disable", "password", "remove"]) {
        const name = await user(grant("readWrite", "#"))
        const client = await plant.client({ version, user: name, id: plant.fresh("c"), expiry: 60, clean: false })
        if (act === "disable") await change(name, { enabled: false })
        else if (act === "password") await change(name, { grant: { kind: "password", password: "another-secret" } })
        else await plant.gateway.api.delete(`/users/${name}`)
        await client.ended(0x98)
        const { connack } = await plant.try({ version, user: name })
        assert.equal(connack.reasonCode ?? connack.returnCode, version === 5 ? 0x86 : 4, act)
      }
    })
  }

  it("a removed user's stored session is gone, and does not come back with a new user of that name", async () => {
    const name = await user(grant("readWrite", "#"))
    const coming = { user: name, id: plant.fresh("c"), clean: false, expiry: 60 }
    const client = await plant.client(coming)
    await client.subscribe({ topic: "heir", qos: 1 })
    await client.leave()
    await (await plant.client()).publish("heir", "for the old one")
    await plant.gateway.api.delete(`/users/${name}`)
    await plant.gateway.api.post("/users", {
      username: name,
      grant: GRANT,
      permissions: grant("readWrite", "#"),
    })
    const again = await plant.client(coming)
    assert.equal(again.connack?.sessionPresent, false)
    await again.quiet()
  })

  it("a changed role acts on everyone who has it, also on permissions with %c, and on nobody else", async () => {
    await plant.gateway.api.put("/roles/crew", { permissions: grant("readWrite", "crew/#", "mine/%c") })
    const names = [await user([], { roles: ["crew"] }), await user([], { roles: ["crew"] })]
    const clients = [await plant.client({ user: names[0] ?? "" }), await plant.client({ user: names[1] ?? "" })]
    const [publisher, other] = [await plant.client(), await plant.client()]
    await other.subscribe("crew/#")
    for (const client of clients) assert.deepEqual(await client.subscribe("crew/x"), [0])
    await plant.gateway.api.put("/roles/crew", { permissions: grant("readWrite", "mine/%c") })
    await publisher.publish("crew/x", "no")
    for (const client of clients) {
      await client.quiet()
      assert.deepEqual(await client.subscribe("crew/x"), [0x87])
    }
    assert.deepEqual(await other.texts(1), ["no"])
  })

  it("a change that leaves a user's rights as they are disturbs nothing", async () => {
    const name = await user(grant("readWrite", "calm/#"))
    const [client, publisher] = [await plant.client({ user: name }), await plant.client()]
    await client.subscribe({ topic: "calm/#", qos: 1 })
    await change(name, { note: "moved to hall 2" })
    await user(grant("read", "x"))
    await publisher.publish("calm/1", "still here")
    assert.deepEqual(await client.texts(1), ["still here"])
  })

  it("the publish prefix of now is put before the next publish", async () => {
    const name = await user(grant("write", "one/#", "two/#"), { publishPrefix: "one" })
    const [client, watching] = [await plant.client({ user: name }), await plant.client()]
    await watching.subscribe("one/#", "two/#")
    await client.publish("x")
    await change(name, { publishPrefix: "two" })
    await client.publish("x")
    assert.deepEqual(
      (await watching.messages(2)).map(({ topic }) => topic),
      ["one/x", "two/x"],
    )
  })

  it("an administrator disconnects a client: 0x98, its session and its will as after any break", async () => {
    const watching = await plant.client()
    await watching.subscribe("kicked/will")
    const coming = { id: "kicked", clean: false, expiry: 60 }
    const client = await plant.client({ ...coming, will: { topic: "kicked/will", payload: "out" } })
    await plant.gateway.api.delete("/clients/kicked")
    await client.ended(0x98)
    assert.deepEqual(await watching.texts(1), ["out"])
    assert.equal((await plant.client(coming)).connack?.sessionPresent, true)
  })
})
