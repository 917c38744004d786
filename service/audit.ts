import { z } from "zod"
import type { Clock } from "./clock.ts"
import type { Journal } from "./document.ts"

/** A later version may add members; this one leaves them out. */
export const auditRecord = z.object({
  /** Rises by one, over restarts too: a gap shows that something is missing. */
  number: z.int(),
  /** Milliseconds since the epoch. */
  at: z.number(),
  actor: z.string(),
  address: z.string(),
  method: z.string(),
  /** The route's template, such as /users/:username. */
  route: z.string(),
  /** What it was done to, such as /users/pump-1. */
  object: z.string(),
  /** What was asked for, as JSON: the members that are no secret, by name only where they may be one. */
  change: z.string(),
  status: z.int(),
})

/** One change that somebody made. */
export type AuditRecord = z.infer<typeof auditRecord>

/** Who changed what: every change made through the API, the page or the command line, the oldest first. */
export class Audit {
  readonly #journal: Journal<AuditRecord>
  readonly #clock: Clock
  readonly #most: number
  readonly #records: AuditRecord[]
  #number: number

  /** Keeps the last `most` in memory; how many there are on the disk is the journal's affair. */
  constructor(journal: Journal<AuditRecord>, clock: Clock, most: number) {
    this.#journal = journal
    this.#clock = clock
    this.#most = most
    this.#records = journal.records.slice(-most)
    this.#number = this.#records.at(-1)?.number ?? 0
  }

  get records(): readonly AuditRecord[] {
    return this.#records
  }

  /** Resolves once it is on the disk; rejects with `disk-failed`. It is shown at once. */
  async record(change: Omit<AuditRecord, "number" | "at">): Promise<void> {
    const record = auditRecord.parse({ number: ++this.#number, at: this.#clock.now(), ...change })
    this.#records.push(record)
    if (this.#records.length > this.#most) this.#records.shift()
    await this.#journal.append(record)
  }
}
