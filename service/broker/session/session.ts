import { lowerOf, type Message } from "../message.ts"
import type { Subscription, Target } from "../routing/subscription.ts"
import type { QoS } from "../wire/packet.ts"
import { Outgoing } from "./outgoing.ts"
import type { Queue } from "./queue.ts"
import type { Patience, Replay } from "./replay.ts"
import { Window } from "./window.ts"

/** What a session needs of the connection that carries it. */
export interface Carrier {
  /** How many QoS 1 and 2 messages may be under way: the client's Receive Maximum and ours, the smaller. */
  readonly window: number
  /** So many bytes wait for the socket that nothing more should be added. */
  readonly congested: boolean
  /** False: the packet cannot go to this client at all, and counts as done [MQTT-3.1.2-25]. */
  sendPublish(
    message: Message,
    qos: QoS,
    retain: boolean,
    identifiers: readonly number[] | undefined,
    packetId: number,
    dup: boolean,
  ): boolean
  sendAcknowledge(type: 4 | 5 | 6 | 7, packetId: number, reason: number): void
  /** Calls the session's `drainOn` in the next turn of the event loop, unless the connection has ended by then. */
  drainSoon(): void
  /** Ends the connection after a fault of our own. */
  abort(): void
}

/** Steps taken in one turn in search of retained messages, half a millisecond's worth. */
const STEPS = 5000

/** What a session needs of the broker around it. */
export interface Surroundings {
  /** Milliseconds since the epoch. */
  now(): number
  /** Told how many messages could not be kept or passed on. */
  dropped(count: number): void
}

/** What outlives a connection (MQTT 5 section 4.1): subscriptions, what is owed to the client, what it owes us. */
export class Session {
  readonly id: string
  /** The user it belongs to; nobody else can resume it. */
  readonly username: string
  readonly subscriptions = new Map<string, Subscription>()
  /** Characters of all its filters. */
  filterLength = 0
  /** Packet identifiers of QoS 2 messages received and not yet released. */
  readonly incoming = new Set<number>()
  readonly window = new Window()
  readonly queue: Queue
  /** Whether it outlives its connection. */
  durable = false
  /** When it ends, milliseconds since the epoch; Infinity: never. Meaningful only while nobody is connected. */
  endsAt = Number.POSITIVE_INFINITY
  readonly #surroundings: Surroundings
  /** Retained messages owed, by filter. */
  readonly #replays = new Map<string, Replay>()
  readonly #patience: Patience = { steps: STEPS }
  #carrier: Carrier | undefined
  #mayRead: (topic: string) => boolean = nothing

  constructor(id: string, username: string, queue: Queue, surroundings: Surroundings) {
    this.id = id
    this.username = username
    this.queue = queue
    this.#surroundings = surroundings
  }

  get connected(): boolean {
    return this.#carrier !== undefined
  }

  /** Could send one more message right now. */
  get ready(): boolean {
    return (
      this.#carrier !== undefined && this.queue.length === 0 && !this.window.hasResend && this.#hasRoom(this.#carrier)
    )
  }

  isCarriedBy(carrier: Carrier): boolean {
    return this.#carrier === carrier
  }

  /** From now on this connection carries the session; what is sent again or replayed is judged by `mayRead`. */
  carryBy(carrier: Carrier, mayRead: (topic: string) => boolean): void {
    this.#carrier = carrier
    this.#mayRead = mayRead
    this.#patience.steps = STEPS
  }

  /** Lets go of the connection and of all that hangs on it. */
  putDown(): void {
    this.#carrier = undefined
    this.#mayRead = nothing
    if (this.durable) this.window.keep()
  }

  /** The session is over: whatever still holds it holds nothing more, and nothing more is kept for it. */
  finish(): void {
    this.durable = false
    this.putDown()
    this.subscriptions.clear()
    this.filterLength = 0
    this.incoming.clear()
    this.window.clear()
    this.queue.clear()
    this.#replays.clear()
  }

  abort(): void {
    this.#carrier?.abort()
  }

  /** The emitting stage: everything that need not be stored first. */
  live(message: Message, to: Target): void {
    const target = message.publisher === this.id ? to.local : to
    if (target === undefined) return // No Local [MQTT-3.8.3-3]
    const qos = lowerOf(message.qos, target.qos)
    if (qos > 0 && this.durable) return // the storing stage had it
    this.#deliver(message, qos, message.retain && target.retainAsPublished, target.identifiers)
  }

  /** The storing stage: QoS 1 and 2 for a session that outlives its connection. */
  stored(message: Message, to: Target): void {
    const target = message.publisher === this.id ? to.local : to
    if (target === undefined) return
    const qos = lowerOf(message.qos, target.qos)
    if (qos > 0) this.#deliver(message, qos, message.retain && target.retainAsPublished, target.identifiers)
  }

  /** Retained messages for a subscription just made; what an earlier one of this filter is still owed begins anew. */
  replay(filter: string, replay: Replay): void {
    this.#replays.delete(filter)
    this.#replays.set(filter, replay)
    this.drain()
  }

  cancelReplay(filter: string): void {
    this.#replays.delete(filter)
  }

  /** Sends what waits, as far as the window and the socket take it. Called whenever either gains room. */
  drain(): void {
    const carrier = this.#carrier
    if (carrier === undefined) return
    while (this.#hasRoom(carrier) && this.#resendOne(carrier));
    if (this.window.hasResend) return
    const now = this.#surroundings.now()
    while (this.queue.length > 0 && this.#hasRoom(carrier)) {
      const item = this.queue.shift()
      if (item === undefined) continue
      if (item.message.isExpired(now)) this.#surroundings.dropped(1)
      else this.#transmit(carrier, item)
    }
    while (this.queue.length === 0 && !carrier.congested && this.#replayOne(carrier));
  }

  /** The next turn: there is patience again. */
  drainOn(): void {
    this.#patience.steps = STEPS
    this.drain()
  }

  /** A new connection carries on: what was unfinished goes first, with DUP, then what waited. */
  resume(): void {
    this.window.restart()
    this.drain()
  }

  /** Drops what waits on topics that the user may no longer read; what is under way is judged when it is sent again. */
  forget(isForbidden: (topic: string) => boolean): void {
    this.queue.filter((item) => !isForbidden(item.message.topic))
  }

  /** PUBACK or PUBCOMP, or a PUBREC that refuses: the exchange is over. */
  settle(packetId: number): void {
    if (this.window.settle(packetId) && (this.queue.length > 0 || this.#replays.size > 0 || this.window.hasResend)) {
      this.drain()
    }
  }

  #deliver(message: Message, qos: QoS, retain: boolean, identifiers: readonly number[] | undefined): void {
    const carrier = this.#carrier
    if (qos === 0) {
      if (carrier === undefined) return
      const sent = !carrier.congested && carrier.sendPublish(message, 0, retain, identifiers, 0, false)
      if (!sent) this.#surroundings.dropped(1)
      return
    }
    const item = new Outgoing(message, qos, retain, identifiers)
    if (this.ready && carrier !== undefined) this.#transmit(carrier, item)
    else if (carrier !== undefined || this.durable) this.#keep(item)
  }

  #keep(item: Outgoing): void {
    const dropped = this.queue.push(item)
    if (dropped > 0) this.#surroundings.dropped(dropped)
  }

  #transmit(carrier: Carrier, item: Outgoing): void {
    item.message.own()
    const packetId = this.window.add(item)
    if (carrier.sendPublish(item.message, item.qos, item.retain, item.identifiers, packetId, false)) return
    this.window.settle(packetId)
    this.#surroundings.dropped(1)
  }

  /** False when there is nothing to send again. What the user may no longer read is not. */
  #resendOne(carrier: Carrier): boolean {
    const item = this.window.nextToResend()
    if (item === undefined) return false
    if (item.released) carrier.sendAcknowledge(6, item.packetId, 0)
    else if (
      !this.#mayRead(item.message.topic) ||
      !carrier.sendPublish(item.message, item.qos, item.retain, item.identifiers, item.packetId, true)
    ) {
      this.window.settle(item.packetId)
      this.#surroundings.dropped(1)
    }
    return true
  }

  /** False when no retained message is owed, or the next one must wait. */
  #replayOne(carrier: Carrier): boolean {
    const next = this.#replays.entries().next()
    if (next.done === true || this.#patience.steps <= 0) return false
    const [filter, replay] = next.value
    const message = replay.peek(this.#patience)
    if (this.#patience.steps <= 0) carrier.drainSoon()
    if (message === undefined) return replay.isOver && this.#replays.delete(filter)
    const qos = lowerOf(message.qos, replay.qos)
    if (qos > 0 && !this.#hasRoom(carrier)) return false
    replay.advance()
    if (!this.#mayRead(message.topic)) return true
    if (qos === 0) carrier.sendPublish(message, 0, true, replay.identifiers, 0, false)
    else this.#transmit(carrier, new Outgoing(message, qos, true, replay.identifiers))
    message.slot.frame = undefined // else the store would keep every message twice
    return true
  }

  #hasRoom(carrier: Carrier): boolean {
    return this.window.size < carrier.window && !carrier.congested
  }
}

function nothing(): boolean {
  return false
}
