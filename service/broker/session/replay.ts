import type { Message } from "../message.ts"
import type { QoS } from "../wire/packet.ts"

/**
 * Retained messages that a new subscription is owed, handed out one by one as the client keeps up. A message that was
 * replaced in the meantime is passed over: its successor went out live, and an older value must not follow it.
 */
export class Replay {
  readonly qos: QoS
  readonly identifiers: readonly number[] | undefined
  readonly #messages: readonly Message[]
  readonly #isCurrent: (message: Message) => boolean
  #at = 0

  constructor(
    messages: readonly Message[],
    qos: QoS,
    identifier: number | undefined,
    isCurrent: (message: Message) => boolean,
  ) {
    this.#messages = messages
    this.qos = qos
    this.identifiers = identifier === undefined ? undefined : [identifier]
    this.#isCurrent = isCurrent
  }

  /** The next one still current, left in place until `advance`; undefined at the end. */
  peek(): Message | undefined {
    let message = this.#messages[this.#at]
    while (message !== undefined && !this.#isCurrent(message)) message = this.#messages[++this.#at]
    return message
  }

  advance(): void {
    this.#at++
  }
}
