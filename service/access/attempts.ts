import type { Clock } from "../clock.ts"
import { isUsername } from "./username.ts"

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
 * address over all names. It never hangs on the name alone, so that nobody can lock a device out from elsewhere; and
 * one name counts against its address only while it costs nothing itself, so that a device with an old password
 * cannot lock out all that share its address.
 */
export class Attempts {
  readonly #clock: Clock
  readonly #records = new Map<string, Record>()
  /** Checks under way by pair. */
  readonly #running = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Runs `check` and counts its outcome if a credential may be tried now; else resolves with the seconds to wait. For
   * one name from one address no more checks run at once than are free, so that a burst cannot outrun the counting.
   */
  async attempt(address: string, name: string, check: () => Promise<boolean>): Promise<boolean | number> {
    const key = pair(address, name)
    const running = this.#running.get(key) ?? 0
    const room = Math.max(1, FREE - (this.#records.get(key)?.failures ?? 0))
    const wait = Math.max(this.wait(address, name), running < room ? 0 : 1)
    if (wait > 0) return wait
    this.#running.set(key, running + 1)
    try {
      const right = await check()
      if (right) this.succeeded(address, name)
      else this.failed(address, name)
      return right
    } finally {
      const left = (this.#running.get(key) ?? 1) - 1
      if (left > 0) this.#running.set(key, left)
      else this.#running.delete(key)
    }
  }

  /** Seconds the next attempt has to wait; 0 when it may be made now. */
  wait(address: string, name: string): number {
    return Math.max(this.#waitFor(pair(address, name), FREE), this.#waitFor(address, FREE_PER_ADDRESS))
  }

  failed(address: string, name: string): void {
    if (this.#count(pair(address, name)) <= FREE) this.#count(address)
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

  #count(key: string): number {
    const now = this.#clock.elapsed()
    const known = this.#records.get(key)
    const failures = known !== undefined && now - known.last < FORGOTTEN_AFTER ? known.failures + 1 : 1
    this.#records.delete(key)
    if (this.#records.size >= TRACKED) {
      const [oldest] = this.#records.keys()
      if (oldest !== undefined) this.#records.delete(oldest)
    }
    this.#records.set(key, { failures, last: now })
    return failures
  }
}

/** Names that no user can have count as one, however many and long they are. */
function pair(address: string, name: string): string {
  return `${address}\0${isUsername(name) ? name : ""}`
}
