import type { SessionRecord } from "../durable/content.ts"
import type { Ledger } from "../durable/ledger.ts"
import { lowerOf, type Message } from "../message.ts"
import type { Subscription, Target } from "../routing/subscription.ts"
import type { QoS, Will } from "../wire/packet.ts"
import { Outgoing } from "./outgoing.ts"
import type { Pages } from "./pages.ts"
import type { Queue } from "./queue.ts"
import type { Replay } from "./replay.ts"
import { Replays } from "./replays.ts"
import { packetIdOf, Window } from "./window.ts"

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

/** What a session needs of the broker around it. */
export interface Surroundings {
  /** Milliseconds since the epoch, in the broker's own time. */
  now(): number
  /** Told how many messages could not be kept or passed on. */
  dropped(count: number): void
  readonly ledger: Ledger
  readonly pages: Pages
}

/** Places passed over after a restart. */
const SPARE_PLACES = 1000

/** What outlives a connection (MQTT 5 section 4.1): subscriptions, what is owed to the client, what it owes us. */
export class Session {
  readonly id: string
  /** The user it belongs to; nobody else can resume it. */
  readonly username: string
  /** Its name on the disk, never given again. */
  readonly number: number
  readonly subscriptions = new Map<string, Subscription>()
  /** Characters of all its filters. */
  filterLength = 0
  /** Packet identifiers of QoS 2 messages received and not yet released. */
  readonly incoming = new Set<number>()
  readonly window = new Window()
  readonly queue: Queue
  /** Whether it outlives its connection. */
  durable = false
  /** The disk knows it, or will. */
  recorded = false
  /** Nothing is kept for it any more. */
  ended = false
  /** Seconds it outlives its connection. */
  expirySeconds = 0
  /** When it ends, milliseconds since the epoch; Infinity: never. Meaningful only while nobody is connected. */
  endsAt = Number.POSITIVE_INFINITY
  will: Will | undefined
  /** When the will is due, milliseconds since the epoch; NaN: once the connection is lost. */
  willDue = Number.NaN
  /** The disk knows that everything up to this place may have been sent; what lies there unsent waits for that. */
  sentTo = 0
  #mayGoTo = 0
  /** The last place that was sent on a connection of this process. */
  #lastSent = 0
  /** What was on the disk at the start: the last place, and the last that had been sent for all the disk knew. */
  #found = { last: 0, sentTo: 0 }
  readonly #surroundings: Surroundings
  readonly #replays = new Replays()
  /** Packet identifiers of QoS 1 messages acknowledged before they were sent again. */
  readonly #early = new Set<number>()
  #carrier: Carrier | undefined
  #mayRead: (topic: string) => boolean = nothing

  constructor(id: string, username: string, number: number, queue: Queue, surroundings: Surroundings) {
    this.id = id
    this.username = username
    this.number = number
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

  /** What the disk is to know of it. */
  get record(): SessionRecord {
    const { id, username, expirySeconds, sentTo, will, willDue } = this
    const endsAt = this.connected ? Number.NaN : this.endsAt
    return { id, username, expirySeconds, endsAt, sentTo, will, willDue }
  }

  isCarriedBy(carrier: Carrier): boolean {
    return this.#carrier === carrier
  }

  /** From now on this connection carries the session; what is sent again or replayed is judged by `mayRead`. */
  carryBy(carrier: Carrier, mayRead: (topic: string) => boolean): void {
    this.#carrier = carrier
    this.#mayRead = mayRead
    this.#replays.rest()
  }

  /** Lets go of the connection and of all that hangs on it. */
  putDown(): void {
    this.#carrier = undefined
    this.#mayRead = nothing
    this.#early.clear()
    if (!this.durable) return
    this.window.keep()
    this.#surroundings.pages.sleep(this)
  }

  /** The session is over: whatever still holds it holds nothing more, and nothing more is kept for it. */
  finish(): void {
    const open = [...this.window.all(), ...this.queue.inMemory()]
    this.ended = true
    this.durable = false
    this.putDown()
    this.subscriptions.clear()
    this.filterLength = 0
    this.incoming.clear()
    this.window.clear()
    this.queue.clear()
    this.#replays.clear()
    for (const item of open) this.#settle(item)
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
    if (qos > 0) this.#owe(message, qos, message.retain && target.retainAsPublished, target.identifiers)
  }

  /** Retained messages for a subscription just made; what an earlier one of this filter is still owed begins anew. */
  replay(filter: string, replay: Replay): void {
    this.#replays.add(filter, replay)
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
    while (this.#hasRoom(carrier) && this.#sendOne(carrier));
    if (this.queue.isLow) this.#surroundings.pages.read(this)
    while ((this.queue.length === 0 || this.queue.peek()?.held) && !carrier.congested && this.#replayOne(carrier));
  }

  /** The next turn: there is patience again. */
  drainOn(): void {
    this.#replays.rest()
    this.drain()
  }

  /** A new connection carries on: what was unfinished goes first, with DUP, then what waited. */
  resume(): void {
    this.window.restart()
    if (this.queue.length > 0) this.#markAll()
    this.drain()
  }

  /** Drops what waits on topics that the user may no longer read; what is under way is judged when it is sent again. */
  forget(isForbidden: (topic: string) => boolean): void {
    this.judge(isForbidden)
    this.#surroundings.pages.forbid(this, isForbidden)
  }

  /** As `forget`, of what is in memory. */
  judge(isForbidden: (topic: string) => boolean): void {
    for (const item of this.queue.filter(({ message }) => !isForbidden(message.topic))) this.#settle(item)
  }

  /** It was found on the disk, with what it is owed there. */
  restore(record: SessionRecord, queue: { count: number; bytes: number; last: number }): void {
    this.recorded = true
    this.expirySeconds = record.expirySeconds
    this.durable = record.expirySeconds > 0
    this.sentTo = record.sentTo
    this.#found = { last: queue.last, sentTo: record.sentTo }
    this.queue.restore(queue.count, queue.bytes)
    // what was under way but never on the disk has used packet identifiers that a client may still acknowledge
    this.window.restore(queue.last + SPARE_PLACES)
  }

  /** Whether a message that comes back from the disk may have been sent before. */
  wasSent({ sequence, marked }: Outgoing): boolean {
    const { last, sentTo } = this.#found
    return sequence <= this.#lastSent || (sequence <= last && (marked || sequence <= sentTo))
  }

  /** PUBACK or PUBCOMP, or a PUBREC that refuses: the exchange is over. */
  settle(packetId: number): void {
    const item = this.window.settle(packetId)
    if (item === undefined) return
    this.#settle(item)
    if (this.queue.length > 0 || this.#replays.size > 0 || this.window.hasResend) this.drain()
  }

  /** PUBREC: from here on PUBREL is owed; it is sent once the disk knows, or a crash could double the message. */
  release(item: Outgoing): void {
    const isFirst = !item.released
    item.released = true
    const send = () => this.#carrier?.sendAcknowledge(6, item.packetId, 0)
    if (isFirst && item.stored !== 0) this.#surroundings.ledger.release(item, send)
    else send()
  }

  /**
   * An acknowledgement for a message that is not under way. A client may acknowledge what it was sent on its last
   * connection before it is sent again on this one, and that may still lie on the disk. False: it is owed no such message.
   */
  acknowledgeEarly(type: 4 | 5 | 7, packetId: number): boolean {
    const waiting = this.queue.peek()
    if (!this.durable || (waiting === undefined ? this.queue.away.count === 0 : !waiting.sent)) return false
    if (type === 4) this.#early.add(packetId)
    return true
  }

  /** A commit with messages for this session is over. */
  committed(): void {
    if (this.ended) return
    if (this.connected) this.queue.page()
    else this.#surroundings.pages.sleep(this)
    this.drain()
  }

  /** The disk did not take this message and the publisher is told: who has not got it yet does not get it. */
  refuse(item: Outgoing): void {
    item.stored = 0
    if (item.packetId !== 0) return
    item.settled = true
    this.queue.remove(item)
  }

  #deliver(message: Message, qos: QoS, retain: boolean, identifiers: readonly number[] | undefined): void {
    const carrier = this.#carrier
    if (carrier === undefined) return
    if (qos === 0) {
      const sent = !carrier.congested && carrier.sendPublish(message, 0, retain, identifiers, 0, false)
      if (!sent) this.#surroundings.dropped(1)
      return
    }
    const item = new Outgoing(this, message, qos, retain, identifiers)
    if (this.ready) this.#transmit(carrier, item)
    else this.#keep(item)
  }

  /** QoS 1 goes out at once, and to the disk only if it is not acknowledged soon; QoS 2 the other way round. */
  #owe(message: Message, qos: QoS, retain: boolean, identifiers: readonly number[] | undefined): void {
    const item = new Outgoing(this, message, qos, retain, identifiers)
    const isReady = this.ready
    this.window.number(item)
    this.#surroundings.ledger.owe(item)
    if (qos === 1 && isReady && this.#carrier !== undefined && this.window.hasPlaceFor(item)) {
      return this.#transmit(this.#carrier, item)
    }
    item.held = qos === 2
    this.#keep(item)
  }

  #keep(item: Outgoing): void {
    const dropped = this.queue.push(item)
    if (dropped.length > 0) this.drop(dropped)
    else if (this.queue.isLow && this.queue.isFull(0)) this.#surroundings.pages.read(this)
  }

  /** They are lost, and counted. */
  drop(items: readonly Outgoing[]): void {
    for (const item of items) this.#settle(item)
    this.#surroundings.dropped(items.length)
  }

  #settle(item: Outgoing): void {
    if (item.receipt !== undefined || item.stored !== 0) this.#surroundings.ledger.settle(item)
    else item.settled = true
  }

  /** What lies on the disk as never sent goes out once the disk knows better. */
  #markAll(): void {
    const to = this.window.sequence
    this.sentTo = to
    this.#surroundings.ledger.session(this)
    this.#surroundings.ledger.whenKept(() => {
      this.#mayGoTo = Math.max(this.#mayGoTo, to)
      this.drain()
    })
  }

  #transmit(carrier: Carrier, item: Outgoing): void {
    item.message.own()
    const packetId = this.window.add(item)
    this.#lastSent = item.sequence
    if (item.released) return carrier.sendAcknowledge(6, packetId, 0)
    const { message, qos, retain, identifiers, sent } = item
    item.sent = true
    if (carrier.sendPublish(message, qos, retain, identifiers, packetId, sent)) return
    this.window.settle(packetId)
    this.drop([item])
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
      this.drop([item])
    }
    return true
  }

  /** False when nothing waits in the queue, or the next one must go on waiting. */
  #sendOne(carrier: Carrier): boolean {
    const item = this.queue.peek()
    if (item === undefined || item.held || !this.window.hasPlaceFor(item)) return false
    if (item.stored !== 0 && !item.marked && item.sequence > this.#mayGoTo) return false
    this.queue.shift()
    if (item.sent && item.qos === 1 && this.#early.delete(packetIdOf(item.sequence))) {
      this.#settle(item)
      return true
    }
    const isOver = !item.sent && item.message.isExpired(this.#surroundings.now())
    if (isOver || !this.#mayRead(item.message.topic)) this.drop([item])
    else this.#transmit(carrier, item)
    return true
  }

  /** False when no retained message is owed, or the next one must wait. */
  #replayOne(carrier: Carrier): boolean {
    if (this.#replays.isTired) return false
    const next = this.#replays.peek()
    if (this.#replays.isTired) carrier.drainSoon()
    if (next === undefined) return false
    const { message, replay } = next
    const qos = lowerOf(message.qos, replay.qos)
    if (qos > 0 && this.window.size + this.queue.length >= carrier.window) return false
    replay.advance()
    if (!this.#mayRead(message.topic)) return true
    if (qos === 0) carrier.sendPublish(message, 0, true, replay.identifiers, 0, false)
    else if (this.durable) this.#owe(message, qos, true, replay.identifiers)
    else this.#transmit(carrier, new Outgoing(this, message, qos, true, replay.identifiers))
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
