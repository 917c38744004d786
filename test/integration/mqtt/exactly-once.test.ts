import assert from "node:assert/strict"
import { after, before, describe, it } from "node:test"
import type { PacketClient } from "../../support/packet-client.ts"
import { BOTH_GENERATIONS, type Coming, Plant } from "./plant.ts"

const COUNT = 120

/** Numbers that look random and are the same every time. */
function dice(seed: number): (sides: number) => number {
  let state = seed
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * sides)
  }
}

/** A client with a lasting session whose connection breaks again and again. */
class Unreliable {
  readonly #connect: () => Promise<PacketClient>
  readonly #roll: (sides: number) => number
  client: PacketClient | undefined

  constructor(connect: () => Promise<PacketClient>, roll: (sides: number) => number) {
    this.#connect = connect
    this.#roll = roll
  }

  /** True: this time it is gone. */
  async breaks(): Promise<boolean> {
    if (this.#roll(12) !== 0) return false
    await this.client?.vanish()
    return true
  }

  /** Runs `work` on connection after connection until one of them lasts to its end. */
  async insist(work: (client: PacketClient, again: boolean) => Promise<boolean>): Promise<void> {
    for (let again = false; ; again = true) {
      if (this.client === undefined || this.client.stream.destroyed) this.client = await this.#connect()
      if (await work(this.client, again)) return
    }
  }
}

describe("with connections that break at both ends", { concurrency: true }, () => {
  let plant: Plant
  before(async () => {
    plant = await Plant.open({}, { limits: { inflightOutgoing: 8 } })
    await plant.client()
  })
  after(() => plant[Symbol.asyncDispose]())

  /** Sends every number, repeating each PUBLISH and PUBREL until it is acknowledged. */
  async function publish(end: Unreliable, topic: string, qos: 1 | 2): Promise<void> {
    for (let i = 0; i < COUNT; i++) {
      const messageId = i + 1
      await end.insist(async (client, dup) => {
        client.send({ cmd: "publish", topic, qos, messageId, dup, payload: String(i) })
        if (await end.breaks()) return false
        return (await client.any()).messageId === messageId
      })
      if (qos === 1) continue
      await end.insist(async (client) => {
        client.send({ cmd: "pubrel", messageId })
        if (await end.breaks()) return false
        return (await client.any()).messageId === messageId
      })
    }
  }

  /** What a careful receiver makes of what it is sent, until the last number is complete. */
  async function receive(end: Unreliable, qos: 1 | 2): Promise<number[]> {
    const [found, unreleased] = [[] as number[], new Set<number>()]
    await end.insist(async (client) => {
      while (found.at(-1) !== COUNT - 1 || unreleased.size > 0) {
        const packet = await client.any()
        const { messageId = 0 } = packet
        if (packet.cmd === "pubrel") {
          unreleased.delete(messageId)
          client.send({ cmd: "pubcomp", messageId })
        } else {
          assert.equal(packet.cmd, "publish")
          if (packet.cmd !== "publish") continue
          if (unreleased.has(messageId)) assert.ok(packet.dup, "what comes again says so [MQTT-3.3.1-1]")
          else found.push(Number(packet.payload))
          if (qos === 2) unreleased.add(messageId)
          if (await end.breaks()) return false
          client.send({ cmd: qos === 1 ? "puback" : "pubrec", messageId })
        }
        if (await end.breaks()) return false
      }
      return true
    })
    return found
  }

  for (const version of BOTH_GENERATIONS) {
    for (const qos of [1, 2] as const) {
      const promise = qos === 2 ? "once" : "at least once"
      it(`MQTT ${version}: every message of QoS ${qos} arrives ${promise}, in order [MQTT-4.3.3-10, 4.4.0-1, 4.6.0-1 to -6]`, async () => {
        const roll = dice(1000 * version + qos)
        const topic = plant.fresh()
        const lasting = (): Coming => ({ version, id: `${topic}-sub`, clean: false, expiry: 60 })
        const narrow = () =>
          plant.client({ ...lasting(), properties: { receiveMaximum: 1 + roll(9), topicAliasMaximum: roll(2) } })
        const receiver = new Unreliable(narrow, roll)
        receiver.client = await narrow()
        await receiver.client.subscribe({ topic, qos })
        const publisher = new Unreliable(() => plant.client({ ...lasting(), id: `${topic}-pub` }), roll)
        const [found] = await Promise.all([receive(receiver, qos), publish(publisher, topic, qos)])
        const numbers = Array.from({ length: COUNT }, (_, i) => i)
        assert.deepEqual(qos === 2 ? found : [...new Set(found)], numbers)
      })
    }
  }
})
