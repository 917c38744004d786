import { z } from "zod"
import type { Document } from "../document.ts"

export const HISTORY_FORMAT = "gatehouse-history"

const visitSchema = z.strictObject({
  username: z.string(),
  kind: z.enum(["connected", "disconnected", "refused"]),
  /** Milliseconds since the epoch; of a refusal that repeats, the last one. */
  at: z.number(),
  /** Fit to be shown; "" where it is not known. */
  clientId: z.string(),
  address: z.string(),
  /** Why it went or was refused: stable, for programs. "" for a client that came. */
  cause: z.string(),
  /** The same in words. */
  detail: z.string(),
  /** How often in a row. */
  count: z.number(),
})

/** One thing that happened to a client of a user. */
export type Visit = z.infer<typeof visitSchema>

export const historyDocument = z.strictObject({
  format: z.literal(HISTORY_FORMAT),
  version: z.literal(1),
  visits: z.array(visitSchema),
})

export type HistoryDocument = z.infer<typeof historyDocument>

export function noHistory(): HistoryDocument {
  return { format: HISTORY_FORMAT, version: 1, visits: [] }
}

/** What is kept of one user, and of all: the document is written whole, and a card wears out. */
const MOST_PER_USER = 50
const MOST = 5000

/**
 * Who came, went and was refused, the latest of each user. In memory at once; on the disk with the next `flush`. What a
 * crash loses is the last minute of a picture.
 */
export class History {
  readonly #document: Document<HistoryDocument>
  /** By user, the one that something happened to longest ago first; each list the oldest first. */
  readonly #visits: Map<string, Visit[]>
  #count: number
  #changed = false

  constructor(document: Document<HistoryDocument>) {
    this.#document = document
    this.#visits = Map.groupBy(document.value.visits, ({ username }) => username)
    this.#count = document.value.visits.length
  }

  /** The latest first. */
  of(username: string): Visit[] {
    return (this.#visits.get(username) ?? []).toReversed()
  }

  note(visit: Omit<Visit, "count">): void {
    this.#changed = true
    const list = this.#visits.get(visit.username) ?? []
    this.#visits.delete(visit.username) // put back at the end
    this.#visits.set(visit.username, list)
    const last = list.at(-1)
    if (visit.kind === "refused" && last?.kind === "refused" && last.cause === visit.cause) {
      list[list.length - 1] = { ...visit, count: last.count + 1 }
      return
    }
    list.push({ ...visit, count: 1 })
    this.#count++
    if (list.length > MOST_PER_USER) this.#dropOldest(visit.username, list)
    if (this.#count > MOST) this.#dropQuietest()
  }

  /** Forgets users that are gone, and writes if there is anything to write. Rejects with `disk-failed`. */
  async flush(exists: (username: string) => boolean): Promise<void> {
    for (const [username, list] of this.#visits) {
      if (exists(username)) continue
      this.#visits.delete(username)
      this.#count -= list.length
      this.#changed = true
    }
    if (!this.#changed) return
    this.#changed = false
    try {
      await this.#document.update((before) => ({ ...before, visits: [...this.#visits.values()].flat() }))
    } catch (error) {
      this.#changed = true
      throw error
    }
  }

  #dropQuietest(): void {
    const [quietest] = this.#visits
    if (quietest !== undefined) this.#dropOldest(...quietest)
  }

  #dropOldest(username: string, list: Visit[]): void {
    list.shift()
    this.#count--
    if (list.length === 0) this.#visits.delete(username)
  }
}
