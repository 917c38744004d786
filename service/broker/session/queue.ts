import type { Outgoing } from "./outgoing.ts"

/** Bytes that all queues hold together, and the most they may. */
export interface QueueBudget {
  bytes: number
  readonly limit: number
}

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
    const size = item.message.own().size
    let dropped = 0
    while (this.length > 0 && this.#isFull(size)) {
      this.shift()
      dropped++
    }
    if (this.#isFull(size)) return dropped + 1 // it alone is over the cap, or other sessions hold the whole budget
    this.#items.push(item)
    this.#add(size)
    return dropped
  }

  shift(): Outgoing | undefined {
    const item = this.#items[this.#head]
    if (item === undefined) return undefined
    this.#items[this.#head++] = undefined
    this.#add(-item.message.size)
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
    this.#add(kept.reduce((sum, item) => sum + item.message.size, 0))
    return all.length - kept.length
  }

  clear(): void {
    this.#items = []
    this.#head = 0
    this.#add(-this.#bytes)
  }

  #isFull(size: number): boolean {
    return (
      this.length >= this.#maxMessages ||
      this.#bytes + size > this.#maxBytes ||
      this.#budget.bytes + size > this.#budget.limit
    )
  }

  #add(bytes: number): void {
    this.#bytes += bytes
    this.#budget.bytes += bytes
  }
}
