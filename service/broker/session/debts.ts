import type { Surroundings } from "./carrier.ts"
import type { Outgoing } from "./outgoing.ts"
import type { Queue } from "./queue.ts"
import { SentPlaces } from "./sent-places.ts"
import { Window } from "./window.ts"

/** What a session owes its client, in memory and on the disk: kept, dropped, judged and settled here, and sent by `Delivery`. */
export abstract class Debts {
  readonly id: string
  /** The session's name on the disk, never given again. */
  readonly number: number
  readonly window = new Window()
  readonly queue: Queue
  /** Whether the session outlives its connection. */
  durable = false
  /** Nothing is kept for it any more. */
  ended = false
  /** What was sent, as far as the disk knows and as far as we do. */
  readonly sent = new SentPlaces()
  protected readonly surroundings: Surroundings

  constructor(id: string, number: number, queue: Queue, surroundings: Surroundings) {
    this.id = id
    this.number = number
    this.queue = queue
    this.surroundings = surroundings
  }

  /** The session itself has changed: the disk is to know. */
  protected abstract remember(): void

  /** They are lost, and counted. */
  drop(items: readonly Outgoing[]): void {
    for (const item of items) this.settleItem(item)
    this.surroundings.dropped(items.length)
  }

  /** Drops what waits on topics that the user may no longer read; what is under way is judged when it is sent again. */
  forget(isForbidden: (topic: string) => boolean): void {
    this.judge(isForbidden)
    this.surroundings.pages.forbid(this, isForbidden)
  }

  /** As `forget`, of what is in memory. */
  judge(isForbidden: (topic: string) => boolean): void {
    for (const item of this.queue.filter(({ message }) => !isForbidden(message.topic))) this.settleItem(item)
  }

  /** The disk did not take this message and the publisher is told: who has not got it yet does not get it. */
  refuse(item: Outgoing): void {
    item.stored = 0
    if (item.packetId !== 0) return
    item.settled = true
    this.queue.remove(item)
  }

  protected settleItem(item: Outgoing): void {
    if (item.receipt !== undefined || item.stored !== 0) this.surroundings.ledger.settle(item)
    else item.settled = true
  }

  /** What lies on the disk as never sent may go out once the disk knows better; `then` is called when it does. */
  protected markAll(then: () => void): void {
    const mark = this.sent.markTo(this.window.sequence)
    this.remember()
    this.surroundings.ledger.whenKept(() => {
      mark()
      then()
    })
  }

  /** Nothing is owed any more; publishers who waited for it are told. */
  protected clear(): void {
    const open = [...this.window.all(), ...this.queue.inMemory()]
    this.window.clear()
    this.queue.clear()
    for (const item of open) this.settleItem(item)
  }
}
