import type { Message } from "../message.ts"
import type { QoS } from "../wire/packet.ts"

/**
 * Retained messages that a new subscription is owed, handed out one by one as the client keeps up. Only their topics are
 * held: a client that does not read must not keep alive what the store has long replaced.
 */
export class Replay {
  readonly qos: QoS
  readonly identifiers: readonly number[] | undefined
  readonly #topics: readonly string[]
  readonly #find: (topic: string) => Message | undefined
  #at = 0

  /** `find` answers undefined for a topic whose message was replaced: its successor went out live, an older value must not follow it. */
  constructor(
    topics: readonly string[],
    qos: QoS,
    identifier: number | undefined,
    find: (topic: string) => Message | undefined,
  ) {
    this.#topics = topics
    this.qos = qos
    this.identifiers = identifier === undefined ? undefined : [identifier]
    this.#find = find
  }

  /** How many are left at most. */
  get left(): number {
    return this.#topics.length - this.#at
  }

  /** The next one still current, left in place until `advance`; undefined at the end. */
  peek(): Message | undefined {
    for (let topic = this.#topics[this.#at]; topic !== undefined; topic = this.#topics[++this.#at]) {
      const message = this.#find(topic)
      if (message !== undefined) return message
    }
    return undefined
  }

  advance(): void {
    this.#at++
  }
}
