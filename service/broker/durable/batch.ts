import type { Message } from "../message.ts"
import type { Subscription } from "../routing/subscription.ts"
import type { Delivery } from "../session/delivery.ts"
import type { Outgoing } from "../session/outgoing.ts"
import type { Session } from "../session/session.ts"
import { writeMessage, writeSession } from "./content.ts"
import { EntryBit, operation } from "./operation.ts"
import type { Failure } from "./protocol.ts"
import type { Receipt } from "./receipt.ts"
import { RecordWriter } from "./record.ts"

interface Received {
  readonly session: Session
  readonly packetId: number
}

/** Everything that one commit is to bring to the disk, and everyone who waits for it. */
export class Batch {
  // content
  readonly owed: Outgoing[] = []
  readonly retained = new Map<string, { readonly message: Message; readonly receipts: Receipt[] }>()
  readonly received: Received[] = []
  readonly followers: Receipt[] = []
  // state
  readonly sessions = new Set<Session>()
  readonly ended = new Set<number>()
  /** By session and filter; undefined: it is no more. */
  readonly #subscriptions = new Map<Session, Map<string, Subscription | undefined>>()
  readonly settled: Outgoing[] = []
  readonly released: Outgoing[] = []
  readonly forgotten: Received[] = []
  /** The broker's time, to be kept with the rest. */
  time: number | undefined
  /** Told how it ended. */
  readonly told: ((failure: Failure | undefined) => void)[] = []
  /** Told only once it is on the disk. */
  readonly patient: (() => void)[] = []

  subscribe(subscription: Subscription): void {
    this.#filtersOf(subscription.session).set(subscription.full, subscription)
  }

  unsubscribe(session: Session, full: string): void {
    this.#filtersOf(session).set(full, undefined)
  }

  /** The operations, and how many messages were stored for how many sessions. */
  write(nextMessage: () => number) {
    const state = new RecordWriter()
    this.#writeState(state)
    const content = new RecordWriter()
    const stored = this.#writeOwed(content, nextMessage)
    for (const { session, packetId } of this.received) {
      // what was released since must not come to lie there behind its release
      if (session.durable && session.incoming.has(packetId)) operation.receive(content, session.number, packetId)
    }
    for (const [topic, { message }] of this.retained) {
      if (message.payload.length === 0) operation.unretain(content, topic)
      else operation.retain(content, topic, (writer) => writeMessage(writer, message))
    }
    if (this.time !== undefined && state.length + content.length > 0) operation.time(state, this.time)
    return { state: state.take(), content: content.take(), stored }
  }

  /** Takes over the state of a commit that failed; what has changed since is newer. */
  carryOver(failed: Batch): void {
    for (const session of failed.sessions) this.sessions.add(session)
    for (const number of failed.ended) this.ended.add(number)
    for (const [session, filters] of failed.#subscriptions) {
      const newer = this.#filtersOf(session)
      for (const [full, subscription] of filters) if (!newer.has(full)) newer.set(full, subscription)
    }
    this.settled.push(...failed.settled)
    this.released.push(...failed.released)
    this.forgotten.push(...failed.forgotten)
    this.patient.unshift(...failed.patient.splice(0))
  }

  /** Tells everyone how the two parts ended. */
  tell(state: Failure | undefined, content: Failure | undefined): void {
    const touched = new Set<Delivery>()
    for (const item of this.owed) {
      item.held = false
      item.kept = content === undefined && item.stored !== 0
      if (item.settled || content === undefined) touched.add(item.session)
      else item.session.refuse(item)
      const { receipt } = item
      item.receipt = undefined
      receipt?.done(content)
    }
    for (const { message, receipts } of this.retained.values()) {
      for (const receipt of receipts) receipt.done(content)
      if (message.receipt?.isOver) message.receipt = undefined // the retained store holds on to the message
    }
    for (const receipt of this.followers) receipt.done(content)
    for (const tell of this.told) tell(state)
    for (const tell of this.patient) tell()
    for (const session of touched) session.committed()
  }

  #writeState(writer: RecordWriter): void {
    for (const number of this.ended) operation.endSession(writer, number)
    for (const session of this.sessions) {
      if (session.ended) continue
      session.recorded = true
      operation.session(writer, session.number, (record) => writeSession(record, session.record))
    }
    for (const [session, filters] of this.#subscriptions) {
      if (session.ended || !session.durable) continue
      for (const [full, subscription] of filters) {
        if (subscription === undefined) operation.unsubscribe(writer, session.number, full)
        else operation.subscribe(writer, session.number, full, optionsOf(subscription))
      }
    }
    for (const item of this.settled) if (!item.session.ended) operation.settle(writer, placeOf(item))
    for (const { session, sequence } of this.released) {
      if (!session.ended) operation.release(writer, session.number, sequence)
    }
    for (const { session, packetId } of this.forgotten) {
      if (!session.ended) operation.released(writer, session.number, packetId)
    }
  }

  /** A message is written once, before the entries of all its sessions, which stand side by side here. */
  #writeOwed(writer: RecordWriter, nextMessage: () => number): number {
    let stored = 0
    for (let from = 0, to = 0; from < this.owed.length; from = to) {
      const message = this.owed[from]?.message
      const owners: Outgoing[] = []
      for (; this.owed[to]?.message === message && to < this.owed.length; to++) {
        const item = this.owed[to] as Outgoing
        if (!item.settled && item.session.durable) owners.push(item)
      }
      if (message === undefined || owners.length === 0) continue
      const number = nextMessage()
      operation.message(writer, number, owners.length, (record) => writeMessage(record, message))
      for (const item of owners) writeEntry(writer, item, number, owners.length > 1)
      stored += owners.length
    }
    return stored
  }

  #filtersOf(session: Session): Map<string, Subscription | undefined> {
    let filters = this.#subscriptions.get(session)
    if (filters === undefined) {
      filters = new Map()
      this.#subscriptions.set(session, filters)
    }
    return filters
  }
}

/** From here on the disk has it, or will refuse it; while its client is connected it may be sent at any time. */
function writeEntry(writer: RecordWriter, item: Outgoing, message: number, shared: boolean): void {
  item.stored = message
  item.marked = item.session.connected
  item.shared = shared
  const bits =
    item.qos |
    (item.retain ? EntryBit.retain : 0) |
    (shared ? EntryBit.shared : 0) |
    (item.marked ? EntryBit.sent : 0) |
    (item.released ? EntryBit.released : 0)
  operation.owe(writer, placeOf(item), bits, item.message.size, item.identifiers)
}

function placeOf({ session, sequence, stored, shared }: Outgoing) {
  return { session: session.number, sequence, message: stored, shared }
}

/** A subscription's options as one number. */
export function optionsOf({ qos, noLocal, retainAsPublished, identifier }: Subscription): number {
  return qos + (noLocal ? 4 : 0) + (retainAsPublished ? 8 : 0) + (identifier ?? 0) * 16
}
