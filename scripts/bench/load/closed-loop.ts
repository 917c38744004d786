import { processorTime } from "../process-stat.ts"
import { Client, type Door } from "./client.ts"
import { publishPacket, type QoS, type Version } from "./packets.ts"

export interface ThroughputOrder {
  readonly door: Door
  /** The broker's process. */
  readonly pid: number
  readonly shape: "fan-in" | "fan-out" | "pairs"
  readonly clients: number
  readonly qos: QoS
  readonly version: Version
  /** Messages under way at one time, over all publishers; of a fan-out before they are multiplied. */
  readonly window: number
  readonly warmUpMs: number
  readonly measureMs: number
}

export interface Measured {
  readonly operations: number
  /** Of the broker's processor time. */
  readonly microseconds: number
  readonly seconds: number
}

/** MQTT 5 publishers keep this many unacknowledged at most: what Mosquitto grants by default, for both brokers alike. */
const RECEIVE_MAXIMUM = 20

/** A publisher writes slices of one ring of packets, made once; an identifier comes round only after its message is done. */
class Publisher {
  readonly client: Client
  readonly #ring: Buffer
  readonly #size: number
  readonly #count: number
  #next = 0
  sent = 0

  constructor(client: Client, topic: string, qos: QoS, window: number) {
    this.client = client
    this.#count = window
    const packets = Array.from({ length: window }, (_, i) => publishPacket(topic, qos, i + 1, client.version))
    this.#ring = Buffer.concat(packets)
    this.#size = this.#ring.length / window
  }

  /** How many more may be unacknowledged. */
  credit(qos: QoS): number {
    if (qos === 0) return this.#count
    const most = this.client.version === 5 ? Math.min(RECEIVE_MAXIMUM, this.client.receiveMaximum) : this.#count
    return Math.min(most, this.#count) - (this.sent - this.client.acknowledged)
  }

  send(count: number): void {
    this.sent += count
    let left = count
    while (left > 0) {
      const now = Math.min(left, this.#count - this.#next)
      this.client.socket.write(this.#ring.subarray(this.#next * this.#size, (this.#next + now) * this.#size))
      this.#next = (this.#next + now) % this.#count
      left -= now
    }
  }
}

/** Publishers that go on as fast as their receivers take the messages: each arrival makes room for the next. */
class Loop {
  readonly publishers: readonly Publisher[]
  readonly receivers: readonly Client[]
  readonly #qos: QoS
  readonly #window: number
  /** Copies of each message. */
  readonly #copies: number

  constructor(publishers: readonly Publisher[], receivers: readonly Client[], qos: QoS, window: number) {
    this.publishers = publishers
    this.receivers = receivers
    this.#qos = qos
    this.#window = window
    this.#copies = publishers.length > 1 ? 1 : receivers.length
    for (const client of receivers) client.onChunk = () => this.pump()
    if (qos > 0) for (const { client } of publishers) client.onChunk = () => this.pump()
  }

  get received(): number {
    let sum = 0
    for (const client of this.receivers) sum += client.received
    return sum
  }

  pump(): void {
    let sent = 0
    for (const publisher of this.publishers) sent += publisher.sent
    const room = this.#window - Math.ceil(sent - this.received / this.#copies)
    const each = Math.floor(room / this.publishers.length)
    if (each <= 0) return
    for (const publisher of this.publishers) {
      const count = Math.min(each, publisher.credit(this.#qos))
      if (count > 0) publisher.send(count)
    }
  }
}

/** Runs one shape of load for a time and answers what it cost the broker. One operation is one delivery. */
export async function throughput(order: ThroughputOrder): Promise<Measured> {
  const clients: Client[] = []
  try {
    const loops = await connectAll(order, clients)
    const received = () => loops.reduce((sum, loop) => sum + loop.received, 0)
    for (const loop of loops) loop.pump()
    await elapsed(order.warmUpMs)
    const before = { received: received(), microseconds: processorTime(order.pid), at: performance.now() }
    await elapsed(order.measureMs)
    const measured = {
      operations: received() - before.received,
      microseconds: processorTime(order.pid) - before.microseconds,
      seconds: (performance.now() - before.at) / 1000,
    }
    if (measured.operations === 0) throw new Error(`no message came through (${order.shape}, QoS ${order.qos})`)
    return measured
  } finally {
    await Promise.all(clients.map((client) => client.close()))
  }
}

async function connectAll(order: ThroughputOrder, clients: Client[]): Promise<Loop[]> {
  const { shape, qos, version, window, door } = order
  const connect = async (name: string) => {
    const client = await Client.connect(door, clients.length, `bench-${name}`, version)
    clients.push(client)
    return client
  }
  const receiver = async (name: string, topic: string) => {
    const client = await connect(name)
    await client.subscribe(topic, qos)
    return client
  }
  if (shape === "pairs") {
    const loops: Loop[] = []
    for (let i = 0; i < order.clients; i++) {
      const topic = `bench/pair/${i}`
      const own = Math.max(1, Math.floor(window / order.clients))
      const to = await receiver(`to-${i}`, topic)
      loops.push(new Loop([new Publisher(await connect(`from-${i}`), topic, qos, own)], [to], qos, own))
    }
    return loops
  }
  const [publishers, receivers] = shape === "fan-in" ? [order.clients, 1] : [1, order.clients]
  const to: Client[] = []
  for (let i = 0; i < receivers; i++) to.push(await receiver(`to-${i}`, "bench/all/+"))
  const from: Publisher[] = []
  for (let i = 0; i < publishers; i++) {
    from.push(new Publisher(await connect(`from-${i}`), `bench/all/${i}`, qos, window))
  }
  return [new Loop(from, to, qos, window)]
}

export function elapsed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
