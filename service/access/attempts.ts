import type { Clock } from "../clock.ts"

/** Wrong credentials that cost nothing; typing errors happen. */
const FREE = 5
/** Wrong credentials from one address, whoever they name, that cost nothing. */
const FREE_PER_ADDRESS = 50
const LONGEST_SECONDS = 60
const FORGOTTEN_AFTER = 10 * 60_000
const TRACKED = 10_000

interface Record {
  failures: number
  /** On the monotonic clock, milliseconds. */
  last: number
}

/**
 * Slows guessing. The wait doubles with each wrong credential for one name from one address, and, later, for one
 * address over all names. It never hangs on the name alone, so that nobody can lock a device out from elsewhere.
 */
export class Attempts {
  readonly #clock: Clock
  readonly #records = new Map<string, Record>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Seconds the next attempt has to wait; 0 when it may be made now. */
  wait(address: string, name: string): number {
    return Math.max(this.#waitFor(pair(address, name), FREE), this.#waitFor(address, FREE_PER_ADDRESS))
  }

  failed(address: string, name: string): void {
    this.#count(pair(address, name))
    this.#count(address)
  }

  succeeded(address: string, name: string): void {
    this.#records.delete(pair(address, name))
  }

  #waitFor(key: string, free: number): number {
    const record = this.#records.get(key)
    if (record === undefined || record.failures < free) return 0
    const delay = Math.min(LONGEST_SECONDS, 2 ** (record.failures - free)) * 1000
    return Math.max(0, Math.ceil((record.last + delay - this.#clock.elapsed()) / 1000))
  }

  #count(key: string): void {
    const now = this.#clock.elapsed()
    const known = this.#records.get(key)
    const failures = known !== undefined && now - known.last < FORGOTTEN_AFTER ? known.failures + 1 : 1
    this.#records.delete(key)
    if (this.#records.size >= TRACKED) {
      const [oldest] = this.#records.keys()
      if (oldest !== undefined) this.#records.delete(oldest)
    }
    this.#records.set(key, { failures, last: now })
  }
}

function pair(address: string, name: string): string {
  return `${address}\0${name}`
}
