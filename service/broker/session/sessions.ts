import type { SessionRecord } from "../durable/content.ts"
import type { StoredSession } from "../durable/reading.ts"
import type { Subscription } from "../routing/subscription.ts"
import type { SubscriptionTree } from "../routing/subscription-tree.ts"
import type { Will } from "../wire/packet.ts"
import type { Carrier, Surroundings } from "./carrier.ts"
import { OVERHEAD, Queue, type QueueBudget } from "./queue.ts"
import { Session } from "./session.ts"

/** Session Expiry Interval that means: never. */
export const NEVER = 0xffffffff

export interface SessionCaps {
  readonly sessions: number
  readonly sessionsPerUser: number
  readonly queuedMessagesPerSession: number
  readonly queuedBytesPerSession: number
  readonly queuedBytesTotal: number
}

/** Every session, live and stored, by client identifier: its beginning, its owner and its end. */
export class Sessions {
  readonly #tree: SubscriptionTree
  readonly #caps: SessionCaps
  readonly #surroundings: Surroundings
  readonly #publishWill: (session: Session, will: Will) => void
  readonly #budget: QueueBudget
  readonly #byId = new Map<string, Session>()
  readonly #perUser = new Map<string, number>()
  readonly #offline = new Set<Session>()
  /** Sessions whose will waits for its delay, or for the end of the session, whichever is first [MQTT-3.1.3-9]. */
  readonly #bereaved = new Set<Session>()
  /** The last number given to a session. */
  #lastNumber: number
  /** The gateway stops: what its going would cause is left to the next start. */
  #closing = false

  constructor(
    tree: SubscriptionTree,
    caps: SessionCaps,
    surroundings: Surroundings,
    publishWill: (session: Session, will: Will) => void,
    lastNumber: number,
  ) {
    this.#tree = tree
    this.#caps = caps
    this.#surroundings = surroundings
    this.#publishWill = publishWill
    this.#budget = { bytes: 0, limit: caps.queuedBytesTotal, halfFull: 0 }
    this.#lastNumber = lastNumber
  }

  get count(): number {
    return this.#byId.size
  }

  get queuedBytes(): number {
    return this.#budget.bytes
  }

  /** Whether some queue could have no room for one more message of this size: cheap, for a first look. */
  mayLackRoomFor(size: number): boolean {
    const { halfFull, bytes, limit } = this.#budget
    return halfFull > 0 || 2 * bytes > limit || 2 * (size + OVERHEAD) > this.#caps.queuedBytesPerSession
  }

  all(): IterableIterator<Session> {
    return this.#byId.values()
  }

  get(id: string): Session | undefined {
    return this.#byId.get(id)
  }

  /** Whether one more session fits for this user: "full" is the gateway, "squatted" the user's own share. */
  room(username: string): "yes" | "full" | "squatted" {
    if ((this.#perUser.get(username) ?? 0) >= this.#caps.sessionsPerUser) return "squatted"
    return this.#byId.size < this.#caps.sessions ? "yes" : "full"
  }

  /**
   * The session this connection carries from now on. `present` says that an earlier one is resumed. The caller has
   * checked the owner and ended the connection that carried it before.
   */
  attach(
    carrier: Carrier,
    id: string,
    username: string,
    clean: boolean,
    expirySeconds: number,
    will: Will | undefined,
    mayRead: (topic: string) => boolean,
  ): { session: Session; present: boolean } {
    this.#settleOverdue(id)
    const kept = this.#byId.get(id)
    if (kept !== undefined && clean) this.end(kept)
    const present = kept !== undefined && !clean
    const session = present ? kept : this.#open(id, username)
    this.#offline.delete(session)
    this.#bereaved.delete(session) // back in time: the will is not sent [MQTT-3.1.3-9]
    session.carryBy(carrier, mayRead)
    session.will = will
    session.willDue = Number.NaN
    this.setExpiry(session, expirySeconds)
    if (present || will !== undefined || session.durable) this.#surroundings.ledger.session(session)
    return { session, present }
  }

  setExpiry(session: Session, expirySeconds: number): void {
    const durable = expirySeconds > 0
    if (durable !== session.durable && session.subscriptions.size > 0) this.#tree.changed()
    session.durable = durable
    session.expirySeconds = expirySeconds
  }

  /** The connection is gone; the session ends or waits `expirySeconds`. `will` is what is still to be sent, if anything. */
  detach(session: Session, carrier: Carrier, expirySeconds: number, will: Will | undefined): void {
    if (!session.isCarriedBy(carrier)) return
    session.putDown()
    const now = this.#surroundings.now()
    session.endsAt = expirySeconds === NEVER ? Number.POSITIVE_INFINITY : now + expirySeconds * 1000
    const forgotten = session.will !== undefined && will === undefined // else a crash would send the will of who has left
    session.will = will
    if (will !== undefined) this.#mourn(session, will, now + will.delay * 1000)
    if (!session.durable && !this.#bereaved.has(session)) return this.end(session)
    this.#offline.add(session)
    this.#surroundings.ledger.session(session, forgotten)
  }

  /** Forgets the session and everything in it; a will that still waits is sent now [MQTT-3.1.2-8]. */
  end(session: Session): void {
    const will = this.#bereaved.has(session) ? session.will : undefined
    this.#bereaved.delete(session)
    this.#offline.delete(session)
    for (const subscription of session.subscriptions.values()) this.#tree.remove(subscription)
    session.finish()
    this.#surroundings.ledger.end(session)
    if (this.#byId.get(session.id) === session) {
      this.#byId.delete(session.id)
      this.#count(session.username, -1)
    }
    if (will !== undefined) this.#publishWill(session, will)
  }

  /**
   * A session found on the disk. Whoever was connected when the gateway ended has lost that connection at the latest
   * now: what follows from that follows from now on.
   */
  restore(
    stored: StoredSession,
    record: SessionRecord,
    subscriptionsOf: (session: Session) => readonly Subscription[],
  ): void {
    const session = this.#open(record.id, record.username, stored.session)
    session.restore(record, stored)
    for (const subscription of subscriptionsOf(session)) this.#restoreSubscription(session, subscription)
    for (const packetId of stored.received) session.incoming.add(packetId)
    const now = this.#surroundings.now()
    const { expirySeconds } = record
    const lasts = expirySeconds === NEVER ? Number.POSITIVE_INFINITY : now + expirySeconds * 1000
    session.endsAt = Number.isNaN(record.endsAt) ? lasts : record.endsAt
    session.will = record.will
    session.willDue = record.willDue
    if (record.will !== undefined && Number.isNaN(record.willDue)) session.willDue = now + record.will.delay * 1000
    if (record.will !== undefined) this.#bereaved.add(session)
    this.#offline.add(session)
  }

  /** From now on clients go because the gateway does: their wills are sent after the next start (3.1.2.5). */
  close(): void {
    this.#closing = true
  }

  subscribe(subscription: Subscription): void {
    const { session, full } = subscription
    session.subscriptions.set(full, subscription)
    session.filterLength += full.length
    this.#tree.add(subscription)
    if (session.durable) this.#surroundings.ledger.subscribe(subscription)
  }

  /** Its options were changed in place. */
  resubscribe(subscription: Subscription): void {
    this.#tree.changed()
    if (subscription.session.durable) this.#surroundings.ledger.subscribe(subscription)
  }

  /** False when there was no such subscription. */
  unsubscribe(session: Session, full: string): boolean {
    const subscription = session.subscriptions.get(full)
    if (subscription === undefined) return false
    session.subscriptions.delete(full)
    session.filterLength -= full.length
    session.cancelReplay(full)
    this.#tree.remove(subscription)
    if (session.durable) this.#surroundings.ledger.unsubscribe(session, full)
    return true
  }

  /** Ends what has expired and sends the wills that are due. The answer is how many sessions ended. */
  sweep(): number {
    const now = this.#surroundings.now()
    for (const session of this.#bereaved) if (session.willDue <= now) this.#sendWill(session)
    let ended = 0
    for (const session of this.#offline) {
      if (session.endsAt > now) continue
      this.end(session)
      ended++
    }
    return ended
  }

  /** What the next sweep would do with this session: whoever comes back a moment too late must not find it. */
  #settleOverdue(id: string): void {
    const session = this.#byId.get(id)
    if (session === undefined || !this.#offline.has(session)) return
    const now = this.#surroundings.now()
    if (this.#bereaved.has(session) && session.willDue <= now) this.#sendWill(session)
    if (session.endsAt <= now) this.end(session)
  }

  /** The will is sent now, or waits. */
  #mourn(session: Session, will: Will, due: number): void {
    if (!this.#closing && (will.delay === 0 || !session.durable)) {
      session.will = undefined
      return this.#publishWill(session, will)
    }
    session.willDue = due
    this.#bereaved.add(session)
  }

  /** In one commit with its traces: after a crash it is sent once. */
  #sendWill(session: Session): void {
    const { will } = session
    this.#bereaved.delete(session)
    session.will = undefined
    this.#surroundings.ledger.session(session)
    if (will !== undefined) this.#publishWill(session, will)
  }

  #restoreSubscription(session: Session, subscription: Subscription): void {
    const { full } = subscription
    session.subscriptions.set(full, subscription)
    session.filterLength += full.length
    this.#tree.add(subscription)
  }

  #open(id: string, username: string, number = ++this.#lastNumber): Session {
    const { queuedMessagesPerSession, queuedBytesPerSession } = this.#caps
    const queue = new Queue(queuedMessagesPerSession, queuedBytesPerSession, this.#budget)
    const session = new Session(id, username, number, queue, this.#surroundings)
    this.#byId.set(id, session)
    this.#count(username, 1)
    return session
  }

  #count(username: string, by: number): void {
    const count = (this.#perUser.get(username) ?? 0) + by
    if (count > 0) this.#perUser.set(username, count)
    else this.#perUser.delete(username)
  }
}
