/** Milliseconds between two looks at the clock. */
export const TICK_MS = 250

/** One and a half keep alives, in thousandths of one [MQTT-3.1.2-22]. */
const PATIENCE = 1500

interface Ticking {
  /** How often `TICK_MS` has passed. */
  readonly tick: number
}

/** When a client last showed a sign of life, in ticks: cheaper than a time, and a clock that jumps does not matter. */
export class Pulse {
  readonly #clock: Ticking
  #last: number
  /** 0: no keep alive. */
  #keepAliveTicks = 0

  constructor(clock: Ticking) {
    this.#clock = clock
    this.#last = clock.tick
  }

  beat(): void {
    this.#last = this.#clock.tick
  }

  /** In seconds; 0: none. */
  set keepAlive(seconds: number) {
    this.#keepAliveTicks = seconds === 0 ? 0 : Math.ceil((seconds * PATIENCE) / TICK_MS) + 1
  }

  get isKeptAlive(): boolean {
    return this.#keepAliveTicks === 0 || this.#silence <= this.#keepAliveTicks
  }

  /** Whether the last sign of life is longer ago than this. */
  isOlderThan(seconds: number): boolean {
    return this.#silence * TICK_MS > seconds * 1000
  }

  get #silence(): number {
    return this.#clock.tick - this.#last
  }
}
