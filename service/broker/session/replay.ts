import type { Message } from "../message.ts"
import type { QoS } from "../wire/packet.ts"

/** Where the messages come from, a step at a time. */
export interface Walk {
  readonly isOver: boolean
  step(): Message | undefined
}

/** How many more steps may be taken in this turn of the event loop. */
export interface Patience {
  steps: number
}

/**
 * Retained messages that a new subscription is owed, looked for and handed out one by one as the client keeps up. A
 * message that was replaced in the meantime is passed over: its successor went out live, an older value must not follow.
 */
export class Replay {
  readonly qos: QoS
  readonly identifiers: readonly number[] | undefined
  readonly #walk: Walk
  readonly #isOwed: (message: Message) => boolean
  #found: Message | undefined

  /** `isOwed` is asked anew each time: a message that was found may be gone by the time the client can take it. */
  constructor(walk: Walk, qos: QoS, identifier: number | undefined, isOwed: (message: Message) => boolean) {
    this.#walk = walk
    this.qos = qos
    this.identifiers = identifier === undefined ? undefined : [identifier]
    this.#isOwed = isOwed
  }

  get isOver(): boolean {
    return this.#found === undefined && this.#walk.isOver
  }

  /** The next message, left in place until `advance`; undefined at the end, or when the patience is. */
  peek(patience: Patience): Message | undefined {
    while (this.#found === undefined || !this.#isOwed(this.#found)) {
      this.#found = undefined
      if (this.#walk.isOver || patience.steps <= 0) return undefined
      patience.steps--
      this.#found = this.#walk.step()
    }
    return this.#found
  }

  advance(): void {
    this.#found = undefined
  }
}
