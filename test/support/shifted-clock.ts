import { type Clock, systemClock } from "../../service/clock.ts"

/** The system's clock, whose date a test can set while no time passes. */
export class ShiftedClock implements Clock {
  #shift = 0

  now(): number {
    return systemClock.now() + this.#shift
  }

  elapsed(): number {
    return systemClock.elapsed()
  }

  /** Someone sets the date, forwards or (negative) back. */
  jump(ms: number): void {
    this.#shift += ms
  }
}
