import assert from "node:assert/strict"
import { after, before, describe, it } from "node:test"
import { BOTH_GENERATIONS, type Coming, grant, Plant } from "./plant.ts"

/** What a client that is let in is told, and what it may have sent meanwhile. */
describe("CONNECT and CONNACK", () => {
  let plant: Plant
  before(async () => {
    plant = await Plant.open({ slow: grant("readWrite", "#"), late: grant("readWrite", "#") })
  })
  after(() => plant[Symbol.asyncDispose]())

  const present: [string, Coming, Coming, boolean][] = [
    ["3.1.1 knows no session of a client that never came [3.1.1: 3.2.2-3]", { clean: true }, { clean: false }, false],
    ["3.1.1 resumes the session that clean session 0 began [3.1.1: 3.2.2-2]", { clean: false }, { clean: false }, true],
    ["3.1.1 begins anew with clean session 1 [3.1.1: 3.2.2-1]", { clean: false }, { clean: true }, false],
    ["5 ends the session with the connection without an expiry (3.1.2.11.2)", {}, { clean: false }, false],
    ["5 resumes a session that was to outlive its connection [MQTT-3.2.2-3]", { expiry: 60 }, { clean: false }, true],
    [
      "5 resumes it also when it began with Clean Start 0 [MQTT-3.1.2-5]",
      { clean: false, expiry: 60 },
      { clean: false },
      true,
    ],
    ["5 begins anew with Clean Start 1 [MQTT-3.1.2-4]", { expiry: 60 }, { clean: true }, false],
  ]
  for (const [sentence, first, second, expected] of present) {
    it(`session present: ${sentence}`, async () => {
      const id = plant.fresh("present")
      const version = sentence.startsWith("5") ? 5 : 4
      const before = await plant.client({ version, id, ...first })
      assert.equal(before.connack?.sessionPresent, false)
      await before.leave()
      const { connack } = await plant.try({ version, id, ...second })
      assert.equal(connack.sessionPresent, expected)
    })
  }

  it("session present: 3.1 has no such flag, the byte is 0 also for a session that is resumed (3.1: 3.2)", async () => {
    const coming = { version: 3, id: "three", clean: false } as const
    const before = await plant.client(coming)
    await before.subscribe({ topic: "kept/3", qos: 1 })
    await before.leave()
    await (await plant.client()).publish("kept/3", "while away")
    const again = await plant.client(coming)
    assert.deepEqual([...(again.connack?.bytes ?? [])], [0x20, 2, 0, 0])
    assert.deepEqual(await again.texts(1), ["while away"])
  })

  it("3.1 lets client identifiers of more than 23 characters in, and spaces and slashes in all versions", async () => {
    for (const version of [3, 4, 5] as const) {
      await plant.client({ version, id: `a long/identifier of version ${version}` })
    }
  })

  it("an empty client identifier gets one, told to MQTT 5 [MQTT-3.1.3-6, -7, 3.2.2-16]", async () => {
    const first = await plant.client({ id: "" })
    const assigned = first.connack?.properties?.assignedClientIdentifier
    assert.match(assigned ?? "", /^auto-[0-9a-f]{20}$/)
    const second = await plant.client({ id: "", expiry: 60 })
    const own = second.connack?.properties?.assignedClientIdentifier ?? ""
    assert.notEqual(own, assigned)
    await second.leave()
    assert.equal((await plant.client({ id: own, clean: false })).connack?.sessionPresent, true)
    const old = await plant.client({ version: 4, id: "" })
    await old.quiet()
  })

  it("names like members of Object.prototype are client identifiers and topics like others", async () => {
    for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
      const client = await plant.client({ id: name, expiry: 60 })
      await client.subscribe(name)
      client.send({ cmd: "publish", topic: name, payload: name })
      assert.deepEqual(await client.texts(1), [name])
      await client.unsubscribe(name)
      await client.leave()
      assert.equal((await plant.client({ id: name, clean: false })).connack?.sessionPresent, true)
    }
  })

  it("CONNACK tells MQTT 5 the gateway's limits, and no property that says what is so anyway (3.2.2.3)", async () => {
    const { connack } = await plant.try()
    assert.deepEqual(connack.properties, { receiveMaximum: 100, maximumPacketSize: 1048576, topicAliasMaximum: 16 })
  })

  it("a session expiry beyond the gateway's is cut, and the client is told (3.2.2.3.2)", async () => {
    const { connack } = await plant.try({ expiry: 0xffffffff })
    assert.equal(connack.properties?.sessionExpiryInterval, 30 * 24 * 3600)
    assert.equal((await plant.try({ expiry: 10 })).connack.properties?.sessionExpiryInterval, undefined)
  })

  for (const version of BOTH_GENERATIONS) {
    it(`MQTT ${version}: packets right behind CONNECT are handled after CONNACK, in order (3.1.4)`, async () => {
      const line = await plant.line(version)
      const topic = plant.fresh()
      line.send(
        plant.connect({ version }),
        { cmd: "subscribe", messageId: 1, subscriptions: [{ topic, qos: 1 }] },
        { cmd: "publish", topic, payload: "a", qos: 1, messageId: 2 },
        { cmd: "pingreq" },
      )
      const commands: string[] = []
      for (let i = 0; i < 5; i++) commands.push((await line.any()).cmd)
      assert.deepEqual(commands, ["connack", "suback", "publish", "puback", "pingresp"])
    })
  }

  it("a megabyte right behind CONNECT waits in the socket while the password is hashed, and none of it is lost", async () => {
    const subscriber = await plant.client()
    await subscriber.subscribe("behind")
    const line = await plant.line(4)
    const payload = Buffer.alloc(20_000, "x")
    const publishes = Array.from({ length: 50 }, () => ({ cmd: "publish", topic: "behind", payload }) as const)
    line.send(plant.connect({ version: 4, user: "slow" }), ...publishes, { cmd: "pingreq" })
    await line.next("connack")
    await line.next("pingresp")
    assert.equal((await subscriber.messages(50)).length, 50)
  })

  it("a client that leaves while its password is hashed costs nothing and harms nobody", async () => {
    const line = await plant.line(4)
    line.send(plant.connect({ version: 4, user: "late", id: "gone-early", clean: false }))
    await line.vanish()
    const again = await plant.client({ user: "late", id: "gone-early", version: 4, clean: false })
    await again.quiet()
  })

  it("a wrong password is refused although packets wait behind it, and none of them is handled", async () => {
    const subscriber = await plant.client()
    await subscriber.subscribe("intruder/#")
    const line = await plant.line(5)
    const publish = { cmd: "publish", topic: "intruder/1", payload: Buffer.alloc(9000) } as const
    line.send(plant.connect({ password: "wrong-secret" }), publish, publish, publish, publish)
    assert.equal((await line.next("connack")).reasonCode, 0x86)
    assert.deepEqual(await line.closed(), [])
    await subscriber.quiet()
  })

  it("CONNECT may come byte by byte", async () => {
    const line = await plant.line()
    for (const byte of line.bytesOf(plant.connect())) line.write(Buffer.from([byte]))
    assert.equal((await line.next("connack")).reasonCode, 0)
  })

  it("a client that takes less than CONNACK needs is not sent one [MQTT-3.1.2-24]", async () => {
    const line = await plant.line()
    line.send(plant.connect({ properties: { maximumPacketSize: 8 } }))
    const connack = await line.next("connack")
    assert.equal(connack.reasonCode, 0x95)
    assert.ok(connack.bytes.length <= 8)
    assert.deepEqual(await line.closed(), [])
  })

  it("a refusal leaves its sentence out where the client takes no packet that long [MQTT-3.2.2-19]", async () => {
    for (const [maximumPacketSize, told] of [
      [500, true],
      [20, false],
    ] as const) {
      const will = { topic: "$SYS/forged" }
      const { connack } = await plant.try({ will, properties: { maximumPacketSize } })
      assert.equal(connack.reasonCode, 0x87)
      assert.equal(connack.properties?.reasonString !== undefined, told)
      assert.ok(connack.bytes.length <= maximumPacketSize)
    }
  })

  it("with Request Problem Information 0 no reason string stands anywhere but in CONNACK [MQTT-3.1.2-29]", async () => {
    const client = await plant.client({ properties: { requestProblemInformation: false } })
    client.send({ cmd: "publish", topic: "$SYS/no", qos: 1, messageId: 1, payload: "" })
    assert.equal((await client.next("puback")).properties, undefined)
    client.send({ cmd: "unsubscribe", messageId: 2, unsubscriptions: ["never"] })
    assert.equal((await client.next("unsuback")).properties, undefined)
  })
})
