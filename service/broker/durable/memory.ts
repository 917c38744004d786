import { Readable } from "node:stream"
import type { Message } from "../message.ts"
import type { Retained } from "../routing/retained.ts"
import { messageIn, type RoutedPacket, type Router } from "../routing/router.ts"
import type { Target } from "../routing/subscription.ts"

/**
 * A promise-like that has already settled and calls back at once: with it aedes' publish pipeline runs in one turn, and
 * order needs no bookkeeping.
 */
class Settled<T> {
  readonly #value: T

  constructor(value: T) {
    this.#value = value
  }

  // biome-ignore lint/suspicious/noThenProperty: being thenable is the whole point; aedes calls nothing but then
  then(resolved: (value: T) => void): void {
    resolved(this.#value)
  }
}

const DONE = new Settled<void>(undefined)
const NOBODY = new Settled<readonly Target[]>([])

/**
 * What aedes calls `persistence`, in memory: the retained messages and the storing stage of the pipeline. Only what
 * aedes itself calls is here; sessions belong to us. Wills too, so aedes finds none of other brokers.
 */
export class MemoryPersistence {
  readonly #retained: Retained
  readonly #router: Router

  constructor(retained: Retained, router: Router) {
    this.#retained = retained
    this.#router = router
  }

  // aedes checks for a real async function
  async setup(): Promise<void> {}

  async destroy(): Promise<void> {}

  storeRetained(packet: RoutedPacket): Settled<void> {
    this.#retained.store(messageIn(packet))
    return DONE
  }

  subscriptionsByTopic(topic: string): Settled<readonly Target[]> {
    const { durable } = this.#router.tree.match(topic)
    return durable.length === 0 ? NOBODY : new Settled(durable)
  }

  outgoingEnqueueCombi(targets: readonly Target[], packet: RoutedPacket): Settled<void> {
    if (targets.length > 0) {
      const message = messageIn(packet)
      for (const target of targets) this.#store(target, message)
    }
    return DONE
  }

  streamWill(): Readable {
    return Readable.from([])
  }

  #store(target: Target, message: Message): void {
    const chosen = target.shared === undefined ? target : target.shared.choose(message)
    if (chosen?.session.durable) this.#router.deliver(chosen, message, "stored")
  }
}
