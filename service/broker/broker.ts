import { setTimeout as delay } from "node:timers/promises"
import type { Attempts } from "../access/attempts.ts"
import type { Clients, ConnectedClient } from "../access/clients.ts"
import type { Directory } from "../access/directory.ts"
import { type Door, displayName } from "../access/door.ts"
import type { Messages } from "../access/messages.ts"
import type { Passwords } from "../access/password.ts"
import type { PresentedCertificate, Verdict } from "../ca/trust.ts"
import type { Clock } from "../clock.ts"
import { reasonOf } from "../errors.ts"
import type { Health } from "../health.ts"
import type { Limits } from "../limits.ts"
import type { Logger } from "../log.ts"
import { Connection } from "./connection/connection.ts"
import { Connections, type OnClient } from "./connection/connections.ts"
import type { Exchange } from "./connection/exchange.ts"
import { mayRetain } from "./connection/publish.ts"
import { TICK_MS } from "./connection/pulse.ts"
import { Core } from "./core.ts"
import { type DurableMemory, openMemory } from "./durable/memory.ts"
import { Persistence } from "./durable/persistence.ts"
import { Admission, type GoodCertificate } from "./gate/admission.ts"
import { mayPublish, prefixedTopic } from "./gate/authorization.ts"
import { Handshakes } from "./listen/handshakes.ts"
import { Lane } from "./listen/lane.ts"
import type { Binding, Entrance, Listener, ListenerName, OnRequest, TlsMaterial } from "./listen/listener.ts"
import { listenTcp } from "./listen/tcp.ts"
import { listenTls } from "./listen/tls.ts"
import { Turnstile } from "./listen/turnstile.ts"
import { listenWs, listenWss, type Upgrade, upgradeTo } from "./listen/websocket.ts"
import { Message } from "./message.ts"
import { messagesOf } from "./messages.ts"
import { reconcile } from "./reconcile.ts"
import { type RoutedPacket, Router } from "./routing/router.ts"
import type { Session } from "./session/session.ts"
import { Sessions } from "./session/sessions.ts"
import type { Will } from "./wire/packet.ts"
import { Reason } from "./wire/reason.ts"

/** Time that clients have to take their last packet when the broker closes, milliseconds. */
const CLOSING_MS = 1500
const RETAINED_SWEEP_TICKS = 240

export interface BrokerParts {
  /** The folder of sessions, queues and retained messages. */
  readonly folder: string
  readonly limits: Limits
  readonly directory: Directory
  readonly passwords: Passwords
  readonly attempts: Attempts
  readonly door: Door
  readonly health: Health
  readonly clock: Clock
  readonly log: Logger
  readonly judge: (presented: PresentedCertificate) => Verdict
  /** Whether a certificate that was good when its client came in still is. */
  readonly stillGood: (certificate: GoodCertificate) => boolean
  readonly renew: Exchange["renew"]
  readonly onStranger: Exchange["onStranger"]
  /** Takes the requests at the port of wss that are no upgrade; without it they are told what the port is for. */
  readonly onRequest?: OnRequest
  readonly onAdmitted: Exchange["onAdmitted"]
  /** A client came or went. */
  readonly onClient?: OnClient
}

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
    const publishWill = (session: Session, will: Will) => this.#publishWill(session, will)
    const sessions = new Sessions(router.tree, limits, surroundings, publishWill, memory.numbers.session)
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
  async roundTrip(timeoutMs: number): Promise<void> {
    const { core } = this.#exchange
    const topic = `$SYS/${core.id}/round-trip`
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const heard = (_packet: RoutedPacket, done: () => void) => {
      done()
      resolve()
    }
    this.#router.on(topic, heard)
    const timer = setTimeout(() => reject(new Error(`no round trip within ${timeoutMs} ms`)), timeoutMs)
    core.publish(new Message(topic, Buffer.alloc(0), 1, false, ""), null, (error) => error && reject(error))
    try {
      await promise
    } finally {
      clearTimeout(timer)
      this.#router.removeListener(topic, heard)
    }
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
    return [...this.#exchange.connections.admitted()].map(described)
  }

  find(clientId: string): ConnectedClient | undefined {
    const connection = this.#exchange.connections.get(clientId)
    return connection === undefined ? undefined : described(connection)
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

  /** A will is judged at the moment it is sent, by what its user may do then. */
  #publishWill(session: Session, will: Will): void {
    const { directory, core, time, log } = this.#exchange
    const user = directory.users.get(session.username)
    const policy = user?.enabled ? directory.policy(user, session.id) : undefined
    const topic = policy === undefined ? will.topic : prefixedTopic(policy, will.topic)
    if (policy === undefined || !mayPublish(policy, topic)) {
      this.#memory.counters.willsRefused++
      log.info("will not sent, no longer permitted", { client: displayName(session.id), topic: displayName(topic) })
      return
    }
    const { payload, qos, properties } = will
    const retain = will.retain && mayRetain(this.#exchange, topic, payload)
    if (retain !== will.retain) log.info("will sent but not retained, no room", { client: displayName(session.id) })
    const expiry = properties?.messageExpiryInterval
    const expiresAt = expiry === undefined ? undefined : time.now() + expiry * 1000
    core.publish(new Message(topic, payload, qos, retain, session.id, properties, expiresAt, true), null, () => {})
  }

  #handshakeFailed(address: string, why: string): void {
    this.#memory.counters.handshakesFailed++
    const sentence = `the TLS handshake failed (${displayName(why)}); the device may not trust this gateway's authority, or speaks no TLS 1.2`
    this.#parts.door.record({ cause: "tls-handshake", name: "", address, sentence })
  }
}

const PROTOCOLS = { 0: "3.1.1", 3: "3.1", 4: "3.1.1", 5: "5" } as const

function described(connection: Connection): ConnectedClient {
  const { session, certificate, origin } = connection
  return {
    clientId: connection.id,
    username: connection.user?.username ?? "",
    method: certificate === undefined ? "password" : "certificate",
    listener: origin.listener,
    address: origin.address,
    protocol: PROTOCOLS[connection.version],
    certificate: certificate?.serial,
    connectedAt: connection.connectedAt,
    subscriptions: [...(session?.subscriptions.values() ?? [])].map(({ full, qos }) => ({ filter: full, qos })),
    queued: session?.queue.length ?? 0,
    inflight: session?.window.size ?? 0,
    refusedPublishes: connection.refusedPublishes,
    lastRefusedTopic: connection.lastRefusedTopic,
    lastError: connection.lastError,
  }
}
