import type { Clock } from "../../clock.ts"
import type { Connection } from "./connection.ts"
import { checkDeadlines } from "./deadlines.ts"
import type { Departure } from "./departure.ts"
import { TICK_MS } from "./pulse.ts"

export type OnClient = (
  change: "connected" | "disconnected",
  client: {
    readonly clientId: string
    readonly username: string
    readonly address: string
    /** Why it went. */
    readonly departure?: Departure
  },
) => void

/** Every open connection, from its first byte on, and the admitted ones by client identifier and by user. */
export class Connections {
  readonly #open = new Set<Connection>()
  readonly #byId = new Map<string, Connection>()
  readonly #perUser = new Map<string, number>()
  readonly #byCertificate = new Map<string, Connection>()
  readonly #clock: Clock
  readonly #onClient: OnClient | undefined
  /** Counts the sweeps; activity is noted in ticks, which is cheaper than a time. */
  tick = 0

  constructor(clock: Clock, onClient?: OnClient) {
    this.#clock = clock
    this.#onClient = onClient
  }

  get open(): ReadonlySet<Connection> {
    return this.#open
  }

  /** How many are admitted. */
  get count(): number {
    return this.#byId.size
  }

  add(connection: Connection): void {
    this.#open.add(connection)
  }

  delete(connection: Connection): void {
    this.#open.delete(connection)
  }

  get(clientId: string): Connection | undefined {
    return this.#byId.get(clientId)
  }

  admitted(): IterableIterator<Connection> {
    return this.#byId.values()
  }

  ofUser(username: string): number {
    return this.#perUser.get(username) ?? 0
  }

  /** Another live connection that shows the same certificate under another client identifier, before this one joined. */
  twinOf(connection: Connection): Connection | undefined {
    const fingerprint = connection.certificate?.fingerprint
    const twin = fingerprint === undefined ? undefined : this.#byCertificate.get(fingerprint)
    return twin !== undefined && twin.id !== connection.id ? twin : undefined
  }

  join(connection: Connection, username: string): void {
    this.#byId.set(connection.id, connection)
    this.#perUser.set(username, this.ofUser(username) + 1)
    if (connection.certificate !== undefined) this.#byCertificate.set(connection.certificate.fingerprint, connection)
    this.#onClient?.("connected", { clientId: connection.id, username, address: connection.origin.address })
  }

  leave(connection: Connection, username: string): void {
    if (this.#byId.get(connection.id) === connection) this.#byId.delete(connection.id)
    const left = this.ofUser(username) - 1
    if (left > 0) this.#perUser.set(username, left)
    else this.#perUser.delete(username)
    const fingerprint = connection.certificate?.fingerprint
    if (fingerprint !== undefined && this.#byCertificate.get(fingerprint) === connection) {
      this.#byCertificate.delete(fingerprint)
    }
    const { id: clientId, departure, origin } = connection
    this.#onClient?.("disconnected", { clientId, username, address: origin.address, departure })
  }

  /** Ends what is past a deadline. Call every `TICK_MS`. */
  sweep(): void {
    this.tick++
    const now = this.#clock.now()
    const isSecond = this.tick % (1000 / TICK_MS) === 0
    for (const connection of this.#open) {
      if (isSecond) connection.intake.nextSecond()
      checkDeadlines(connection, now)
    }
  }
}
