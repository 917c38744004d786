import { once } from "node:events"
import { connect as connectTcp, type Socket } from "node:net"
import { connect as connectTls } from "node:tls"
import { connectPacket, type Login, type QoS, Scanner, subscribePacket, type Version } from "./packets.ts"

/** Where a broker is and how one gets in. */
export interface Door {
  readonly port: number
  readonly login: Login
  /** Certificates of the devices, for mTLS; client number i shows number i modulo their count. */
  readonly tls?: { readonly ca: readonly string[]; readonly devices: readonly Device[] } | undefined
}

export interface Device {
  readonly name: string
  /** PEM. */
  readonly key: string
  /** PEM, with the chain. */
  readonly cert: string
}

const PUBLISH = 3
const PATIENCE_MS = 15_000

/** One MQTT client that only counts. Whatever it must answer goes out in one write for each chunk that came in. */
export class Client {
  readonly socket: Socket
  readonly #scanner = new Scanner()
  readonly #answers = Buffer.allocUnsafe(4096)
  #answered = 0
  #onConnack: (code: number) => void = () => {}
  #onSuback: (code: number) => void = () => {}
  /** Messages that came in. */
  received = 0
  /** Own QoS 1 and 2 messages that are done with. */
  acknowledged = 0
  /** The server's Receive Maximum (MQTT 5). */
  receiveMaximum = 65535
  /** Told after each chunk. */
  onChunk: () => void = () => {}
  /** Told of each message: where its payload begins. */
  onMessage: ((bytes: Buffer, payloadAt: number) => void) | undefined
  /** The connection is gone: expected or not, whoever watches decides. */
  onClosed: () => void = () => {}
  readonly version: Version

  constructor(socket: Socket, version: Version) {
    this.socket = socket
    this.version = version
    socket.on("data", (chunk: Buffer) => this.#receive(chunk))
    socket.on("error", () => {}) // "close" follows
    socket.on("close", () => this.onClosed())
  }

  /** Connects and waits for CONNACK; rejects when the broker refuses. */
  static async connect(door: Door, index: number, clientId: string, version: Version): Promise<Client> {
    const client = new Client(await openSocket(door, index), version)
    const code = new Promise<number>((resolve) => {
      client.#onConnack = resolve
    })
    client.socket.write(connectPacket(clientId, version, door.login))
    const refused = await inTime(code, client, "CONNACK")
    if (refused !== 0) throw new Error(`the broker refused ${clientId}: return code ${refused}`)
    return client
  }

  async subscribe(filter: string, qos: QoS): Promise<void> {
    const code = new Promise<number>((resolve) => {
      this.#onSuback = resolve
    })
    this.socket.write(subscribePacket(filter, qos, this.version))
    const granted = await inTime(code, this, "SUBACK")
    if (granted > 2) throw new Error(`the broker refused the filter ${filter}`)
  }

  /** Closes without a word and waits until the operating system has let go. */
  async close(): Promise<void> {
    if (this.socket.destroyed) return
    const gone = once(this.socket, "close")
    this.socket.destroy()
    await gone
  }

  #receive(chunk: Buffer): void {
    this.#scanner.scan(chunk, this.#onPacket)
    this.#sendAnswers()
    this.onChunk()
  }

  readonly #onPacket = (first: number, bytes: Buffer, from: number, end: number): void => {
    const type = first >> 4
    if (type === PUBLISH) this.#onPublish(first, bytes, from)
    else if (type === 4 || type === 7) this.acknowledged++
    else if (type === 5) this.#answer(0x62, bytes, from)
    else if (type === 6) this.#answer(0x70, bytes, from)
    else if (type === 2) {
      this.receiveMaximum = receiveMaximumIn(bytes, from + 2, end)
      this.#onConnack(bytes[from + 1] as number)
    } else if (type === 9) this.#onSuback(bytes[end - 1] as number)
  }

  #onPublish(first: number, bytes: Buffer, from: number): void {
    this.received++
    const qos = (first >> 1) & 3
    const topicEnd = from + 2 + (((bytes[from] as number) << 8) | (bytes[from + 1] as number))
    if (qos > 0) this.#answer(qos === 1 ? 0x40 : 0x50, bytes, topicEnd)
    this.onMessage?.(bytes, topicEnd + (qos > 0 ? 2 : 0) + (this.version === 5 ? 1 : 0))
  }

  #answer(first: number, bytes: Buffer, packetIdAt: number): void {
    if (this.#answered + 4 > this.#answers.length) this.#sendAnswers()
    const at = this.#answered
    this.#answers[at] = first
    this.#answers[at + 1] = 2
    this.#answers[at + 2] = bytes[packetIdAt] as number
    this.#answers[at + 3] = bytes[packetIdAt + 1] as number
    this.#answered = at + 4
  }

  #sendAnswers(): void {
    if (this.#answered === 0) return
    this.socket.write(Buffer.from(this.#answers.subarray(0, this.#answered)))
    this.#answered = 0
  }
}

/** What a client keeps of its last TLS connection, to resume it with the next. */
export interface Session {
  ticket: Buffer | undefined
}

/** A connected socket, over TLS where the door says so; a session is resumed, and renewed where the broker sends a new ticket. */
export async function openSocket(door: Door, index: number, session?: Session): Promise<Socket> {
  const { tls } = door
  const address = { host: "127.0.0.1", port: door.port, noDelay: true }
  if (tls === undefined) {
    const socket = connectTcp(address)
    await once(socket, "connect")
    return socket
  }
  const device = tls.devices[index % tls.devices.length]
  const identity = device === undefined ? {} : { key: device.key, cert: device.cert }
  const resumed = session?.ticket === undefined ? {} : { session: session.ticket }
  const socket = connectTls({ ...address, servername: "localhost", ca: [...tls.ca], ...identity, ...resumed })
  if (session !== undefined) {
    socket.on("session", (ticket: Buffer) => {
      session.ticket = ticket
    })
  }
  await once(socket, "secureConnect")
  return socket
}

/** Property 0x21 in CONNACK, which the brokers measured here put after numbers only; 65535 when absent. */
function receiveMaximumIn(bytes: Buffer, from: number, end: number): number {
  const sizes: Readonly<Record<number, number>> = {
    17: 4,
    33: 2,
    36: 1,
    37: 1,
    39: 4,
    34: 2,
    40: 1,
    41: 1,
    42: 1,
    19: 2,
  }
  for (let at = from + 1; at < end; ) {
    const id = bytes[at] as number
    if (id === 33) return bytes.readUInt16BE(at + 1)
    const size = sizes[id]
    if (size === undefined) break
    at += 1 + size
  }
  return 65535
}

function inTime<T>(answer: Promise<T>, client: Client, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${what} within ${PATIENCE_MS} ms`)), PATIENCE_MS)
    client.onClosed = () => reject(new Error(`the broker closed the connection; ${what} was expected`))
    answer.then((value) => {
      clearTimeout(timer)
      client.onClosed = () => {}
      resolve(value)
    }, reject)
  })
}
