import type { Clock } from "../clock.ts"
import { isUsername } from "./username.ts"

/** Wrong credentials that cost nothing; typing errors happen. */
const FREE = 5
/** Wrong credentials from one address, whoever they name, that cost nothing. */
const FREE_PER_ADDRESS = 50
/** Checks at once from an address with no wrong credential yet: all devices behind one router come back together. */
const AT_ONCE = 500
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
  /** Checks under way, by the same keys. */
  readonly #running = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Runs `check` and counts its outcome if a credential may be tried now; else resolves with the seconds to wait. No
   * more checks run at once than would be free, so that a burst can neither outrun the counting nor take every slot.
   * When `check` throws, nothing is counted.
   */
  async attempt(address: string, name: string, check: () => Promise<boolean>): Promise<boolean | number> {
    const wait = this.waitNow(address, name)
    if (wait > 0) return wait
    const key = pair(address, name)
    for (const one of [key, address]) this.#run(one, 1)
    try {
      const right = await check()
      if (right) this.succeeded(address, name)
      else this.failed(address, name)
      return right
    } finally {
      for (const one of [key, address]) this.#run(one, -1)
    }
  }

  /** As `wait`, but at least 1 as well while so many checks are under way that more could outrun the counting. */
  waitNow(address: string, name: string): number {
    const room = this.#hasRoom(pair(address, name), FREE, FREE) && this.#hasRoom(address, FREE_PER_ADDRESS, AT_ONCE)
    return this.wait(address, name) || (room ? 0 : 1)
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

  /** `clean` is how many may run at once as long as none was wrong. */
  #hasRoom(key: string, free: number, clean: number): boolean {
    const failures = this.#failures(key)
    return (this.#running.get(key) ?? 0) < (failures === 0 ? clean : Math.max(1, free - failures))
  }

  #run(key: string, step: 1 | -1): void {
    const running = (this.#running.get(key) ?? 0) + step
    if (running > 0) this.#running.set(key, running)
    else this.#running.delete(key)
  }

  /** Wrong ones that are not forgotten yet. */
  #failures(key: string): number {
    const record = this.#records.get(key)
    return record !== undefined && this.#clock.elapsed() - record.last < FORGOTTEN_AFTER ? record.failures : 0
  }

  #count(key: string): number {
    const now = this.#clock.elapsed()
    const failures = this.#failures(key) + 1
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
