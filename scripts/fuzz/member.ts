import type { Packet } from "mqtt-packet"
import type { Version } from "./grammar.ts"
import { KEPT, Lifetime } from "./lifetime.ts"
import { type Entrance, type Line, openLine, type Target } from "./lines.ts"
import type { Order } from "./order.ts"
import type { Random } from "./random.ts"
import { type Sent, Talker } from "./talker.ts"

/** Below the gateway's Receive Maximum. */
const MOST_UNDER_WAY = 15
/** Milliseconds any answer may take, a busy machine allowed for. */
const PATIENCE_MS = 60_000

/** One client that does nothing but what it may, and says so when the gateway does not do what it must. */
export class Member {
  readonly id: string
  readonly #target: Target
  readonly #random: Random
  readonly #version: Version
  readonly #order: Order
  readonly #finding: (text: string) => void
  /** Own QoS 1 and 2 messages that are not done with, by identifier: the packet, or undefined once PUBREC has come. */
  readonly #underWay = new Map<number, Sent | undefined>()
  /** Acknowledgements held back. */
  readonly #owed: Sent[] = []
  #talker: Talker | undefined
  #lastId = 0
  readonly #lifetime = new Lifetime()

  constructor(
    id: string,
    target: Target,
    random: Random,
    order: Order,
    finding: (text: string, client: string) => void,
  ) {
    this.id = id
    this.#target = target
    this.#random = random
    this.#version = random.pick<Version>([3, 4, 5, 5])
    this.#order = order
    this.#finding = (text) => finding(`${id} (MQTT ${this.#version}): ${text}`, id)
  }

  get connected(): boolean {
    return this.#talker !== undefined
  }

  /** Comes in; where a connection is there already, it takes over. */
  async connect(will: object | undefined): Promise<void> {
    const random = this.#random
    const from = `127.254.${random.int(200)}.${random.between(1, 250)}`
    const entrance = random.pick<Entrance>(["mqtt", "mqtt", "mqtt", "ws", "mqtts", "wss"])
    const { stream } = await this.#lineBy(entrance, from)
    const clean = random.chance(0.25)
    const expiry = this.#version === 5 ? random.pick([0, 3, KEPT, 0xffffffff]) : clean ? 0 : KEPT
    const talker = new Talker(stream, this.#version)
    const before = this.#talker
    if (before !== undefined) before.onGone = () => {} // it will be told that it was taken over
    const answer = await this.#greet(talker, { clean, will, ...(this.#version === 5 ? this.#terms(expiry) : {}) })
    before?.stream.destroy()
    if (answer?.cmd !== "connack" || (answer.returnCode ?? answer.reasonCode ?? 0) !== 0) {
      this.#talker = undefined
      stream.destroy()
      return this.#finding(`CONNECT was answered with ${shown(answer)}`)
    }
    // MQTT 3.1 has no word for it: what should be is taken for what is
    const present = this.#version === 3 ? !clean && this.#lifetime.left > 0 : answer.sessionPresent
    const wrong = this.#version === 3 ? undefined : this.#lifetime.wrong(clean, present)
    if (wrong !== undefined) this.#finding(wrong)
    this.#lifetime.carry(expiry)
    this.#begin(talker, present)
  }

  /** DISCONNECT; `will` asks for the will to be sent (MQTT 5). */
  async leave(will: boolean): Promise<void> {
    const talker = this.#talker
    if (talker === undefined) return
    if (this.#version === 5 && this.#lifetime.seconds > 0 && this.#random.chance(0.3))
      this.#lifetime.carry(this.#random.pick([0, 2, KEPT]))
    const fields =
      this.#version === 5
        ? { reasonCode: will ? 4 : 0, properties: { sessionExpiryInterval: this.#lifetime.seconds } }
        : {}
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#putDown()
    talker.onGone = () => resolve()
    talker.stream.resume() // it may be resting
    talker.send({ cmd: "disconnect", ...fields })
    const late = setTimeout(() => {
      this.#finding("DISCONNECT was not followed by a close")
      resolve()
    }, PATIENCE_MS)
    await promise
    clearTimeout(late)
    talker.stream.destroy()
  }

  /** Gone without a word. */
  vanish(): void {
    const talker = this.#talker
    this.#putDown()
    if (talker === undefined) return
    talker.onGone = () => {}
    talker.stream.destroy()
  }

  publish(topic: string, retain: boolean): void {
    const qos = this.#random.int(3)
    const payload = this.#order.next(this.id, topic, qos)
    const properties =
      this.#version === 5 && this.#random.chance(0.2) ? { messageExpiryInterval: this.#random.between(1, 5) } : {}
    const message = { cmd: "publish", topic, payload, qos, retain, properties } as const
    if (qos === 0) return this.#talker?.send(message)
    if (this.#underWay.size >= MOST_UNDER_WAY) return
    const sent = { ...message, messageId: this.#newId() }
    this.#underWay.set(sent.messageId, sent)
    this.#talker?.send(sent)
  }

  subscribe(filters: readonly string[]): void {
    const random = this.#random
    const subscriptions = filters.map((topic) => {
      const options =
        this.#version === 5
          ? { nl: !topic.startsWith("$share/") && random.chance(0.2), rap: random.chance(0.3), rh: random.int(3) }
          : {}
      return { topic, qos: random.int(3), ...options }
    })
    this.#talker?.send({ cmd: "subscribe", messageId: this.#newId(), subscriptions })
  }

  unsubscribe(filters: readonly string[]): void {
    this.#talker?.send({ cmd: "unsubscribe", messageId: this.#newId(), unsubscriptions: filters })
  }

  /** Reads nothing for a while, or goes on. */
  rest(on: boolean): void {
    if (on) this.#talker?.stream.pause()
    else this.#talker?.stream.resume()
  }

  /** Sends what it has held back. */
  settle(): void {
    for (const packet of this.#owed.splice(0)) this.#talker?.send(packet)
  }

  /** Whether every packet so far was handled: the answer to a ping comes in time. */
  async ping(): Promise<void> {
    const talker = this.#talker
    if (talker === undefined) return
    talker.stream.resume()
    const { promise, resolve } = Promise.withResolvers<void>()
    const handled = talker.onPacket
    talker.onPacket = (packet) => (packet.cmd === "pingresp" ? resolve() : handled(packet))
    const gone = talker.onGone
    talker.onGone = (why) => {
      gone(why)
      resolve()
    }
    const late = setTimeout(() => {
      this.#finding("PINGREQ was not answered")
      resolve()
    }, PATIENCE_MS)
    talker.send({ cmd: "pingreq" })
    await promise
    clearTimeout(late)
    talker.onPacket = handled
    talker.onGone = gone
  }

  /** Tries again a few times: on a busy machine a handshake may run into the gateway's deadline. */
  async #lineBy(entrance: Entrance, from: string): Promise<Line> {
    for (let tries = 1; tries < 5; tries++) {
      const line = await openLine(this.#target, entrance, from).catch(() => undefined)
      if (line !== undefined) return line
    }
    return openLine(this.#target, entrance, from)
  }

  #terms(expiry: number): object {
    const { pick } = { pick: <T>(from: readonly T[]) => this.#random.pick(from) }
    return {
      properties: { sessionExpiryInterval: expiry, receiveMaximum: pick([1, 3, 50]), topicAliasMaximum: pick([0, 5]) },
    }
  }

  #greet(talker: Talker, fields: object): Promise<Packet | undefined> {
    return new Promise((resolve) => {
      const late = setTimeout(() => resolve(undefined), PATIENCE_MS)
      const over = (packet?: Packet) => {
        clearTimeout(late)
        talker.onPacket = (next) => this.#receive(talker, next) // what came in the same chunk
        resolve(packet)
      }
      talker.onPacket = over
      talker.onGone = () => over()
      talker.send({
        cmd: "connect",
        protocolId: this.#version === 3 ? "MQIsdp" : "MQTT",
        protocolVersion: this.#version,
        clientId: this.id,
        keepalive: 0,
        username: "state",
        password: Buffer.from(this.#target.password),
        ...fields,
      })
    })
  }

  /** After CONNACK: what is unfinished goes first [MQTT-4.4.0-1]. */
  #begin(talker: Talker, present: boolean): void {
    this.#talker = talker
    this.#order.forget(this.id)
    this.#owed.length = 0
    if (!present) this.#underWay.clear()
    talker.onPacket = (packet) => this.#receive(talker, packet)
    talker.onGone = (why) => {
      this.#putDown()
      this.#finding(`the gateway ended the connection: ${why}`)
    }
    for (const [messageId, sent] of this.#underWay) {
      if (sent === undefined) talker.send({ cmd: "pubrel", messageId })
      else {
        this.#order.repeated(String(sent.payload))
        talker.send({ ...sent, dup: true })
      }
    }
  }

  #receive(talker: Talker, packet: Packet): void {
    const messageId = packet.messageId ?? 0
    const refused = "reasonCode" in packet && (packet.reasonCode ?? 0) >= 0x80
    switch (packet.cmd) {
      case "publish":
        this.#order.arrived(this.id, packet, (text) => this.#finding(text))
        if (packet.qos > 0) this.#answer({ cmd: packet.qos === 1 ? "puback" : "pubrec", messageId })
        break
      case "pubrel":
        this.#answer({ cmd: "pubcomp", messageId })
        break
      case "pubrec":
        if (refused) this.#underWay.delete(messageId)
        else {
          this.#underWay.set(messageId, undefined)
          this.#answer({ cmd: "pubrel", messageId })
        }
        break
      case "puback":
      case "pubcomp":
        this.#underWay.delete(messageId)
        break
      case "disconnect":
        talker.onGone(`DISCONNECT 0x${packet.reasonCode?.toString(16)}`)
        talker.onGone = () => {}
        break
    }
  }

  /** Mostly at once; some are held back, in their order, which leaves flows half done. */
  #answer(packet: Sent): void {
    if (this.#owed.length > 0 || this.#random.chance(0.05)) this.#owed.push(packet)
    else this.#talker?.send(packet)
  }

  #putDown(): void {
    this.#talker = undefined
    this.#lifetime.putDown()
  }

  #newId(): number {
    do this.#lastId = (this.#lastId % 65_535) + 1
    while (this.#underWay.has(this.#lastId))
    return this.#lastId
  }
}

function shown(packet: Packet | undefined): string {
  return packet === undefined ? "nothing" : JSON.stringify(packet).slice(0, 200)
}
