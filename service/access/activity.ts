import { z } from "zod"
import type { Document } from "../document.ts"

export const ACTIVITY_FORMAT = "gatehouse-activity"

const seenSchema = z.strictObject({
  username: z.string(),
  /** Milliseconds since the epoch. */
  first: z.number(),
  last: z.number(),
  address: z.string(),
})

/** When a user's clients came in first and last, and from where last. */
export type Seen = z.infer<typeof seenSchema>

export const activityDocument = z.strictObject({
  format: z.literal(ACTIVITY_FORMAT),
  version: z.literal(1),
  seen: z.array(seenSchema),
})

export type ActivityDocument = z.infer<typeof activityDocument>

export function noActivity(): ActivityDocument {
  return { format: ACTIVITY_FORMAT, version: 1, seen: [] }
}

/**
 * When each user was last seen. In memory at once; on the disk with the next `flush`, all changes in one write. A crash
 * loses the last few, which cost nothing but the memory of a visit.
 */
export class Activity {
  readonly #document: Document<ActivityDocument>
  readonly #seen: Map<string, Seen>
  #changed = false

  constructor(document: Document<ActivityDocument>) {
    this.#document = document
    this.#seen = new Map(document.value.seen.map((seen) => [seen.username, seen]))
  }

  of(username: string): Seen | undefined {
    return this.#seen.get(username)
  }

  note(username: string, address: string, now: number): void {
    this.#seen.set(username, { username, first: this.#seen.get(username)?.first ?? now, last: now, address })
    this.#changed = true
  }

  /** Forgets users that are gone, and writes if there is anything to write. Rejects with `disk-failed`. */
  async flush(exists: (username: string) => boolean): Promise<void> {
    for (const username of this.#seen.keys()) {
      if (!exists(username)) this.#changed = this.#seen.delete(username) || this.#changed
    }
    if (!this.#changed) return
    this.#changed = false
    try {
      await this.#document.update((before) => ({ ...before, seen: [...this.#seen.values()] }))
    } catch (error) {
      this.#changed = true
      throw error
    }
  }
}
