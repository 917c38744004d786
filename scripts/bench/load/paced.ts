import { quantile } from "../figures.ts"
import { processorTime } from "../process-stat.ts"
import { Client, type Door } from "./client.ts"
import { elapsed, type Measured } from "./closed-loop.ts"
import { publishPacket } from "./packets.ts"

export interface PacedOrder {
  readonly door: Door
  readonly pid: number
  readonly pairs: number
  readonly perSecond: number
  readonly warmUpMs: number
  readonly measureMs: number
}

/** Microseconds from the publisher's write to the subscriber's read. */
export interface Latencies {
  readonly p50: number
  readonly p99: number
}

/** Bytes at the end of each packet's payload: the moment it was sent. */
const STAMP_BYTES = 8

/** A steady trickle, one message after the other over all pairs, QoS 0: nothing can be batched. */
export async function paced(order: PacedOrder): Promise<Measured & Latencies> {
  const clients: Client[] = []
  const latencies: number[] = []
  try {
    const senders = await connectPairs(order, clients, latencies)
    const stop = trickle(senders, order.perSecond)
    try {
      await elapsed(order.warmUpMs)
      latencies.length = 0
      const before = { microseconds: processorTime(order.pid), at: performance.now() }
      await elapsed(order.measureMs)
      const microseconds = processorTime(order.pid) - before.microseconds
      const seconds = (performance.now() - before.at) / 1000
      const [p50, p99] = [quantile(latencies, 0.5) * 1000, quantile(latencies, 0.99) * 1000]
      return { operations: latencies.length, microseconds, seconds, p50, p99 }
    } finally {
      stop()
    }
  } finally {
    await Promise.all(clients.map((client) => client.close()))
  }
}

async function connectPairs(order: PacedOrder, clients: Client[], latencies: number[]): Promise<(() => void)[]> {
  const senders: (() => void)[] = []
  for (let i = 0; i < order.pairs; i++) {
    const topic = `bench/paced/${i}`
    const to = await Client.connect(order.door, 2 * i, `bench-to-${i}`, 4)
    const from = await Client.connect(order.door, 2 * i + 1, `bench-from-${i}`, 4)
    clients.push(to, from)
    await to.subscribe(topic, 0)
    to.onMessage = (bytes, payloadAt) => latencies.push(performance.now() - bytes.readDoubleBE(payloadAt))
    const packet = publishPacket(topic, 0, 0, 4)
    const payloadAt = packet.indexOf(Buffer.alloc(STAMP_BYTES, 0x61))
    senders.push(() => {
      const stamped = Buffer.from(packet)
      stamped.writeDoubleBE(performance.now(), payloadAt)
      from.socket.write(stamped)
    })
  }
  return senders
}

/** Each millisecond what is due by then; what a stall of this process has missed is not made up for in a burst. */
function trickle(senders: readonly (() => void)[], perSecond: number): () => void {
  const mostAtOnce = Math.max(1, Math.ceil((3 * perSecond) / 1000))
  let due = performance.now()
  let next = 0
  const timer = setInterval(() => {
    const now = performance.now()
    for (let sent = 0; due <= now && sent < mostAtOnce; sent++) {
      senders[next]?.()
      next = (next + 1) % senders.length
      due += 1000 / perSecond
    }
    if (due < now) due = now
  }, 1)
  return () => clearInterval(timer)
}
