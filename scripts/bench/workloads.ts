import type { Broker } from "./broker.ts"
import type { Helper } from "./helper.ts"
import type { Measured, ThroughputOrder } from "./load/closed-loop.ts"
import type { LoadVerbs } from "./load/main.ts"
import type { Latencies } from "./load/paced.ts"

/** How long each measurement takes. */
export interface Timing {
  readonly warmUpMs: number
  readonly measureMs: number
}

export type Load = Helper<LoadVerbs>
export type Sample = Measured & Partial<Latencies>

export interface Workload {
  readonly name: string
  /** What one operation is. */
  readonly operation: string
  run(load: Load, broker: Broker, timing: Timing): Promise<Sample>
}

/** Messages under way in all closed loops together, as in the reference. */
const WINDOW = 1000
/** Of a fan-out: 50 messages are 5,000 deliveries. */
const FAN_OUT_WINDOW = 50
/** Clients that connect side by side. */
const SIDE = 8
/** Connections of one measurement; each leaves a port of loopback behind that rests for a minute. */
const MOST_CONNECTS = 4000

type Closed = Omit<ThroughputOrder, "door" | "pid" | keyof Timing>

function closedLoop(name: string, entrance: "plain" | "mutual", shape: Closed, operation = "message"): Workload {
  return {
    name,
    operation,
    run: (load, broker, timing) =>
      load.ask("throughput", { ...shape, ...timing, door: broker[entrance], pid: broker.pid }),
  }
}

function connects(name: string, entrance: "plain" | "mutual", resumed: boolean): Workload {
  return {
    name,
    operation: "CONNECT",
    async run(load, broker, timing) {
      const order = { door: broker[entrance], pid: broker.pid, side: SIDE, resumed, most: MOST_CONNECTS, ...timing }
      const sample = await load.ask("connects", order)
      if (resumed && sample.resumed < 0.9) {
        throw new Error(`${broker.name} resumed only ${Math.round(sample.resumed * 100)} % of the TLS sessions`)
      }
      return sample
    },
  }
}

const pairs = { shape: "pairs", clients: 20, window: WINDOW, version: 4 } as const

export const WORKLOADS: readonly Workload[] = [
  closedLoop("fan-in 20 to 1, QoS 0", "plain", { shape: "fan-in", clients: 20, qos: 0, version: 4, window: WINDOW }),
  closedLoop("fan-in 20 to 1, QoS 1", "plain", { shape: "fan-in", clients: 20, qos: 1, version: 4, window: WINDOW }),
  closedLoop(
    "fan-out 1 to 100, QoS 0",
    "plain",
    { shape: "fan-out", clients: 100, qos: 0, version: 4, window: FAN_OUT_WINDOW },
    "delivery",
  ),
  closedLoop("20 pairs, QoS 0", "plain", { ...pairs, qos: 0 }),
  closedLoop("20 pairs, QoS 1", "plain", { ...pairs, qos: 1 }),
  closedLoop("20 pairs, QoS 2", "plain", { ...pairs, qos: 2 }),
  closedLoop("20 pairs, QoS 1, MQTT 5", "plain", { ...pairs, qos: 1, version: 5 }),
  closedLoop("20 pairs, QoS 0, mTLS", "mutual", { ...pairs, qos: 0 }),
  closedLoop("20 pairs, QoS 1, mTLS", "mutual", { ...pairs, qos: 1 }),
  {
    name: "20 pairs, 2,000 messages/s, QoS 0",
    operation: "message",
    run(load, broker, { warmUpMs, measureMs }) {
      // so little work that a short look at the clock of processor time would see steps of it
      const timing = { warmUpMs, measureMs: 2 * measureMs }
      return load.ask("paced", { door: broker.plain, pid: broker.pid, pairs: 20, perSecond: 2000, ...timing })
    },
  },
  connects("CONNECT, password", "plain", false),
  connects("CONNECT, mTLS, full handshake", "mutual", false),
  connects("CONNECT, mTLS, resumed session", "mutual", true),
]
