import { z } from "zod"
import type { Clock } from "../clock.ts"
import type { Document } from "../document.ts"
import type { IssueLog } from "./issue-log.ts"
import { DAY } from "./validity.ts"

export const PENDING_FORMAT = "gatehouse-pending"

/** Milliseconds this gateway has been seen running, and where that count stood as each certificate began to wait. */
export const pendingDocument = z.strictObject({
  format: z.literal(PENDING_FORMAT),
  version: z.literal(1),
  running: z.number().min(0),
  since: z.record(z.string(), z.number().min(0)),
})

export type PendingDocument = z.infer<typeof pendingDocument>

export function emptyPending(): PendingDocument {
  return { format: PENDING_FORMAT, version: 1, running: 0, since: {} }
}

export interface PendingParts {
  readonly log: Pick<IssueLog, "pending" | "find">
  readonly document: Document<PendingDocument>
  readonly revoke: (serial: string, reason: string, by: string) => Promise<unknown>
  readonly supersede: (serial: string, by: string) => Promise<unknown>
  readonly clock: Clock
  /** How long a certificate may wait for its first connection, in milliseconds of running time. A day by default. */
  readonly patience?: number
}

const LONGEST_PATIENCE = 90 * DAY
/** How long a certificate stays good beside its successor that has not connected yet. */
const OVERLAP = 7 * DAY
/** Running time is written this often; a crash loses at most so much, to the certificate's favour. */
const STEP = 10 * 60_000

/**
 * Revokes certificates that nobody ever used: pending ones not seen in a connection while the gateway ran for 24 hours.
 * Only running time counts, so that neither a jump of the clock nor a weekend without power revokes anything.
 */
export class Pending {
  readonly #parts: PendingParts
  readonly #patience: number
  #lastElapsed: number
  #running: number
  #since: Map<string, number>

  /** Throws a `RangeError` for a patience that is not positive or longer than 90 days. */
  constructor(parts: PendingParts) {
    this.#parts = parts
    this.#patience = parts.patience ?? DAY
    if (!(this.#patience > 0 && this.#patience <= LONGEST_PATIENCE)) {
      throw new RangeError("a pending certificate waits for more than nothing and at most 90 days")
    }
    this.#lastElapsed = parts.clock.elapsed()
    this.#running = parts.document.value.running
    this.#since = new Map(Object.entries(parts.document.value.since))
  }

  /** To be called every minute or so, never twice at once. Rejects with `GatewayError("disk-failed")`. */
  async tick(): Promise<void> {
    const elapsed = this.#parts.clock.elapsed()
    this.#running += Math.max(0, elapsed - this.#lastElapsed)
    this.#lastElapsed = elapsed
    const waiting = this.#parts.log.pending()
    await this.#keep(new Map(waiting.map(({ serial }) => [serial, this.#since.get(serial) ?? this.#running])))
    const overdue = waiting.filter(({ serial }) => this.#running - this.#since.get(serial)! >= this.#patience)
    for (const { serial } of overdue) {
      // it may have connected while the one before was being written
      if (this.#parts.log.find(serial)?.state === "pending") await this.#parts.revoke(serial, "never-used", "gateway")
    }
    const served = waiting.filter(({ serial }) => this.#running - this.#since.get(serial)! >= OVERLAP)
    for (const { serial, renews, commonName } of served) {
      const before = renews === undefined ? undefined : this.#parts.log.find(renews)
      const waits = this.#parts.log.find(serial)?.state === "pending"
      if (waits && before?.state === "active") await this.#parts.supersede(before.serial, commonName)
    }
  }

  async #keep(since: Map<string, number>): Promise<void> {
    const { document } = this.#parts
    const same = since.size === this.#since.size && [...since.keys()].every((serial) => this.#since.has(serial))
    this.#since = since
    if (same && this.#running - document.value.running < STEP) return
    await document.update((current) => ({ ...current, running: this.#running, since: Object.fromEntries(since) }))
  }
}
