import type { Clients } from "./access/clients.ts"
import type { Door } from "./access/door.ts"
import type { Clock } from "./clock.ts"

/** One point of the picture: what happened since the point before. */
export interface Sample {
  /** Milliseconds since the epoch, at the end of the period. */
  readonly at: number
  readonly messagesIn: number
  readonly messagesOut: number
  readonly refused: number
  /** Connected at that moment. */
  readonly clients: number
}

export const SAMPLE_SECONDS = 10
/** An hour; what was before is in the memory of whoever asks regularly. */
const KEPT = 360

/** How much passed through in the last hour, for a picture of it. Nothing of it outlives the process. */
export class Rates {
  readonly #clients: Clients
  readonly #door: Door
  readonly #clock: Clock
  readonly #samples: Sample[] = []
  #before = { messagesIn: 0, messagesOut: 0, refused: 0 }

  constructor(clients: Clients, door: Door, clock: Clock) {
    this.#clients = clients
    this.#door = door
    this.#clock = clock
  }

  /** The oldest first. */
  get samples(): readonly Sample[] {
    return this.#samples
  }

  /** To be called every `SAMPLE_SECONDS`. */
  take(): void {
    const { messagesIn = 0, messagesOut = 0 } = this.#clients.counters()
    const now = { messagesIn, messagesOut, refused: this.#door.total }
    this.#samples.push({
      at: this.#clock.now(),
      messagesIn: now.messagesIn - this.#before.messagesIn,
      messagesOut: now.messagesOut - this.#before.messagesOut,
      refused: now.refused - this.#before.refused,
      clients: this.#clients.count,
    })
    this.#before = now
    if (this.#samples.length > KEPT) this.#samples.shift()
  }
}
