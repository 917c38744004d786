import { setTimeout as delay } from "node:timers/promises"
import type { Clients, ConnectedClient } from "../access/clients.ts"
import { displayName } from "../access/door.ts"
import type { Messages } from "../access/messages.ts"
import { reasonOf } from "../errors.ts"
import { Connection } from "./connection/connection.ts"
import { Connections } from "./connection/connections.ts"
import { describe } from "./connection/description.ts"
import type { Exchange } from "./connection/exchange.ts"
import { TICK_MS } from "./connection/pulse.ts"
import { Core } from "./core.ts"
import { type DurableMemory, openMemory } from "./durable/memory.ts"
import { Persistence } from "./durable/persistence.ts"
import { Admission } from "./gate/admission.ts"
import { Handshakes } from "./listen/handshakes.ts"
import { Lane } from "./listen/lane.ts"
import type { Binding, Entrance, Listener, ListenerName, TlsMaterial } from "./listen/listener.ts"
import { listenTcp } from "./listen/tcp.ts"
import { listenTls } from "./listen/tls.ts"
import { Turnstile } from "./listen/turnstile.ts"
import { listenWs, listenWss, type Upgrade, upgradeTo } from "./listen/websocket.ts"
import { messagesOf } from "./messages.ts"
import type { BrokerParts } from "./parts.ts"
import { reconcile } from "./reconcile.ts"
import { roundTrip } from "./round-trip.ts"
import { Router } from "./routing/router.ts"
import type { Session } from "./session/session.ts"
import { Sessions } from "./session/sessions.ts"
import { publishWill } from "./wills.ts"
import type { Will } from "./wire/packet.ts"
import { Reason } from "./wire/reason.ts"

/** Time that clients have to take their last packet when the broker closes, milliseconds. */
const CLOSING_MS = 1500
const RETAINED_SWEEP_TICKS = 240

/** Opens the broker with no listener yet: sessions and routing work, with all that was kept; nobody can come in. */
export async function openBroker(parts: BrokerParts): Promise<Broker> {
  const router = new Router(parts.log)
  const memory = await openMemory(parts)
  const persistence = new Persistence(memory.retained, router, memory.ledger)
  const core = await Core.open(router, persistence, (error) =>
    parts.log.error("fault in the core", { reason: reasonOf(error) }),
  )
  return new Broker(parts, router, memory, core)
}

/** The MQTT side of the gateway; the only face that other parts see. */
export class Broker implements Clients, AsyncDisposable {
  readonly #parts: BrokerParts
  readonly #exchange: Exchange
  readonly #router: Router
  readonly #listeners: Listener[] = []
  readonly #memory: DurableMemory
  readonly #entrance: Entrance
  readonly #sweeper: NodeJS.Timeout
  readonly #stopListening: () => void
  /** A handshake that was under way when the listeners closed may still end well. */
  #closing = false

  constructor(parts: BrokerParts, router: Router, memory: DurableMemory, core: Core) {
    this.#parts = parts
    this.#router = router
    this.#memory = memory
    const { counters, ledger, time, retained } = memory
    const { clock, directory, limits } = parts
    const surroundings = {
      now: () => time.now(),
      dropped: (count: number) => {
        counters.messagesDropped += count
      },
      ledger,
      pages: memory.pages,
    }
    const onWill = (session: Session, will: Will) => publishWill(this.#exchange, session, will)
    const sessions = new Sessions(router.tree, limits, surroundings, onWill, memory.numbers.session)
    const admission = new Admission(parts)
    const connections = new Connections(clock, parts.onClient)
    const lane = new Lane()
    const { tree } = router
    this.#exchange = { ...parts, counters, admission, lane, core, tree, retained, sessions, connections, ledger, time }
    const turnstile = new Turnstile(limits.connections, limits.connectionsPerAddress, counters)
    this.#entrance = {
      turnstile,
      handshakes: new Handshakes(limits.handshakes, lane, counters),
      handshakeMs: limits.handshakeSeconds * 1000,
      bytesBeforeLogin: limits.packetBytesBeforeLogin,
      frameBytes: limits.packetBytes,
      enter: (stream, origin, plainSocket) => {
        if (this.#closing) stream.destroy()
        else new Connection(this.#exchange, stream, origin, plainSocket)
      },
      onRequest: parts.onRequest,
      handshakeFailed: (address, why) => this.#handshakeFailed(address, why),
    }
    memory.restore(sessions)
    reconcile(this.#exchange) // users may have gone or changed while the gateway was not running
    this.#sweep() // wills first: whoever comes in is to see what has become of the others
    this.#sweeper = setInterval(() => this.#sweep(), TICK_MS)
    this.#stopListening = directory.onChange(() => reconcile(this.#exchange))
  }

  get listeners(): readonly { readonly name: ListenerName; readonly port: number }[] {
    return this.#listeners
  }

  /** Binds one listener; throws `port-in-use` or `listen-failed`. */
  async listen(name: Exclude<ListenerName, "https">, binding: Binding, material: TlsMaterial): Promise<Listener> {
    const entrance = this.#entrance
    const opened =
      name === "mqtt"
        ? await listenTcp(binding, entrance)
        : name === "ws"
          ? await listenWs(binding, entrance)
          : name === "mqtts"
            ? await listenTls(binding, material, entrance)
            : await listenWss(binding, material, entrance)
    this.#listeners.push(opened)
    return opened
  }

  /** Takes nobody in any more; who is connected stays until it is ended otherwise. */
  async closeListeners(): Promise<void> {
    await Promise.all(this.#listeners.splice(0).map((listener) => listener.close()))
  }

  /** For WebSocket upgrades that arrive at the page's HTTPS port; passwords only, no certificate is asked for there. */
  get upgrade(): Upgrade {
    return upgradeTo("https", this.#entrance)
  }

  /** New server certificate or trust bundle, from the next handshake on. */
  swap(material: TlsMaterial): void {
    for (const listener of this.#listeners) listener.swap(material)
  }

  /** Judges every live certificate again, after a revocation or a change of the trust bundle; ends what is no longer good. */
  recheckCertificates(): void {
    for (const connection of this.#exchange.connections.admitted()) {
      const { certificate } = connection
      if (certificate !== undefined && !this.#parts.stillGood(certificate)) {
        connection.end(Reason.administrativeAction, "certificate revoked or no longer trusted")
      }
    }
  }

  /** Resolves once a message published in the process came back through the whole pipeline; rejects after `timeoutMs`. */
  roundTrip(timeoutMs: number): Promise<void> {
    return roundTrip(this.#exchange.core, this.#router, timeoutMs)
  }

  /** Looking at messages, and sending one by hand. */
  get messages(): Messages {
    return messagesOf(this.#exchange, this.#router)
  }

  // ---- Clients

  /** How many clients are connected. */
  get count(): number {
    return this.#exchange.connections.count
  }

  list(): ConnectedClient[] {
    return [...this.#exchange.connections.admitted()].map(describe)
  }

  find(clientId: string): ConnectedClient | undefined {
    const connection = this.#exchange.connections.get(clientId)
    return connection === undefined ? undefined : describe(connection)
  }

  disconnect(clientId: string): boolean {
    const connection = this.#exchange.connections.get(clientId)
    connection?.end(Reason.administrativeAction, "disconnected by an administrator")
    return connection !== undefined
  }

  counters(): Readonly<Record<string, number>> {
    const { sessions, tree, retained, connections } = this.#exchange
    return {
      ...this.#memory.counters,
      connections: connections.count,
      sockets: connections.open.size,
      sessions: sessions.count,
      subscriptions: tree.size,
      queuedBytes: sessions.queuedBytes,
      retainedMessages: retained.count,
      retainedBytes: retained.bytes,
      ...this.#memory.wear(),
    }
  }

  /** Forgets every retained message. */
  forgetRetained(): void {
    const { retained, ledger } = this.#exchange
    for (const message of retained.clear()) ledger.unretain(message)
  }

  /** Copies sessions, queues and retained messages to a file, of which it answers the path and the bytes. */
  backup(): Promise<{ file: string; bytes: number }> {
    return this.#memory.backup()
  }

  /** Closes the listeners, tells every client (MQTT 5: 0x8B) and waits for them at most `CLOSING_MS`. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sweeper)
    this.#stopListening()
    this.#closing = true
    const { connections, core, sessions } = this.#exchange
    sessions.close()
    const closing = this.#listeners.map((listener) => listener.close())
    for (const connection of connections.open) {
      connection.end(Reason.serverShuttingDown, "gateway stopping")
    }
    await Promise.race([Promise.all(closing), delay(CLOSING_MS, undefined, { ref: false })])
    await core.close()
    await this.#memory[Symbol.asyncDispose]()
  }

  #sweep(): void {
    const { sessions, retained, connections, ledger, time } = this.#exchange
    connections.sweep()
    this.#memory.counters.sessionsExpired += sessions.sweep()
    if (connections.tick % RETAINED_SWEEP_TICKS !== 0) return
    for (const message of retained.sweep(time.now())) ledger.unretain(message)
  }

  #handshakeFailed(address: string, why: string): void {
    this.#memory.counters.handshakesFailed++
    const sentence = `the TLS handshake failed (${displayName(why)}); the device may not trust this gateway's authority, or speaks no TLS 1.2`
    this.#parts.door.record({ cause: "tls-handshake", name: "", address, sentence })
  }
}
