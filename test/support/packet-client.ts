import assert from "node:assert/strict"
import { once } from "node:events"
import { connect as connectTcp } from "node:net"
import type { Duplex } from "node:stream"
import { type ConnectionOptions, connect as connectTls } from "node:tls"
import { generate, type Packet, type PacketCmd, parser } from "mqtt-packet"

export type Version = 3 | 4 | 5
/** A packet from the gateway, with the bytes it came as. */
export type Received<C extends PacketCmd = PacketCmd> = Extract<Packet, { cmd: C }> & { readonly bytes: Buffer }
/** A packet to send, in mqtt-packet's words; what is missing is false, 0 or empty. */
export type Sent = { readonly cmd: PacketCmd; readonly [field: string]: unknown }

/** How long anything may take, milliseconds; a test that waits this long has failed. */
const PATIENCE = 8000

interface Waiting {
  readonly resolve: (packet: Received) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

/** A client made of packets and bytes: it sends what it is told, right or wrong, and hands on what comes, in order. */
export class PacketClient implements Disposable {
  readonly stream: Duplex
  /** What the packets sent and received are written in. */
  version: Version
  /** Set once a CONNECT was answered. */
  connack: Received<"connack"> | undefined
  #bytes: Buffer = Buffer.alloc(0)
  readonly #arrived: Received[] = []
  readonly #waiting: Waiting[] = []
  #ended = false
  #packetId = 0

  constructor(stream: Duplex, version: Version = 5) {
    this.stream = stream
    this.version = version
    stream.on("data", (chunk: Buffer) => this.#receive(chunk))
    stream.on("error", () => {}) // a reset is one of the ways to be closed
    for (const event of ["end", "close"]) stream.on(event, () => this.#end())
  }

  /** A TCP connection to this port of loopback, over TLS where `tls` is given. */
  static async open(port: number, version: Version = 5, tls?: ConnectionOptions): Promise<PacketClient> {
    const options = { host: "127.0.0.1", port, noDelay: true }
    const socket = tls === undefined ? connectTcp(options) : connectTls({ ...options, ...tls })
    await once(socket, tls === undefined ? "connect" : "secureConnect")
    return new PacketClient(socket, version)
  }

  /** Sends bytes, given as they are or in hex with blanks. */
  write(bytes: Buffer | string): void {
    this.stream.write(typeof bytes === "string" ? Buffer.from(bytes.replace(/\s/g, ""), "hex") : bytes)
  }

  /** Sends packets in one write. */
  send(...packets: readonly Sent[]): void {
    this.write(Buffer.concat(packets.map((packet) => this.bytesOf(packet))))
  }

  bytesOf(packet: Sent): Buffer {
    const complete = { qos: 0, dup: false, retain: false, payload: "", ...packet }
    return generate(complete as unknown as Packet, { protocolVersion: this.version })
  }

  /** The next packet, whatever it is. */
  async any(): Promise<Received> {
    const packet = this.#arrived.shift()
    if (packet !== undefined) return packet
    assert.ok(!this.#ended, "the gateway has closed the connection; a packet was expected")
    return new Promise((resolve, reject) => {
      const late = () => reject(new Error(`no packet came within ${PATIENCE} ms`))
      this.#waiting.push({ resolve, reject, timer: setTimeout(late, PATIENCE) })
    })
  }

  /** The next packet, which must be of this kind. */
  async next<C extends PacketCmd>(cmd: C): Promise<Received<C>> {
    const packet = await this.any()
    assert.equal(packet.cmd, cmd, `${cmd} was expected, not ${JSON.stringify(packet)}`)
    return packet as Received<C>
  }

  /** The next packets, which must be PUBLISH. */
  async messages(count: number): Promise<Received<"publish">[]> {
    const messages: Received<"publish">[] = []
    while (messages.length < count) messages.push(await this.next("publish"))
    return messages
  }

  /** Takes `count` messages as a well-behaved client does: each is acknowledged as it comes, up to its last PUBCOMP. */
  async take(count: number): Promise<Received<"publish">[]> {
    const messages: Received<"publish">[] = []
    for (let unreleased = 0; messages.length < count || unreleased > 0; ) {
      const packet = await this.any()
      const { messageId } = packet
      if (packet.cmd === "pubrel") {
        unreleased--
        this.send({ cmd: "pubcomp", messageId })
        continue
      }
      assert.equal(packet.cmd, "publish", `a message was expected, not ${JSON.stringify(packet)}`)
      const message = packet as Received<"publish">
      messages.push(message)
      if (message.qos === 2) unreleased++
      if (message.qos > 0) this.send({ cmd: message.qos === 1 ? "puback" : "pubrec", messageId })
    }
    return messages
  }

  /** The payloads of the next `count` messages as text. */
  async texts(count: number): Promise<string[]> {
    return (await this.messages(count)).map(({ payload }) => payload.toString())
  }

  /** Everything that is on its way here: what comes before the answer to a ping sent now. */
  async rest(): Promise<Received[]> {
    this.send({ cmd: "pingreq" })
    const packets: Received[] = []
    for (let packet = await this.any(); packet.cmd !== "pingresp"; packet = await this.any()) packets.push(packet)
    return packets
  }

  /** Nothing is on its way here, and everything that was sent before has been handled. */
  async quiet(): Promise<void> {
    assert.deepEqual(await this.rest(), [], "nothing should have come")
  }

  /** Resolves once the gateway has closed; packets that came before are thrown away and returned. */
  async closed(): Promise<Received[]> {
    if (!this.#ended) {
      this.stream.resume()
      const late = new Promise((_resolve, reject) => {
        const timer = setTimeout(() => reject(new Error("the gateway did not close")), PATIENCE)
        this.stream.once("close", () => clearTimeout(timer))
        this.stream.once("end", () => clearTimeout(timer))
      })
      const over = Promise.race([once(this.stream, "end"), once(this.stream, "close")]).catch(() => {})
      await Promise.race([over, late])
    }
    return this.#arrived.splice(0)
  }

  /** The gateway ends the connection: MQTT 5 with DISCONNECT and this reason, the older versions without a word. */
  async ended(reason: number): Promise<void> {
    if (this.version === 5) {
      const packet = await this.next("disconnect")
      assert.equal(packet.reasonCode, reason, `DISCONNECT 0x${packet.reasonCode?.toString(16)}`)
    }
    assert.deepEqual(await this.closed(), [], "nothing but the end")
  }

  /** A packet identifier not used by this client before. */
  newId(): number {
    return ++this.#packetId
  }

  /** SUBSCRIBE and its SUBACK; answers the codes. Filters may be given with options or as text, QoS 0. */
  async subscribe(...filters: (string | Readonly<Record<string, unknown>>)[]): Promise<number[]> {
    const subscriptions = filters.map((filter) => ({
      qos: 0,
      ...(typeof filter === "string" ? { topic: filter } : filter),
    }))
    const id = filters.find((filter) => typeof filter !== "string" && "id" in filter) as { id: number } | undefined
    const properties = id === undefined ? undefined : { subscriptionIdentifier: id.id }
    const messageId = this.newId()
    this.send({ cmd: "subscribe", messageId, subscriptions, properties })
    const suback = await this.next("suback")
    assert.equal(suback.messageId, messageId)
    return suback.granted as number[]
  }

  async unsubscribe(...unsubscriptions: string[]): Promise<number[] | undefined> {
    const messageId = this.newId()
    this.send({ cmd: "unsubscribe", messageId, unsubscriptions })
    const unsuback = await this.next("unsuback")
    assert.equal(unsuback.messageId, messageId)
    return unsuback.granted
  }

  /** PUBLISH up to its last acknowledgement, or, at QoS 0, until it was handled. Answers the first reason code. */
  async publish(topic: string, payload: string | Buffer = "", options: object = {}): Promise<number> {
    const { qos = 1, messageId = this.newId() } = options as { qos?: number; messageId?: number }
    this.send({ cmd: "publish", topic, payload, qos, ...(qos === 0 ? {} : { messageId }), ...options })
    if (qos === 0) {
      await this.quiet()
      return 0
    }
    const answer = await this.next(qos === 1 ? "puback" : "pubrec")
    assert.equal(answer.messageId, messageId)
    if (qos === 2 && (answer.reasonCode ?? 0) < 0x80) {
      this.send({ cmd: "pubrel", messageId })
      assert.equal((await this.next("pubcomp")).messageId, messageId)
    }
    return answer.reasonCode ?? 0
  }

  /** DISCONNECT, and the gateway's close. */
  async leave(fields: object = {}): Promise<void> {
    this.send({ cmd: "disconnect", ...fields })
    await this.closed()
  }

  /** Gone without a word. Resolves when the operating system has let go of the socket. */
  async vanish(): Promise<void> {
    if (this.stream.destroyed) return
    const gone = once(this.stream, "close")
    this.stream.destroy()
    await gone
  }

  [Symbol.dispose](): void {
    this.stream.destroy()
  }

  #receive(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk])
    for (let size = packetSize(this.#bytes); size > 0 && size <= this.#bytes.length; size = packetSize(this.#bytes)) {
      this.#hand(parsed(this.#bytes.subarray(0, size), this.version))
      this.#bytes = this.#bytes.subarray(size)
    }
  }

  #hand(packet: Received): void {
    const waiting = this.#waiting.shift()
    if (waiting === undefined) {
      this.#arrived.push(packet)
      return
    }
    clearTimeout(waiting.timer)
    waiting.resolve(packet)
  }

  #end(): void {
    this.#ended = true
    for (const { reject, timer } of this.#waiting.splice(0)) {
      clearTimeout(timer)
      reject(new Error("the gateway closed the connection; a packet was expected"))
    }
  }
}

/** Bytes of the packet at the begin; 0 where its length has not arrived yet. */
function packetSize(bytes: Buffer): number {
  let length = 0
  for (let at = 1; at < Math.min(bytes.length, 5); at++) {
    const byte = bytes[at] ?? 0
    length += (byte & 127) * 128 ** (at - 1)
    if (byte < 128) return at + 1 + length
  }
  return 0
}

function parsed(bytes: Buffer, protocolVersion: Version): Received {
  let packet: Packet | undefined
  const reader = parser({ protocolVersion })
  reader.on("packet", (found) => {
    packet = found
  })
  reader.on("error", (error) => assert.fail(`the gateway sent ${bytes.toString("hex")}: ${error.message}`))
  assert.equal(reader.parse(bytes), 0, "a packet is as long as it says")
  assert.ok(packet !== undefined)
  return { ...packet, bytes } as Received
}
