import type { Clock } from "../../service/clock.ts"

/** A clock that stands still until it is told otherwise. */
export class FakeClock implements Clock {
  #now: number
  #elapsed = 0

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  elapsed(): number {
    return this.#elapsed
  }

  /** Time passes. */
  advance(ms: number): void {
    this.#now += ms
    this.#elapsed += ms
  }

  /** Someone sets the wall clock, forwards or (negative) back; no time passes. */
  jump(ms: number): void {
    this.#now += ms
  }
}
