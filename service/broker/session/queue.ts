import type { Outgoing } from "./outgoing.ts"

/** Bytes that all queues hold together, and the most they may. */
export interface QueueBudget {
  bytes: number
  readonly limit: number
}

/** What a waiting message costs beside its own bytes: itself, its buffer and its place here, measured in the heap. */
const OVERHEAD = 480

/** Messages that wait for one session, first in, first out, within a cap of messages and bytes. */
export class Queue {
  readonly #maxMessages: number
  readonly #maxBytes: number
  readonly #budget: QueueBudget
  #items: (Outgoing | undefined)[] = []
  #head = 0
  #bytes = 0

  constructor(maxMessages: number, maxBytes: number, budget: QueueBudget) {
    this.#maxMessages = maxMessages
    this.#maxBytes = maxBytes
    this.#budget = budget
  }

  get length(): number {
    return this.#items.length - this.#head
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Adds at the end. Where a cap is passed the oldest give way; the answer is how many were dropped. */
  push(item: Outgoing): number {
    const cost = costOf(item)
    if (this.#neverFits(cost)) return 1
    let dropped = 0
    while (this.#isFull(cost)) {
      this.shift()
      dropped++
    }
    item.message.keep()
    this.#items.push(item)
    this.#add(cost)
    return dropped
  }

  shift(): Outgoing | undefined {
    const item = this.#items[this.#head]
    if (item === undefined) return undefined
    this.#items[this.#head++] = undefined
    this.#add(-costOf(item))
    if (this.#head === this.#items.length || this.#head > 1024) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }

  /** Drops what `keep` does not want; the answer is how many. */
  filter(keep: (item: Outgoing) => boolean): number {
    const all = this.#items.slice(this.#head).filter((item) => item !== undefined)
    const kept = all.filter(keep)
    this.clear()
    this.#items = kept
    this.#add(kept.reduce((sum, item) => sum + costOf(item), 0))
    return all.length - kept.length
  }

  clear(): void {
    this.#items = []
    this.#head = 0
    this.#add(-this.#bytes)
  }

  /** It alone is over the cap, or other sessions hold so much that even an empty queue had no room for it. */
  #neverFits(cost: number): boolean {
    return cost > this.#maxBytes || this.#budget.bytes - this.#bytes + cost > this.#budget.limit
  }

  #isFull(cost: number): boolean {
    return (
      this.length >= this.#maxMessages ||
      this.#bytes + cost > this.#maxBytes ||
      this.#budget.bytes + cost > this.#budget.limit
    )
  }

  #add(bytes: number): void {
    this.#bytes += bytes
    this.#budget.bytes += bytes
  }
}

function costOf({ message }: Outgoing): number {
  return message.size + OVERHEAD
}
