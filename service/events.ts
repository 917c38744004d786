import { randomBytes } from "node:crypto"
import type { Clock } from "./clock.ts"

/** What happens to the gateway, as the page and scripts are told of it while it happens. */
export const EVENT_KINDS = [
  "client-connected",
  "client-disconnected",
  "refused",
  "alarm-raised",
  "alarm-cleared",
  "certificate-issued",
  "certificate-revoked",
  "stranger",
  "users-changed",
  "roles-changed",
  "appliance-changed",
  "serial-ports-changed",
  "serial-job-changed",
  "skipped",
] as const

export type EventKind = (typeof EVENT_KINDS)[number]

export interface GatewayEvent {
  /** Rises by one with each event of this process; `<start>-<number>` with what tells two processes apart. */
  readonly id: string
  readonly number: number
  readonly kind: EventKind
  /** Milliseconds since the epoch. */
  readonly at: number
  /** The HTTP path whose readers may know of it. */
  readonly resource: string
  readonly data: Readonly<Record<string, unknown>>
}

const KEPT = 1000
const KEPT_MS = 15 * 60_000
/** Events of one kind in one second; a flood of refusals must neither fill the ring nor keep every page busy. */
const PER_SECOND = 50
const SECOND = 1000

interface Budget {
  second: number
  used: number
  skipped: number
}

/** Where whoever knows of an event says so, and whoever looks on listens. Keeps the latest for who was away a moment. */
export class EventHub {
  readonly #start = randomBytes(4).toString("hex")
  readonly #clock: Clock
  readonly #ring: { readonly event: GatewayEvent; readonly elapsed: number }[] = []
  readonly #listeners = new Set<(event: GatewayEvent) => void>()
  readonly #budgets = new Map<EventKind, Budget>()
  #number = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Tells everyone. Beyond the budget of its kind it is only counted, and `skipped` says so when the flood has passed. */
  publish(kind: EventKind, resource: string, data: GatewayEvent["data"]): void {
    if (!this.#spends(kind, resource)) return
    const number = ++this.#number
    const event = { id: `${this.#start}-${number}`, number, kind, at: this.#clock.now(), resource, data }
    this.#ring.push({ event, elapsed: this.#clock.elapsed() })
    if (this.#ring.length > KEPT) this.#ring.shift()
    for (const listener of this.#listeners) listener(event)
  }

  /**
   * What came after the event of this id, the oldest first; undefined when some of it is gone, or the id is of another
   * process: then whoever asks has to look at everything anew.
   */
  since(id: string): GatewayEvent[] | undefined {
    const oldest = this.#clock.elapsed() - KEPT_MS
    while ((this.#ring[0]?.elapsed ?? oldest) < oldest) this.#ring.shift()
    const number = id.startsWith(`${this.#start}-`) ? Number(id.slice(this.#start.length + 1)) : Number.NaN
    const first = this.#ring[0]?.event.number ?? this.#number + 1
    if (!Number.isInteger(number) || number < first - 1 || number > this.#number) return undefined
    return this.#ring.map(({ event }) => event).filter((event) => event.number > number)
  }

  /** Answers how to stop listening. */
  listen(listener: (event: GatewayEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #spends(kind: EventKind, resource: string): boolean {
    if (kind === "skipped") return true
    const second = Math.floor(this.#clock.elapsed() / SECOND)
    const known = this.#budgets.get(kind)
    const budget = known ?? { second, used: 0, skipped: 0 }
    if (known === undefined) this.#budgets.set(kind, budget)
    if (budget.second !== second) Object.assign(budget, { second, used: 0 })
    if (budget.used++ < PER_SECOND) return true
    if (budget.skipped++ === 0) setTimeout(() => this.#confess(kind, resource, budget), SECOND).unref()
    return false
  }

  #confess(kind: EventKind, resource: string, budget: Budget): void {
    const count = budget.skipped
    budget.skipped = 0
    this.publish("skipped", resource, { kind, count })
  }
}
