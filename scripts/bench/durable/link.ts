import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { generate } from "mqtt-packet"
import { type QoS, Scanner } from "../load/packets.ts"

/** A client of MQTT 3.1.1 that publishes QoS 1 with a window and notes how long each acknowledgement takes. */
export class Link {
  readonly #socket: Socket
  readonly #scanner = new Scanner()
  readonly #sentAt = new Float64Array(65536)
  #packetId = 0
  #underWay = 0
  received = 0
  acknowledged = 0
  /** From PUBLISH to PUBACK, milliseconds. */
  readonly delays: number[] = []
  #onAnswer: () => void = () => {}
  #onAck: () => void = () => {}

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on("data", (chunk: Buffer) => {
      this.#scanner.scan(chunk, (first, bytes, from) => this.#take(first, bytes, from))
      this.#onAck()
    })
    socket.on("error", () => {})
  }

  static async open(port: number, clientId: string, clean: boolean, login: { username: string; password: string }) {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true })
    await once(socket, "connect")
    const link = new Link(socket)
    const password = Buffer.from(login.password)
    const { username } = login
    await link.#ask(
      generate({
        cmd: "connect",
        protocolId: "MQTT",
        protocolVersion: 4,
        clean,
        clientId,
        keepalive: 0,
        username,
        password,
      }),
    )
    return link
  }

  subscribe(topic: string, qos: QoS): Promise<void> {
    return this.#ask(generate({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic, qos }] }))
  }

  publish(topic: string, payload: Buffer, retain = false, qos: 0 | 1 = 1): void {
    this.#packetId = (this.#packetId % 65535) + 1
    this.#sentAt[this.#packetId] = performance.now()
    if (qos === 1) this.#underWay++
    const messageId = this.#packetId
    this.#socket.write(generate({ cmd: "publish", topic, payload, qos, dup: false, retain, messageId }))
  }

  /** Publishes as fast as acknowledgements come, at most `window` at a time, until `goesOn` says no. */
  async flood(window: number, goesOn: () => boolean, publish: () => void): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const fill = () => {
      this.#socket.cork()
      while (this.#underWay < window && goesOn()) publish()
      this.#socket.uncork()
      if (this.#underWay === 0) resolve()
    }
    this.#onAck = fill
    fill()
    await promise
    this.#onAck = () => {}
  }

  /** Resolves once so many messages have come. */
  async until(count: number): Promise<void> {
    while (this.received < count) await once(this.#socket, "data")
  }

  async close(): Promise<void> {
    const gone = once(this.#socket, "close")
    this.#socket.destroy()
    await gone
  }

  #ask(packet: Buffer): Promise<void> {
    return new Promise((resolve) => {
      this.#onAnswer = resolve
      this.#socket.write(packet)
    })
  }

  #take(first: number, bytes: Buffer, from: number): void {
    const type = first >> 4
    if (type === 2 || type === 9) return this.#onAnswer()
    if (type === 4) {
      this.acknowledged++
      this.#underWay--
      this.delays.push(performance.now() - (this.#sentAt[bytes.readUInt16BE(from)] ?? 0))
    } else if (type === 3) {
      this.received++
      const idAt = from + 2 + bytes.readUInt16BE(from)
      if (first & 6) this.#socket.write(Buffer.from([0x40, 2, bytes[idAt] ?? 0, bytes[idAt + 1] ?? 0]))
    }
  }
}
