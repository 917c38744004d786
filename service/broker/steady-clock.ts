import type { Clock } from "../clock.ts"

/**
 * The broker's own time, in milliseconds since the epoch: it begins with the wall clock, goes on as time passes, and
 * does not follow when somebody sets the wall clock. A box without a battery starts in the past and learns the date
 * from the network; no session and no message may end early for that. It never begins before `least`, the time that
 * it had reached when the gateway last ran.
 */
export class SteadyClock {
  readonly #clock: Clock
  readonly #base: number

  constructor(clock: Clock, least: number) {
    this.#clock = clock
    this.#base = Math.max(clock.now(), least) - clock.elapsed()
  }

  now(): number {
    return Math.floor(this.#base + this.#clock.elapsed())
  }
}
