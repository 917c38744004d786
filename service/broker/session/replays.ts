import type { Message } from "../message.ts"
import type { Patience, Replay } from "./replay.ts"

/** Steps taken in one turn in search of retained messages, half a millisecond's worth. */
const STEPS = 5000

/** The retained messages one session is owed, by filter, one filter after the other. */
export class Replays {
  readonly #byFilter = new Map<string, Replay>()
  readonly #patience: Patience = { steps: STEPS }

  get size(): number {
    return this.#byFilter.size
  }

  /** No more steps in this turn. */
  get isTired(): boolean {
    return this.#patience.steps <= 0
  }

  /** What an earlier subscription of this filter is still owed begins anew. */
  add(filter: string, replay: Replay): void {
    this.#byFilter.delete(filter)
    this.#byFilter.set(filter, replay)
  }

  delete(filter: string): void {
    this.#byFilter.delete(filter)
  }

  clear(): void {
    this.#byFilter.clear()
  }

  /** The next turn: there is patience again. */
  rest(): void {
    this.#patience.steps = STEPS
  }

  /** The next message and the replay it comes from, left in place until the replay is advanced. */
  peek(): { readonly message: Message; readonly replay: Replay } | undefined {
    for (const [filter, replay] of this.#byFilter) {
      if (this.isTired) return undefined
      const message = replay.peek(this.#patience)
      if (message !== undefined) return { message, replay }
      if (!replay.isOver) return undefined
      this.#byFilter.delete(filter)
    }
    return undefined
  }
}
