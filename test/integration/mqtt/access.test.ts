import assert from "node:assert/strict"
import { after, before, describe, it } from "node:test"
import { BOTH_GENERATIONS, grant, Plant } from "./plant.ts"

/** Who may publish and subscribe to what, packet by packet. */
describe("permissions on the wire", () => {
  let plant: Plant
  before(async () => {
    const users = {
      sensor: grant("readWrite", "site/+/data", "dev/%u/#", "own/%c/#"),
      prefixed: [...grant("write", "line7/#", "$gatehouse/#"), ...grant("read", "line7/#")],
      wordy: grant("readWrite", "#"),
    }
    const fields = { prefixed: { publishPrefix: "line7" }, wordy: { publishPrefix: "p".repeat(1000) } }
    plant = await Plant.open(users, {}, fields)
  })
  after(() => plant[Symbol.asyncDispose]())

  const allowed = ["site/a/data", "dev/sensor", "dev/sensor/x/y", "own/c-1/x"]
  const denied = [
    "site/a/b/data",
    "site/a",
    "other",
    "dev/worker/x",
    "own/c-2/x",
    "$SYS/x",
    "$share/g/site/a/data",
    "/",
  ]

  it("MQTT 5: what may not be published is refused with 0x87 on QoS 1 and 2, reaches nobody, and ends nothing", async () => {
    const [watching, sensor] = [await plant.client(), await plant.client({ user: "sensor", id: "c-1" })]
    await watching.subscribe("#", "$SYS/x")
    for (const topic of [...denied, ...allowed]) {
      const expected = allowed.includes(topic) ? 0 : 0x87
      assert.equal(await sensor.publish(topic, topic, { qos: 1 }), expected, topic)
      assert.equal(await sensor.publish(topic, topic, { qos: 2, messageId: 9 }), expected, topic)
      assert.equal(await sensor.publish(topic, topic, { qos: 0, retain: true }), 0)
    }
    const found = await watching.texts(allowed.length * 3)
    assert.deepEqual([...new Set(found)], allowed)
    await watching.quiet()
    const late = await plant.client()
    await late.subscribe("#")
    const kept = (await late.rest()) as { topic?: string }[]
    assert.deepEqual(kept.map(({ topic }) => topic).sort(), [...allowed].sort(), "nothing denied was retained")
    const cleaner = await plant.client()
    for (const topic of allowed) await cleaner.publish(topic, "", { retain: true })
  })

  it("MQTT 3.1.1: what may not be published is acknowledged and dropped, the connection kept [3.1.1: 3.3.5-2]", async () => {
    const [watching, sensor] = [await plant.client(), await plant.client({ version: 4, user: "sensor" })]
    await watching.subscribe({ topic: "#", rh: 2 })
    for (const topic of denied) for (const qos of [0, 1, 2]) await sensor.publish(topic, "no", { qos, retain: true })
    await sensor.publish("site/a/data", "yes")
    assert.deepEqual(await watching.texts(1), ["yes"])
    await watching.quiet()
  })

  it("a refused publish is counted and shown, with its last topic", async () => {
    const before = await plant.counters()
    await plant.client({ user: "sensor", id: "shown" }).then((client) => client.publish("other", "", { qos: 1 }))
    const client = await plant.gateway.api.get("/clients/shown")
    assert.deepEqual([client.refusedPublishes, client.lastRefusedTopic], [1, "other"])
    assert.match(client.lastError.sentence, /has no permission to publish to other$/)
    assert.ok(Math.abs(Date.parse(client.lastError.at) - Date.now()) < 60_000)
    assert.equal((await plant.counters()).publishesRefused, (before.publishesRefused ?? 0) + 1)
  })

  for (const version of BOTH_GENERATIONS) {
    const no = version === 5 ? 0x87 : 0x80

    it(`MQTT ${version}: filters of one SUBSCRIBE are judged one by one, each must be covered as a whole [MQTT-3.9.3-1]`, async () => {
      const client = await plant.client({ version, user: "sensor", id: "c-1" })
      const cases: [string, number][] = [
        ["site/+/data", 0],
        ["site/#", no],
        ["dev/sensor/#", 0],
        ["dev/+/#", no],
        ["dev/sensor/+/a", 0],
        ["own/c-1/#", 0],
        ["#", no],
        ["+/+/data", no],
        ["$share/g/site/x/data", 0],
        ["$share/site/other", no],
        ["$SYS/#", no],
      ]
      const codes = await client.subscribe(...cases.map(([filter]) => filter))
      assert.deepEqual(
        codes.map((code, i) => [cases[i]?.[0], code]),
        cases,
      )
    })

    it(`MQTT ${version}: a denied filter of a kept session delivers nothing, now or after a reconnect`, async () => {
      const coming = { version, user: "sensor", id: `kept-${version}`, clean: false, expiry: 60 } as const
      const client = await plant.client(coming)
      const codes = await client.subscribe({ topic: "other/#", qos: 1 }, { topic: "site/b/data", qos: 1 })
      assert.deepEqual(codes, [no, 1])
      const publisher = await plant.client()
      await publisher.publish("other/x", "denied, live")
      await client.vanish()
      await publisher.publish("other/x", "denied, stored")
      await publisher.publish("site/b/data", "allowed")
      const again = await plant.client(coming)
      assert.equal((await again.take(1))[0]?.payload.toString(), "allowed")
      await publisher.publish("other/x", "denied, again")
      await again.quiet()
    })

    it(`MQTT ${version}: an identifier that could widen a permission with %c makes it void`, async () => {
      for (const id of ["+", "#", "a/b", "c-1/#", "$SYS", "%u", "-x", "a b"]) {
        const client = await plant.client({ version, user: "sensor", id })
        assert.deepEqual(
          await client.subscribe(`own/${id.includes("#") || id === "+" ? id : "x"}`, "own/+/#"),
          [no, no],
          id,
        )
        const watching = await plant.client()
        await watching.subscribe("own/#")
        await client.publish("own/a/b", "no", { qos: 0 })
        await client.publish("own/x/y", "no", { qos: 0 })
        await watching.quiet()
        await client.leave()
      }
    })
  }

  it("a publish prefix stands before publishes, never before filters or `$gatehouse/…`", async () => {
    const [watching, client] = [await plant.client(), await plant.client({ user: "prefixed" })]
    await watching.subscribe("line7/#")
    assert.deepEqual(await client.subscribe("line7/own", "own"), [0, 0x87])
    for (const topic of ["temp", "/temp", "$SYS/x"]) assert.equal(await client.publish(topic, topic, { qos: 2 }), 0)
    const topics = (await watching.messages(3)).map(({ topic }) => topic)
    assert.deepEqual(topics, ["line7/temp", "line7//temp", "line7/$SYS/x"])
    assert.equal(await client.publish("$gatehouse/x", ""), 0x87, "the gateway's own, with or without a prefix")
    await watching.quiet()
  })

  it("a topic that its prefix makes longer than any packet can carry is refused, and harms no subscriber [MQTT-4.7.3-3]", async () => {
    const [watching, client] = [await plant.client(), await plant.client({ user: "wordy" })]
    await watching.subscribe({ topic: "#", qos: 1, rh: 2 })
    for (const topic of ["x".repeat(65_000), "é".repeat(32_500)]) {
      for (const qos of [1, 2]) assert.equal(await client.publish(topic, "", { qos }), 0x87)
      await client.publish(topic, "", { qos: 0, retain: true })
    }
    assert.equal((await plant.try({ user: "wordy", will: { topic: "x".repeat(8000) } })).connack.reasonCode, 0)
    await watching.quiet()
  })

  it("`#` does not show `$SYS` to those who may not read it, and does not to those who may [MQTT-4.7.2-1]", async () => {
    const [worker, wordy] = [await plant.client(), await plant.client({ user: "wordy" })]
    assert.deepEqual(await worker.subscribe({ topic: "$SYS/+/new/clients", qos: 0 }), [0])
    assert.deepEqual(await wordy.subscribe("$SYS/#", "$SYS/+/new/clients"), [0x87, 0x87])
    await wordy.subscribe({ topic: "#", qos: 0, rh: 2 })
    await plant.client({ id: "announced" })
    assert.deepEqual(await worker.texts(1), ["announced"])
    await wordy.quiet()
  })
})
