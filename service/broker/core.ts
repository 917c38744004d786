import type { EventEmitter } from "node:events"
import { Aedes } from "aedes"
import type { Persistence } from "./durable/persistence.ts"
import type { Message } from "./message.ts"
import type { Router } from "./routing/router.ts"

/** What aedes needs of a client in its registry: our Connection is one. */
export interface CoreClient {
  readonly id: string
  readonly closed: boolean
  /** Another node of a cluster has taken the client over. */
  close(done?: () => void): void
}

/** The part of a broker of aedes that we use; two of the calls are missing in its own declarations. */
interface AedesBroker extends EventEmitter {
  readonly id: string
  readonly version: string
  listen(): Promise<void>
  publish(packet: CorePacket, client: CoreClient | null, done: (error?: Error | null) => void): void
  registerClient(client: CoreClient): void
  unregisterClient(client: CoreClient): void
  close(done: () => void): void
}

/** What aedes exports: the pinned version, and every other one that the contract test holds to the same. */
export type AedesClass = new (options: object) => AedesBroker

interface CorePacket {
  readonly cmd: "publish"
  readonly topic: string
  readonly payload: Buffer
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
  readonly dup: false
  readonly clientId: string
  readonly properties: Message
  readonly messageExpiry: number | undefined
}

/**
 * All contact with aedes. It serves as the core, through its public API: the publish pipeline (retained, stored,
 * emitted, published), the registry of clients and the events; what the contract test exercises is exactly this file.
 */
export class Core {
  readonly #aedes: AedesBroker

  private constructor(aedes: AedesBroker) {
    this.#aedes = aedes
  }

  /** `onError` hears what would otherwise be an unhandled `error` event. */
  static async open(
    router: Router,
    persistence: Persistence,
    onError: (error: Error) => void,
    Broker = Aedes as unknown as AedesClass,
  ): Promise<Core> {
    const options = {
      mq: router,
      persistence,
      // nobody publishes through aedes but us, and we have judged by then; wills of other nodes do not exist
      authorizePublish: (_client: unknown, _packet: unknown, done: (error?: Error | null) => void) => done(null),
    }
    const aedes = new Broker(options)
    // not every version does so itself: a client may be called "constructor"
    Object.assign(aedes, { clients: Object.create(null), brokers: Object.create(null) })
    aedes.on("error", onError)
    await aedes.listen()
    return new Core(aedes)
  }

  get id(): string {
    return this.#aedes.id
  }

  get version(): string {
    return this.#aedes.version
  }

  /**
   * Sends a message through the pipeline; it must have been judged before. `done` is called once it is stored where it
   * must be and handed to everyone connected: the moment for PUBACK and PUBREC.
   */
  publish(message: Message, client: CoreClient | null, done: (error?: Error | null) => void): void {
    this.#aedes.publish(
      {
        cmd: "publish",
        topic: message.topic,
        payload: message.payload,
        qos: message.qos,
        retain: message.retain,
        dup: false,
        clientId: message.publisher,
        properties: message,
        messageExpiry: message.expiresAt,
      },
      client,
      done,
    )
  }

  /** The one before, if any, must have been unregistered: aedes would close it in its own way. */
  register(client: CoreClient): void {
    this.#aedes.registerClient(client)
  }

  unregister(client: CoreClient): void {
    this.#aedes.unregisterClient(client)
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#aedes.close(resolve))
  }
}
