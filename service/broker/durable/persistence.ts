import { Readable } from "node:stream"
import type { Message } from "../message.ts"
import type { Retained } from "../routing/retained.ts"
import { messageIn, type RoutedPacket, type Router } from "../routing/router.ts"
import type { Target } from "../routing/subscription.ts"
import type { Ledger } from "./ledger.ts"
import type { Receipt } from "./receipt.ts"

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
  then(resolved: (value: T) => void, _rejected?: (error: Error) => void): void {
    resolved(this.#value)
  }
}

/** Settles with the commit, in the turn in which that is known. */
class Committing {
  readonly #receipt: Receipt

  constructor(receipt: Receipt) {
    this.#receipt = receipt
  }

  // biome-ignore lint/suspicious/noThenProperty: as above
  then(resolved: () => void, rejected?: (error: Error) => void): void {
    this.#receipt.whenOver((failure) => {
      if (failure === undefined) resolved()
      else rejected?.(new Error(failure.reason))
    })
  }
}

const DONE = new Settled<void>(undefined)
const NOBODY = new Settled<readonly Target[]>([])

/**
 * What aedes calls `persistence`: the retained messages and the storing stage of the pipeline. At QoS 0 and 1 it runs
 * through in one turn, and only the acknowledgement waits for the disk; a QoS 2 message is on the disk before anyone
 * gets it, or a crash could double it. Only what aedes itself calls is here; sessions and wills belong to us.
 */
export class Persistence {
  readonly #retained: Retained
  readonly #router: Router
  readonly #ledger: Pick<Ledger, "retain">

  constructor(retained: Retained, router: Router, ledger: Pick<Ledger, "retain">) {
    this.#retained = retained
    this.#router = router
    this.#ledger = ledger
  }

  // aedes checks for a real async function
  async setup(): Promise<void> {}

  async destroy(): Promise<void> {}

  storeRetained(packet: RoutedPacket): Settled<void> {
    const message = messageIn(packet)
    this.#retained.store(message)
    this.#ledger.retain(message)
    return DONE
  }

  subscriptionsByTopic(topic: string): Settled<readonly Target[]> {
    const { durable } = this.#router.tree.match(topic)
    return durable.length === 0 ? NOBODY : new Settled(durable)
  }

  outgoingEnqueueCombi(targets: readonly Target[], packet: RoutedPacket): Settled<void> | Committing {
    if (targets.length === 0 && packet.qos < 2) return DONE
    const message = messageIn(packet)
    for (const target of targets) this.#store(target, message)
    const { receipt } = message
    return packet.qos < 2 || receipt === undefined || receipt.isOver ? DONE : new Committing(receipt)
  }

  streamWill(): Readable {
    return Readable.from([])
  }

  #store(target: Target, message: Message): void {
    const chosen = target.shared === undefined ? target : target.shared.choose(message)
    if (chosen?.session.durable) this.#router.deliver(chosen, message, "stored")
  }
}
