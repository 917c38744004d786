import type { Outgoing } from "./outgoing.ts"

/** Bytes that all queues hold together, and the most they may. */
export interface QueueBudget {
  bytes: number
  readonly limit: number
  /** Queues that one more message could be too many for. */
  halfFull: number
}

/** What a waiting message costs beside its own bytes: itself, its buffer and its place here, measured in the heap. */
export const OVERHEAD = 480
/** Messages of one queue that are read from the disk at once, and about as many as stay in memory. */
export const PAGE = 256

/**
 * Messages that wait for one session, first in, first out, within a cap of messages and bytes. Of a long queue that is
 * on the disk only the beginning is in memory, and what is too new to be on the disk: `front`, then what is `away`,
 * then `back`.
 */
export class Queue {
  readonly #maxMessages: number
  readonly #maxBytes: number
  readonly #budget: QueueBudget
  #front: (Outgoing | undefined)[] = []
  #head = 0
  #away = 0
  /** The place in front of what is away. */
  #awayAfter = 0
  #back: Outgoing[] = []
  #bytes = 0
  #isHalfFull = false

  constructor(maxMessages: number, maxBytes: number, budget: QueueBudget) {
    this.#maxMessages = maxMessages
    this.#maxBytes = maxBytes
    this.#budget = budget
  }

  get length(): number {
    return this.#inFront + this.#away + this.#back.length
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Messages that are only on the disk, and the place in front of them. */
  get away(): { readonly count: number; readonly after: number } {
    return { count: this.#away, after: this.#awayAfter }
  }

  /** So little is left in memory that more should be read. */
  get isLow(): boolean {
    return this.#away > 0 && this.#inFront < PAGE / 4
  }

  /** No message of this size can be added without one being dropped. */
  isFull(size: number): boolean {
    return this.#isOver(1, size + OVERHEAD)
  }

  /** Adds at the end. Where a cap is passed the oldest give way, or the new one where it alone is too large; those are the answer. */
  push(item: Outgoing): Outgoing[] {
    const cost = costOf(item)
    if (this.#neverFits(cost)) return [item]
    item.message.keep()
    if (this.#away > 0) this.#back.push(item)
    else this.#front.push(item)
    this.#add(cost)
    return this.trim()
  }

  /** Drops the oldest while a cap is passed; where those are away they must be read first. */
  trim(): Outgoing[] {
    const dropped: Outgoing[] = []
    while (this.#isOver(0, 0)) {
      const oldest = this.shift()
      if (oldest === undefined) break
      dropped.push(oldest)
    }
    return dropped
  }

  /** The first; undefined when there is none or it must be read first. */
  peek(): Outgoing | undefined {
    return this.#front[this.#head]
  }

  shift(): Outgoing | undefined {
    const item = this.#front[this.#head]
    if (item === undefined) return undefined
    this.#front[this.#head++] = undefined
    this.#add(-costOf(item))
    if (this.#head === this.#front.length || this.#head > 1024) {
      this.#front = this.#front.slice(this.#head)
      this.#head = 0
    }
    return item
  }

  /** Takes out one message, wherever it stands in memory. */
  remove(item: Outgoing): void {
    for (const list of [this.#front, this.#back]) {
      const at = list.lastIndexOf(item)
      if (at < 0) continue
      list.splice(at, 1)
      this.#add(-costOf(item))
    }
  }

  /** Takes out what `keep` does not want, as far as it is in memory; those are the answer. */
  filter(keep: (item: Outgoing) => boolean): Outgoing[] {
    const dropped: Outgoing[] = []
    const sifted = (item: Outgoing | undefined) => item !== undefined && (keep(item) || dropped.push(item) < 0)
    this.#front = this.#front.slice(this.#head).filter(sifted)
    this.#head = 0
    this.#back = this.#back.filter(sifted)
    this.#add(-dropped.reduce((sum, item) => sum + costOf(item), 0))
    return dropped
  }

  inMemory(): Outgoing[] {
    return [...this.#front.slice(this.#head).filter((item) => item !== undefined), ...this.#back]
  }

  clear(): void {
    this.#front = []
    this.#head = 0
    this.#away = 0
    this.#back = []
    this.#add(-this.#bytes)
  }

  // ---- what is on the disk

  /** Found on the disk at the start. */
  restore(count: number, bytes: number): void {
    this.#away = count
    this.#add(bytes + count * OVERHEAD)
  }

  /** Everything is on the disk, these messages in front of all others too: memory forgets it. */
  sleep(unfinished: readonly Outgoing[]): void {
    this.#away = this.length + unfinished.length
    this.#awayAfter = 0
    this.#front = []
    this.#head = 0
    this.#back = []
    this.#add(unfinished.reduce((sum, item) => sum + costOf(item), 0))
  }

  /** Forgets what is on the disk and will not be needed soon. */
  page(): void {
    if (this.#away === 0) {
      if (this.#inFront <= 2 * PAGE) return
      const rest = this.#front.splice(this.#head + PAGE) as Outgoing[]
      this.#awayAfter = this.#front.at(-1)?.sequence ?? 0
      this.#back = rest
    }
    const fresh = this.#back.findIndex((item) => !item.kept)
    const count = fresh < 0 ? this.#back.length : fresh
    this.#back.splice(0, count)
    this.#away += count
    this.#join()
  }

  /** `items` were read from the disk; of those away `taken` are away no longer, up to the place `upTo`. */
  take(items: readonly Outgoing[], taken: number, upTo: number): void {
    const before = this.#away
    this.#away = Math.max(0, before - taken)
    this.#awayAfter = upTo
    for (const item of items) this.#front.push(item)
    this.#join()
  }

  get #inFront(): number {
    return this.#front.length - this.#head
  }

  #join(): void {
    if (this.#away > 0) return
    this.#front.push(...this.#back)
    this.#back = []
    if (this.length === 0) this.#add(-this.#bytes)
  }

  /** It alone is over the cap, or other sessions hold so much that even an empty queue had no room for it. */
  #neverFits(cost: number): boolean {
    return cost > this.#maxBytes || this.#budget.bytes - this.#bytes + cost > this.#budget.limit
  }

  #isOver(messages: number, bytes: number): boolean {
    return (
      this.length + messages > this.#maxMessages ||
      this.#bytes + bytes > this.#maxBytes ||
      this.#budget.bytes + bytes > this.#budget.limit
    )
  }

  #add(bytes: number): void {
    this.#bytes += bytes
    this.#budget.bytes += bytes
    const isHalfFull = 2 * this.length >= this.#maxMessages || 2 * this.#bytes > this.#maxBytes
    if (isHalfFull === this.#isHalfFull) return
    this.#isHalfFull = isHalfFull
    this.#budget.halfFull += isHalfFull ? 1 : -1
  }
}

export function costOf({ message }: Outgoing): number {
  return message.size + OVERHEAD
}
