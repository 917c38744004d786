import type { RefusalCause } from "./refusal-cause.ts"

/** A client that was turned away, in the words of the page. */
export interface Refusal {
  /** Stable identifier of the cause, for programs. */
  readonly cause: RefusalCause
  /** Plain words: what happened, why, and what to do. */
  readonly sentence: string
  /** The name it gave or its certificate bears, cleaned for display; "" when it gave none. */
  readonly name: string
  /** The network address it came from. */
  readonly address: string
}

export interface RefusalGroup extends Refusal {
  readonly count: number
  /** Milliseconds since the epoch. */
  readonly first: number
  readonly last: number
}

const MAX_GROUPS = 100

/** Refused clients, grouped by cause and name, the latest of each; bounded, so that a flood cannot grow it. */
export class Door {
  readonly #groups = new Map<string, RefusalGroup>()
  readonly #listeners = new Set<(group: RefusalGroup) => void>()
  readonly #now: () => number
  #total = 0

  constructor(now: () => number) {
    this.#now = now
  }

  /** How many were refused since the start. */
  get total(): number {
    return this.#total
  }

  record(refusal: Refusal): void {
    this.#total++
    const name = displayName(refusal.name)
    const key = `${refusal.cause}\0${name}`
    const known = this.#groups.get(key)
    const now = this.#now()
    this.#groups.delete(key) // put back at the end: the map's order is the order of `last`
    if (known === undefined && this.#groups.size >= MAX_GROUPS) {
      const [oldest] = this.#groups.keys()
      if (oldest !== undefined) this.#groups.delete(oldest)
    }
    const group = { ...refusal, name, count: (known?.count ?? 0) + 1, first: known?.first ?? now, last: now }
    this.#groups.set(key, group)
    for (const listener of this.#listeners) listener(group)
  }

  /** Told of every refusal, as its group then is. Answers how to stop listening. */
  onRecord(listener: (group: RefusalGroup) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** The latest first. */
  get groups(): RefusalGroup[] {
    return [...this.#groups.values()].reverse()
  }
}

/** A name off the wire as it may be shown and logged: printable, in one direction, at most 64 characters. */
export function displayName(text: string): string {
  const clean = text.slice(0, 130).replace(UNSHOWABLE, "?")
  if (clean.length <= 64) return clean
  return [...clean.slice(0, 63), "…"].join("") // a string of its own: a slice would keep the whole text in memory
}

/** Controls (bidirectional ones too), marks that stack, blanks but the space, the invisible, and what is past the BMP. */
const UNSHOWABLE = /[^\x20-\x7e\u00a1-\ud7ff]|(?! )[\p{C}\p{M}\p{Z}\p{Default_Ignorable_Code_Point}]/gu
