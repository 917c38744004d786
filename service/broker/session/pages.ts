import { readMessage } from "../durable/content.ts"
import type { Ledger } from "../durable/ledger.ts"
import { EntryBit } from "../durable/operation.ts"
import type { StoredEntry } from "../durable/reading.ts"
import type { Store } from "../durable/store.ts"
import type { QoS } from "../wire/packet.ts"
import type { Debts } from "./debts.ts"
import type { Delivery } from "./delivery.ts"
import { Outgoing } from "./outgoing.ts"
import { PAGE } from "./queue.ts"

type Forbidden = (topic: string) => boolean

/** Moves the queues of sessions out of memory and back: who is not connected needs none. */
export class Pages {
  readonly #store: Pick<Store, "page">
  readonly #ledger: Pick<Ledger, "settledOf">
  readonly #reading = new Map<Delivery, object>()
  /** Judgements on topics that came while the messages were away. */
  readonly #forbidden = new WeakMap<Debts, Forbidden[]>()

  constructor(store: Pick<Store, "page">, ledger: Pick<Ledger, "settledOf">) {
    this.#store = store
    this.#ledger = ledger
  }

  /** Forgets what a session is owed, once nobody is connected and all of it is on the disk. */
  sleep(session: Delivery): void {
    const { window, queue } = session
    if (session.connected || session.ended || !session.durable) return
    const unfinished = window.all()
    if (unfinished.length === 0 && queue.away.count === queue.length) return
    if (!unfinished.every(isKept) || !queue.inMemory().every(isKept)) return
    this.#reading.delete(session)
    window.clear()
    queue.sleep(unfinished)
  }

  /** Reads on where the session's queue in memory ends; the session drains when that is done. */
  read(session: Delivery): void {
    if (this.#reading.has(session) || session.ended) return
    const token = {}
    this.#reading.set(session, token)
    const { count, after } = session.queue.away
    const settled = this.#ledger.settledOf(session)
    const limit = Math.min(PAGE, count) + settled.size
    this.#store.page(session.number, after, limit).then((entries) => {
      if (this.#reading.get(session) !== token) return // it fell asleep, or ended, meanwhile
      this.#reading.delete(session)
      if (!session.ended) this.#take(session, entries, settled, entries.length < limit)
    })
  }

  /** What is away is judged when it comes back. */
  forbid(session: Debts, isForbidden: Forbidden): void {
    if (session.queue.away.count === 0) this.#forbidden.delete(session)
    else this.#forbidden.set(session, [...(this.#forbidden.get(session) ?? []), isForbidden].slice(-MOST_JUDGEMENTS))
  }

  #take(session: Delivery, entries: readonly StoredEntry[], settled: ReadonlySet<number>, isEnd: boolean): void {
    const { queue } = session
    const alive = entries.filter(({ sequence }) => !settled.has(sequence))
    const items = alive.map((entry) => itemOf(session, entry)).filter((item) => item !== undefined)
    const after = entries.at(-1)?.sequence ?? queue.away.after
    queue.take(items, isEnd ? queue.away.count : alive.length, after)
    const judgements = this.#forbidden.get(session)
    if (judgements !== undefined) {
      for (const isForbidden of judgements) session.judge(isForbidden)
      if (queue.away.count === 0) this.#forbidden.delete(session)
    }
    session.drop(queue.trim())
    session.drain()
  }
}

/** Changes of a user's rights that are remembered for one sleeping session. */
const MOST_JUDGEMENTS = 8

/** The disk knows as much of it as memory does. */
function isKept(item: Outgoing): boolean {
  return item.kept && !item.held && !item.releasing
}

function itemOf(session: Delivery, entry: StoredEntry): Outgoing | undefined {
  if (entry.record === undefined) return undefined
  const message = readMessage(entry.record)
  const { bits, sequence } = entry
  const item = new Outgoing(session, message, (bits & 3) as QoS, (bits & EntryBit.retain) !== 0, entry.identifiers)
  item.sequence = sequence
  item.stored = entry.message
  item.kept = true
  item.shared = (bits & EntryBit.shared) !== 0
  item.released = (bits & EntryBit.released) !== 0
  item.marked = (bits & EntryBit.sent) !== 0
  item.sent = session.sent.includes(item)
  return item
}
