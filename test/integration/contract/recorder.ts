import type { EventEmitter } from "node:events"
import { type AedesClass, Core } from "../../../service/broker/core.ts"
import { Persistence } from "../../../service/broker/durable/persistence.ts"
import { Message } from "../../../service/broker/message.ts"
import { Retained } from "../../../service/broker/routing/retained.ts"
import { type RoutedPacket, Router } from "../../../service/broker/routing/router.ts"
import type { Target } from "../../../service/broker/routing/subscription.ts"
import { silentLog } from "../../../service/log.ts"

export type Stage = "storeRetained" | "subscriptionsByTopic" | "outgoingEnqueueCombi" | "emit"

/** One call from aedes into our side. */
export interface Call {
  readonly stage: Stage
  readonly topic: string
  readonly packet: RoutedPacket | undefined
  /** As it stood then: aedes changes it on the way. */
  readonly clientId: string | undefined
  /** What `outgoingEnqueueCombi` was handed. */
  readonly targets: readonly Target[] | undefined
}

type Settling = ReturnType<Persistence["storeRetained"]>

/** The core with a persistence and a router that write down what aedes asks of them, and can be told to fail. */
export class Recorder {
  readonly calls: Call[] = []
  readonly errors: Error[] = []
  readonly core: Core
  /** aedes itself, for what only its registry and its events tell. */
  readonly aedes: EventEmitter & { readonly clients: Readonly<Record<string, unknown>> }
  readonly router: Router
  /** Stages that answer with this error from now on. */
  readonly failing = new Map<Stage, Error>()
  /** What `subscriptionsByTopic` finds. */
  targets: readonly Target[] = []

  private constructor(core: Core, aedes: Recorder["aedes"], router: Router) {
    this.core = core
    this.aedes = aedes
    this.router = router
  }

  /** With `listen` done: aedes' own first messages are in `calls`. */
  static async open(Aedes: AedesClass): Promise<Recorder> {
    const early: Call[] = []
    let recorder: Recorder | undefined
    let broker: unknown
    class Observed extends Aedes {
      constructor(options: object) {
        super(options)
        broker = this
      }
    }
    const note = (call: Call) => (recorder?.calls ?? early).push(call)
    const router = new RecordingRouter(note, () => recorder?.failing)
    const found = () => recorder?.targets ?? []
    const persistence = new RecordingPersistence(router, note, () => recorder?.failing, found)
    const core = await Core.open(router, persistence, (error) => recorder?.errors.push(error), Observed)
    recorder = new Recorder(core, broker as Recorder["aedes"], router)
    recorder.calls.push(...early)
    return recorder
  }

  get stages(): Stage[] {
    return this.calls.map(({ stage }) => stage)
  }

  /** Publishes and says what was called, and with what the callback was, before `publish` returned. */
  publish(message: Message, client: Parameters<Core["publish"]>[1] = null): { calls: Call[]; done: unknown[] } {
    this.calls.length = 0
    const done: unknown[] = []
    this.core.publish(message, client, (error) => done.push(error ?? null))
    return { calls: [...this.calls], done }
  }
}

export function message(fields: Partial<Pick<Message, "topic" | "qos" | "retain" | "expiresAt">> = {}): Message {
  const { topic = "plant/pump", qos = 1, retain = false, expiresAt } = fields
  return new Message(topic, Buffer.from("on"), qos, retain, "pump-1", undefined, expiresAt)
}

class RecordingRouter extends Router {
  readonly #note: (call: Call) => void
  readonly #failing: () => Recorder["failing"] | undefined

  constructor(note: (call: Call) => void, failing: () => Recorder["failing"] | undefined) {
    super(silentLog)
    this.#note = note
    this.#failing = failing
  }

  override emit(packet: RoutedPacket, done?: (error?: Error | null) => void): this {
    this.#note({ stage: "emit", topic: packet.topic, packet, clientId: packet.clientId, targets: undefined })
    const error = this.#failing()?.get("emit")
    if (error === undefined) return super.emit(packet, done)
    done?.(error)
    return this
  }
}

class RecordingPersistence extends Persistence {
  readonly #note: (call: Call) => void
  readonly #failing: () => Recorder["failing"] | undefined
  readonly #found: () => readonly Target[]

  constructor(
    router: Router,
    note: (call: Call) => void,
    failing: () => Recorder["failing"] | undefined,
    found: () => readonly Target[],
  ) {
    super(new Retained(), router, { retain: () => {} })
    this.#note = note
    this.#failing = failing
    this.#found = found
  }

  override storeRetained(packet: RoutedPacket): Settling {
    this.#note({ stage: "storeRetained", topic: packet.topic, packet, clientId: packet.clientId, targets: undefined })
    return this.#answer("storeRetained", undefined)
  }

  override subscriptionsByTopic(topic: string): ReturnType<Persistence["subscriptionsByTopic"]> {
    this.#note({ stage: "subscriptionsByTopic", topic, packet: undefined, clientId: undefined, targets: undefined })
    return this.#answer("subscriptionsByTopic", this.#found())
  }

  override outgoingEnqueueCombi(targets: readonly Target[], packet: RoutedPacket): Settling {
    this.#note({ stage: "outgoingEnqueueCombi", topic: packet.topic, packet, clientId: packet.clientId, targets })
    return this.#answer("outgoingEnqueueCombi", undefined)
  }

  /** Settles at once, as our persistence does: a thenable and no promise. */
  #answer<T>(stage: Stage, value: T): Thenable<T> {
    const error = this.#failing()?.get(stage)
    return {
      // biome-ignore lint/suspicious/noThenProperty: being thenable is the whole point; aedes calls nothing but then
      then: (resolved: (value: T) => void, rejected?: (error: Error) => void) =>
        error === undefined ? resolved(value) : rejected?.(error),
    } as unknown as Thenable<T>
  }
}

/** The class that persistence answers with is its own matter; this has the same shape. */
type Thenable<T> = T extends undefined ? Settling : ReturnType<Persistence["subscriptionsByTopic"]>
