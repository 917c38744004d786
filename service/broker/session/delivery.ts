import { lowerOf, type Message } from "../message.ts"
import type { Target } from "../routing/subscription.ts"
import type { QoS } from "../wire/packet.ts"
import type { Carrier } from "./carrier.ts"
import { Debts } from "./debts.ts"
import { Outgoing } from "./outgoing.ts"
import { Releases } from "./releases.ts"
import type { Replay } from "./replay.ts"
import { Replays } from "./replays.ts"
import { packetIdOf } from "./window.ts"

/** How what a session owes gets to its client: the half of a session that messages pass through. */
export abstract class Delivery extends Debts {
  readonly #replays = new Replays()
  /** Packet identifiers of QoS 1 messages acknowledged before they were sent again. */
  readonly #early = new Set<number>()
  readonly #releases = new Releases(this.surroundings.ledger, (item) => this.#sendRelease(item))
  #carrier: Carrier | undefined
  #mayRead: (topic: string) => boolean = nothing

  get connected(): boolean {
    return this.#carrier !== undefined
  }

  /** Could send one more message right now. */
  get ready(): boolean {
    if (this.#carrier === undefined || this.queue.length > 0 || this.window.hasResend) return false
    return this.#hasRoom(this.#carrier)
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
    this.surroundings.pages.sleep(this)
  }

  protected override clear(): void {
    super.clear()
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
    if (this.queue.isLow) this.surroundings.pages.read(this)
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
    if (this.queue.length > 0) this.markAll(() => this.drain())
    this.drain()
  }

  /** PUBACK or PUBCOMP, or a PUBREC that refuses: the exchange is over. */
  settle(packetId: number): void {
    const item = this.window.settle(packetId)
    if (item === undefined) return
    this.settleItem(item)
    if (this.queue.length > 0 || this.#replays.size > 0 || this.window.hasResend) this.drain()
  }

  /** PUBREC: from here on PUBREL is owed. */
  release(item: Outgoing): void {
    this.#releases.add(item)
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
    else this.surroundings.pages.sleep(this)
    this.drain()
  }

  #deliver(message: Message, qos: QoS, retain: boolean, identifiers: readonly number[] | undefined): void {
    const carrier = this.#carrier
    if (carrier === undefined) return
    if (qos === 0) {
      const sent = !carrier.congested && carrier.sendPublish(message, 0, retain, identifiers, 0, false)
      if (!sent) this.surroundings.dropped(1)
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
    this.surroundings.ledger.owe(item)
    if (qos === 1 && isReady && this.#carrier !== undefined && this.window.hasPlaceFor(item)) {
      return this.#transmit(this.#carrier, item)
    }
    item.held = qos === 2
    this.#keep(item)
  }

  #keep(item: Outgoing): void {
    const dropped = this.queue.push(item)
    if (dropped.length > 0) this.drop(dropped)
    else if (this.queue.isLow && this.queue.isFull(0)) this.surroundings.pages.read(this)
  }

  #sendRelease(item: Outgoing): void {
    if (this.window.get(item.packetId) === item) this.#carrier?.sendAcknowledge(6, item.packetId, 0)
    if (!this.connected) this.surroundings.pages.sleep(this)
  }

  #transmit(carrier: Carrier, item: Outgoing): void {
    item.message.own()
    const packetId = this.window.add(item)
    this.sent.last = item.sequence
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
    if (item.releasing) return true // PUBREL comes by itself
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
    if (!this.sent.mayGo(item)) return false
    this.queue.shift()
    if (item.sent && item.qos === 1 && this.#early.delete(packetIdOf(item.sequence))) {
      this.settleItem(item)
      return true
    }
    const isOver = !item.sent && item.message.isExpired(this.surroundings.now())
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
