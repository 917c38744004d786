import { quantile } from "../figures.ts"
import { serve } from "../helper.ts"
import { Client, type Door } from "../load/client.ts"
import { elapsed } from "../load/closed-loop.ts"
import { PAYLOAD_BYTES, publishPacket } from "../load/packets.ts"

import { prefer } from "./priority.ts"

export interface HealthyOrder {
  readonly door: Door
  readonly perSecond: number
  readonly milliseconds: number
}

/** Milliseconds from a QoS 1 publish to its delivery to the same client. */
export interface Felt {
  readonly p50: number
  readonly p99: number
  readonly worst: number
  readonly sent: number
  readonly received: number
}

const TOPIC = "bench/healthy"
/** Longer than any answer should take; what has not come by then is lost, or as good as lost. */
const LAST_MS = 5000

/** A well-behaved client that sends at a steady pace, whatever the gateway does. */
async function feel({ door, perSecond, milliseconds }: HealthyOrder): Promise<Felt> {
  const client = await Client.connect(door, 0, "healthy-1", 4)
  try {
    await client.subscribe(TOPIC, 1)
    const latencies: number[] = []
    client.onMessage = (bytes, payloadAt) => latencies.push(performance.now() - bytes.readDoubleBE(payloadAt))
    const sent = await pace(client, perSecond, milliseconds)
    for (let left = LAST_MS; left > 0 && latencies.length < sent; left -= 50) await elapsed(50)
    const lost = Array<number>(sent - latencies.length).fill(LAST_MS)
    const all = [...latencies, ...lost]
    return {
      p50: quantile(all, 0.5),
      p99: quantile(all, 0.99),
      worst: quantile(all, 1),
      sent,
      received: latencies.length,
    }
  } finally {
    await client.close()
  }
}

async function pace(client: Client, perSecond: number, milliseconds: number): Promise<number> {
  const begun = performance.now()
  let sent = 0
  while (performance.now() - begun < milliseconds) {
    for (const due = ((performance.now() - begun) / 1000) * perSecond; sent < due; sent++) {
      const packet = publishPacket(TOPIC, 1, (sent % 60_000) + 1, 4)
      packet.writeDoubleBE(performance.now(), packet.length - PAYLOAD_BYTES)
      client.socket.write(packet)
    }
    await elapsed(1)
  }
  return sent
}

/** Goes before the machine's other work. */
async function preferred(): Promise<boolean> {
  return prefer(process.pid)
}

const verbs = { feel, prefer: preferred }

export type HealthyVerbs = typeof verbs

serve(verbs)
