import { Message } from "../message.ts"
import type { Subscription } from "../routing/subscription.ts"
import type { Delivery } from "../session/delivery.ts"
import type { Outgoing } from "../session/outgoing.ts"
import type { Session } from "../session/session.ts"
import { Batch } from "./batch.ts"
import type { Failure, Outcome } from "./protocol.ts"
import { Receipt } from "./receipt.ts"
import type { Store } from "./store.ts"

/** The least time from the first change to the commit, milliseconds: without it every message would be a commit. */
const FLOOR_MS = 5
/** The same while the disk fails: what its receivers acknowledge in that time does not need it. */
const PATIENT_FLOOR_MS = 250
/** How often the disk is told the broker's time, milliseconds, where there is something to commit. */
const TIME_MS = 60_000
/** The most that what nobody waits for may lag behind, milliseconds. */
const LAG_MS = 1000

/** How the commits went, since the start. */
export interface LedgerCounters {
  storeCommits: number
  storeFailures: number
  /** Messages times sessions that went to the disk. */
  messagesStored: number
  /** The same for those acknowledged by their receiver before the commit was due. */
  messagesSpared: number
}

/**
 * What the disk is owed. Everything that must survive is written down here as it happens, and goes to the disk a commit
 * at a time. One commit is under way at most; what happens meanwhile gathers for the next one.
 */
export class Ledger {
  readonly #store: Pick<Store, "commit">
  readonly #counters: LedgerCounters
  readonly #now: () => number
  readonly #onOutcome: (failure: Failure | undefined) => void
  #next = new Batch()
  /** Retained messages of QoS 0: they may wait, so that a topic's many values are one write. */
  readonly #calm = new Map<string, Message>()
  #underWay: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #lagTimer: NodeJS.Timeout | undefined
  #urgentSince: number | undefined
  #lastMessage: number
  #isFailing = false
  #toldTime = 0

  /** @param lastMessage the highest number of a message on the disk @param now the broker's time, milliseconds */
  constructor(
    store: Pick<Store, "commit">,
    counters: LedgerCounters,
    lastMessage: number,
    now: () => number,
    onOutcome: (failure: Failure | undefined) => void,
  ) {
    this.#store = store
    this.#counters = counters
    this.#lastMessage = lastMessage
    this.#now = now
    this.#onOutcome = onOutcome
  }

  // ---- content: what can be refused

  /** A session is owed a message: on the disk with the next commit, unless it is settled before. */
  owe(item: Outgoing): void {
    item.receipt = receiptOf(item.message)
    item.receipt.open()
    this.#next.owed.push(item)
    this.#hurry()
  }

  /** The newest value of a topic; at QoS 1 and 2 its acknowledgement waits for the disk. */
  retain(message: Message): void {
    const { topic } = message
    const pending = this.#next.retained.get(topic)
    if (message.qos === 0 && pending === undefined) {
      this.#calm.set(topic, message)
      return this.#linger()
    }
    this.#calm.delete(topic)
    const receipts = pending?.receipts ?? []
    this.#next.retained.set(topic, { message, receipts })
    if (message.qos === 0) return
    const receipt = receiptOf(message)
    receipt.open()
    receipts.push(receipt)
    this.#hurry()
  }

  /** The retained message of a topic has expired. */
  unretain({ topic, publisher }: Message): void {
    this.retain(new Message(topic, Buffer.alloc(0), 0, true, publisher))
  }

  /** QoS 2: this packet identifier was received; the message's acknowledgement waits until that is on the disk. */
  receive(session: Session, packetId: number, message: Message): void {
    this.#next.received.push({ session, packetId })
    this.follow(message)
  }

  /** The acknowledgement waits for the next commit, whatever that holds: it follows others that do. */
  follow(message: Message): void {
    const receipt = receiptOf(message)
    receipt.open()
    this.#next.followers.push(receipt)
    this.#hurry()
  }

  // ---- state: what happened whether or not the disk takes it, and is tried again until it does

  /** Something about the session has changed. `soon`: before the gateway could crash, if that can be helped. */
  session(session: Session, soon = false): void {
    this.#next.sessions.add(session)
    if (soon) this.#hurry()
    else this.#linger()
  }

  end(session: Session): void {
    this.#next.sessions.delete(session)
    if (!session.recorded) return
    this.#next.ended.add(session.number)
    this.#hurry()
  }

  subscribe(subscription: Subscription): void {
    this.#next.subscribe(subscription)
    this.#linger()
  }

  unsubscribe(session: Session, full: string): void {
    this.#next.unsubscribe(session, full)
    this.#linger()
  }

  /** The exchange is over, or the message was dropped. */
  settle(item: Outgoing): void {
    if (item.settled) return
    item.settled = true
    if (item.stored === 0) this.#counters.messagesSpared++
    else {
      this.#next.settled.push(item)
      this.#linger()
    }
    const { receipt } = item
    item.receipt = undefined
    receipt?.done()
  }

  /** QoS 2: the receiver has the message. `told` once that is on the disk: only then may PUBREL go out. */
  release(item: Outgoing, told: () => void): void {
    this.#next.released.push(item)
    this.#next.patient.push(told)
    this.#hurry()
  }

  /** QoS 2: the publisher has released this packet identifier. `told` once that is on the disk. */
  released(session: Session, packetId: number, told: () => void): void {
    this.#next.forgotten.push({ session, packetId })
    this.#next.patient.push(told)
    this.#hurry()
  }

  /** Calls back once everything of the state that was written down before is on the disk, or was not taken by it. */
  whenKept(told: (failure: Failure | undefined) => void): void {
    this.#next.told.push(told)
    this.#hurry()
  }

  /** Places in the queue of a session that are settled, though the disk may not know. */
  settledOf(session: Delivery): Set<number> {
    const places = new Set<number>()
    for (const batch of [this.#next, this.#current])
      for (const item of batch?.settled ?? []) if (item.session === session) places.add(item.sequence)
    return places
  }

  /** Writes everything down that is still open; the store may be closed then. */
  async close(): Promise<void> {
    await this.#underWay
    clearTimeout(this.#timer)
    clearTimeout(this.#lagTimer)
    this.#next.time = this.#now()
    await this.#commit(true)
    clearTimeout(this.#timer)
    clearTimeout(this.#lagTimer)
  }

  // ---- the commit

  #current: Batch | undefined

  /** Somebody waits. */
  #hurry(): void {
    this.#urgentSince ??= performance.now()
    if (this.#timer !== undefined || this.#underWay !== undefined) return
    const left = (this.#isFailing ? PATIENT_FLOOR_MS : FLOOR_MS) - (performance.now() - this.#urgentSince)
    this.#timer = setTimeout(() => this.#begin(false), Math.max(0, left))
  }

  /** Nobody waits. */
  #linger(): void {
    this.#lagTimer ??= setTimeout(() => {
      this.#lagTimer = undefined
      if (this.#underWay === undefined) this.#begin(true)
      else this.#underWay.then(() => this.#underWay === undefined && this.#begin(true))
    }, LAG_MS)
  }

  #begin(withCalm: boolean): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#underWay = this.#commit(withCalm).finally(() => {
      this.#underWay = undefined
      this.#current = undefined
      if (this.#urgentSince !== undefined) this.#hurry()
    })
  }

  async #commit(withCalm: boolean): Promise<void> {
    const batch = this.#next
    this.#next = new Batch()
    this.#current = batch
    this.#urgentSince = undefined
    if (withCalm) this.#takeCalm(batch)
    if (this.#now() - this.#toldTime > TIME_MS) batch.time = this.#toldTime = this.#now()
    const { state, content, stored } = batch.write(() => ++this.#lastMessage)
    if (state.length === 0 && content.length === 0) return this.#finish(batch, { state: undefined, content: undefined })
    const outcome = await this.#store.commit(state, content)
    this.#counters.storeCommits++
    const failure = outcome.content ?? outcome.state
    if (failure === undefined) this.#counters.messagesStored += stored
    else this.#counters.storeFailures++
    this.#isFailing = failure !== undefined
    this.#onOutcome(failure)
    this.#finish(batch, outcome)
  }

  #takeCalm(batch: Batch): void {
    for (const [topic, message] of this.#calm) {
      if (!batch.retained.has(topic)) batch.retained.set(topic, { message, receipts: [] })
    }
    this.#calm.clear()
  }

  /** Tells everyone who waited; what may not be lost goes into the next commit where this one failed. */
  #finish(batch: Batch, { state, content }: Outcome): void {
    if (state !== undefined) {
      this.#next.carryOver(batch)
      this.#linger()
    }
    if (content !== undefined) this.#keepRetained(batch)
    batch.tell(state, content)
  }

  /** The newest value of a topic is tried again; who published it has been told. */
  #keepRetained(batch: Batch): void {
    for (const [topic, { message }] of batch.retained) {
      if (!this.#next.retained.has(topic) && !this.#calm.has(topic)) this.#calm.set(topic, message)
    }
    this.#linger()
  }
}

function receiptOf(message: Message): Receipt {
  message.receipt ??= new Receipt()
  return message.receipt
}
