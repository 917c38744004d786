import type { Subscription } from "../routing/subscription.ts"
import type { SubscriptionTree } from "../routing/subscription-tree.ts"
import type { Will } from "../wire/packet.ts"
import { Queue, type QueueBudget } from "./queue.ts"
import { type Carrier, Session, type Surroundings } from "./session.ts"

/** Session Expiry Interval that means: never. */
export const NEVER = 0xffffffff

export interface SessionCaps {
  readonly sessions: number
  readonly sessionsPerUser: number
  readonly queuedMessagesPerSession: number
  readonly queuedBytesPerSession: number
  readonly queuedBytesTotal: number
}

/** A will that waits for its delay, or for the end of its session, whichever is first [MQTT-3.1.3-9]. */
interface WaitingWill {
  readonly session: Session
  readonly will: Will
  /** Milliseconds since the epoch. */
  readonly due: number
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
  readonly #wills = new Map<Session, WaitingWill>()

  constructor(
    tree: SubscriptionTree,
    caps: SessionCaps,
    surroundings: Surroundings,
    publishWill: (session: Session, will: Will) => void,
  ) {
    this.#tree = tree
    this.#caps = caps
    this.#surroundings = surroundings
    this.#publishWill = publishWill
    this.#budget = { bytes: 0, limit: caps.queuedBytesTotal }
  }

  get count(): number {
    return this.#byId.size
  }

  get queuedBytes(): number {
    return this.#budget.bytes
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
    mayRead: (topic: string) => boolean,
  ): { session: Session; present: boolean } {
    const kept = this.#byId.get(id)
    if (kept !== undefined && clean) this.end(kept)
    const present = kept !== undefined && !clean
    const session = present ? kept : this.#open(id, username)
    this.#offline.delete(session)
    this.#wills.delete(session) // back in time: the will is not sent [MQTT-3.1.3-9]
    session.carryBy(carrier, mayRead)
    this.setExpiry(session, expirySeconds)
    return { session, present }
  }

  setExpiry(session: Session, expirySeconds: number): void {
    const durable = expirySeconds > 0
    if (durable !== session.durable && session.subscriptions.size > 0) this.#tree.changed()
    session.durable = durable
  }

  /** The connection is gone; the session ends or waits `expirySeconds`. `will` is what is still to be sent, if anything. */
  detach(session: Session, carrier: Carrier, expirySeconds: number, will: Will | undefined): void {
    if (!session.isCarriedBy(carrier)) return
    session.putDown()
    const now = this.#surroundings.now()
    if (will !== undefined) {
      if (will.delay === 0 || !session.durable) this.#publishWill(session, will)
      else this.#wills.set(session, { session, will, due: now + will.delay * 1000 })
    }
    if (!session.durable) return this.end(session)
    session.endsAt = expirySeconds === NEVER ? Number.POSITIVE_INFINITY : now + expirySeconds * 1000
    this.#offline.add(session)
  }

  /** Forgets the session and everything in it; a will that still waits is sent now [MQTT-3.1.2-8]. */
  end(session: Session): void {
    const waiting = this.#wills.get(session)
    this.#wills.delete(session)
    this.#offline.delete(session)
    for (const subscription of session.subscriptions.values()) this.#tree.remove(subscription)
    session.finish()
    if (this.#byId.get(session.id) === session) {
      this.#byId.delete(session.id)
      this.#count(session.username, -1)
    }
    if (waiting !== undefined) this.#publishWill(session, waiting.will)
  }

  subscribe(subscription: Subscription): void {
    const { session, full } = subscription
    session.subscriptions.set(full, subscription)
    session.filterLength += full.length
    this.#tree.add(subscription)
  }

  /** False when there was no such subscription. */
  unsubscribe(session: Session, full: string): boolean {
    const subscription = session.subscriptions.get(full)
    if (subscription === undefined) return false
    session.subscriptions.delete(full)
    session.filterLength -= full.length
    session.cancelReplay(full)
    this.#tree.remove(subscription)
    return true
  }

  /** Ends what has expired and sends the wills that are due. The answer is how many sessions ended. */
  sweep(): number {
    const now = this.#surroundings.now()
    for (const { session, will, due } of this.#wills.values()) {
      if (due > now) continue
      this.#wills.delete(session)
      this.#publishWill(session, will)
    }
    let ended = 0
    for (const session of this.#offline) {
      if (session.endsAt > now) continue
      this.end(session)
      ended++
    }
    return ended
  }

  #open(id: string, username: string): Session {
    const { queuedMessagesPerSession, queuedBytesPerSession } = this.#caps
    const queue = new Queue(queuedMessagesPerSession, queuedBytesPerSession, this.#budget)
    const session = new Session(id, username, queue, this.#surroundings)
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
