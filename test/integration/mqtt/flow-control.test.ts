import assert from "node:assert/strict"
import { after, before, describe, it } from "node:test"
import type { PacketClient } from "../../support/packet-client.ts"
import { BOTH_GENERATIONS, Plant } from "./plant.ts"

/** Receive Maximum and Maximum Packet Size, the client's and ours (3.1.2.11, 4.9). */
describe("flow control and packet sizes", () => {
  let plant: Plant
  before(async () => {
    const limits = { inflightIncoming: 4, inflightOutgoing: 10, incomingQos2: 6, packetBytes: 5000 }
    plant = await Plant.open({}, { limits })
  })
  after(() => plant[Symbol.asyncDispose]())

  async function pour(topic: string, count: number, qos: number): Promise<void> {
    const publisher = await plant.client()
    for (let i = 0; i < count; i++) await publisher.publish(topic, String(i), { qos })
  }

  async function ranged(client: PacketClient, from: number, count: number) {
    const messages = await client.messages(count)
    assert.deepEqual(
      messages.map(({ payload }) => Number(payload)),
      Array.from({ length: count }, (_, i) => from + i),
    )
    return messages.map(({ messageId }) => messageId)
  }

  for (const [receiveMaximum, window] of [
    [1, 1],
    [3, 3],
    [65535, 10],
  ] as const) {
    it(`a client with Receive Maximum ${receiveMaximum} has ${window} unacknowledged messages at most [MQTT-3.3.4-9]`, async () => {
      const [client, topic] = [await plant.client({ properties: { receiveMaximum } }), plant.fresh()]
      await client.subscribe({ topic, qos: 1 })
      await pour(topic, window + 4, 1)
      const ids = await ranged(client, 0, window)
      await client.quiet()
      client.send({ cmd: "puback", messageId: ids[0] })
      await ranged(client, window, 1)
      await client.quiet()
    })
  }

  it("an older client is sent as many as the gateway allows, then one for each acknowledgement", async () => {
    const [client, topic] = [await plant.client({ version: 4 }), plant.fresh()]
    await client.subscribe({ topic, qos: 1 })
    await pour(topic, 14, 1)
    const ids = await ranged(client, 0, 10)
    await client.quiet()
    client.send({ cmd: "puback", messageId: ids[9] }, { cmd: "puback", messageId: ids[3] })
    await ranged(client, 10, 2)
    await client.quiet()
  })

  it("for QoS 2 it is PUBCOMP, not PUBREC, that gives room, and a PUBREC that refuses (4.9)", async () => {
    const [client, topic] = [await plant.client({ properties: { receiveMaximum: 2 } }), plant.fresh()]
    await client.subscribe({ topic, qos: 2 })
    await pour(topic, 5, 2)
    const [one, two] = await ranged(client, 0, 2)
    client.send({ cmd: "pubrec", messageId: one })
    await client.next("pubrel")
    await client.quiet()
    client.send({ cmd: "pubcomp", messageId: one })
    await ranged(client, 2, 1)
    client.send({ cmd: "pubrec", messageId: two, reasonCode: 0x80 })
    await ranged(client, 3, 1)
    await client.quiet()
  })

  it("with a full window QoS 0, acknowledgements and pings still pass [MQTT-4.9.0-3]", async () => {
    const [client, topic] = [await plant.client({ properties: { receiveMaximum: 1 } }), plant.fresh()]
    await client.subscribe({ topic: `${topic}/1`, qos: 1 }, { topic: `${topic}/0`, qos: 0 })
    await pour(`${topic}/1`, 2, 1)
    await pour(`${topic}/0`, 1, 0)
    assert.deepEqual(
      (await client.messages(2)).map(({ qos }) => qos),
      [1, 0],
    )
    client.send({ cmd: "publish", topic: "x", qos: 1, messageId: 1 })
    await client.next("puback")
    await client.quiet()
  })

  it("MQTT 5: more QoS 2 messages unreleased than our Receive Maximum end the connection with 0x93 [MQTT-3.3.4-7]", async () => {
    const client = await plant.client()
    assert.equal(client.connack?.properties?.receiveMaximum, 4)
    const open = (messageId: number) => client.send({ cmd: "publish", topic: "q", qos: 2, messageId })
    for (const id of [1, 2, 3, 4]) {
      open(id)
      await client.next("pubrec")
    }
    client.send({ cmd: "pubrel", messageId: 2 })
    await client.next("pubcomp")
    open(5)
    await client.next("pubrec")
    open(6)
    await client.ended(0x93)
  })

  it("MQTT 3.1.1: it knows no Receive Maximum; the cap on its unreleased messages ends the connection", async () => {
    const client = await plant.client({ version: 4 })
    for (let messageId = 1; messageId <= 6; messageId++) {
      client.send({ cmd: "publish", topic: "q", qos: 2, messageId })
      await client.next("pubrec")
    }
    client.send({ cmd: "publish", topic: "q", qos: 2, messageId: 7 })
    await client.ended(0)
  })

  it("a hundred QoS 1 messages in one segment are within our Receive Maximum: each is acknowledged as it is read", async () => {
    const client = await plant.client()
    client.send(
      ...Array.from({ length: 100 }, (_, i) => ({ cmd: "publish", topic: "q", qos: 1, messageId: i + 1 }) as const),
    )
    for (let i = 1; i <= 100; i++) assert.equal((await client.next("puback")).messageId, i)
  })

  for (const version of BOTH_GENERATIONS) {
    it(`MQTT ${version}: a packet larger than ours ends the connection, told by its length alone: 0x95 (3.2.2.3.6)`, async () => {
      const client = await plant.client({ version })
      client.write("30 8927") // 5,001 bytes and a header of three
      await client.ended(0x95)
      const other = await plant.client({ version })
      other.send({ cmd: "publish", topic: "t", payload: Buffer.alloc(4990) })
      await other.quiet()
    })
  }

  it("a message larger than the client takes is not sent to it and counts as done; the next ones come [MQTT-3.1.2-24, -25]", async () => {
    const coming = { id: "small", clean: false, expiry: 60, properties: { maximumPacketSize: 60, receiveMaximum: 1 } }
    const [client, large, topic] = [await plant.client(coming), await plant.client(), plant.fresh()]
    await client.subscribe({ topic, qos: 2 })
    await large.subscribe({ topic, qos: 0 })
    const publisher = await plant.client()
    for (const [payload, qos] of [
      ["x".repeat(100), 0],
      ["x".repeat(100), 1],
      ["x".repeat(100), 2],
      ["ok", 1],
    ] as const) {
      await publisher.publish(topic, payload, { qos })
    }
    assert.equal((await client.take(1))[0]?.payload.toString(), "ok")
    await client.quiet()
    await client.vanish()
    await publisher.publish(topic, "y".repeat(100))
    await publisher.publish(topic, "waited")
    assert.equal((await (await plant.client(coming)).take(1))[0]?.payload.toString(), "waited")
    assert.equal((await large.messages(6)).length, 6, "others get all of it")
  })

  it("a message that fits only without a new topic alias is sent without one", async () => {
    const topic = "t".repeat(20)
    const properties = { maximumPacketSize: 30, topicAliasMaximum: 5 }
    const [client, publisher] = [await plant.client({ properties }), await plant.client()]
    await client.subscribe(topic)
    for (const payload of ["12345", "1234"]) await publisher.publish(topic, payload, { qos: 0 })
    await publisher.publish(topic, "1", { qos: 0 })
    await publisher.publish(topic, "x".repeat(22), { qos: 0 })
    const messages = await client.messages(4)
    assert.ok(messages.every(({ bytes }) => bytes.length <= 30))
    assert.deepEqual(
      messages.map(({ properties }) => properties?.topicAlias),
      [undefined, undefined, 1, 1],
    )
  })

  it("retained messages larger than the client takes are passed over", async () => {
    const [publisher, topic] = [await plant.client(), plant.fresh()]
    await publisher.publish(`${topic}/a`, "x".repeat(200), { retain: true })
    await publisher.publish(`${topic}/b`, "ok", { retain: true })
    for (const qos of [0, 1]) {
      const client = await plant.client({ properties: { maximumPacketSize: 50, receiveMaximum: 1 } })
      await client.subscribe({ topic: `${topic}/+`, qos })
      assert.equal((await client.take(1))[0]?.payload.toString(), "ok")
      await client.quiet()
    }
  })

  it("an answer longer than the packets a client takes ends its connection with 0x95 [MQTT-3.1.2-24]", async () => {
    const client = await plant.client({ properties: { maximumPacketSize: 40 } })
    const subscriptions = Array.from({ length: 60 }, (_, i) => ({ topic: `t/${i}`, qos: 0 }))
    client.send({ cmd: "subscribe", messageId: 1, subscriptions })
    await client.ended(0x95)
  })
})
