import type { SessionRecord } from "../durable/content.ts"
import type { Subscription } from "../routing/subscription.ts"
import type { Will } from "../wire/packet.ts"
import type { Surroundings } from "./carrier.ts"
import { Delivery } from "./delivery.ts"
import type { Queue } from "./queue.ts"
import { Succession } from "./succession.ts"

/** Places passed over after a restart. */
const SPARE_PLACES = 1000

/** What outlives a connection (MQTT 5 section 4.1): subscriptions, what is owed to the client, what it owes us. */
export class Session extends Delivery {
  /** The user it belongs to; nobody else can resume it. */
  readonly username: string
  readonly subscriptions = new Map<string, Subscription>()
  /** Characters of all its filters. */
  filterLength = 0
  /** Packet identifiers of QoS 2 messages received and not yet released. */
  readonly incoming = new Set<number>()
  readonly succession = new Succession()
  /** The disk knows it, or will. */
  recorded = false
  /** Seconds it outlives its connection. */
  expirySeconds = 0
  /** When it ends, milliseconds since the epoch; Infinity: never. Meaningful only while nobody is connected. */
  endsAt = Number.POSITIVE_INFINITY
  will: Will | undefined
  /** When the will is due, milliseconds since the epoch; NaN: once the connection is lost. */
  willDue = Number.NaN

  constructor(id: string, username: string, number: number, queue: Queue, surroundings: Surroundings) {
    super(id, number, queue, surroundings)
    this.username = username
  }

  /** What the disk is to know of it. */
  get record(): SessionRecord {
    const { id, username, expirySeconds, will, willDue } = this
    const endsAt = this.connected ? Number.NaN : this.endsAt
    return { id, username, expirySeconds, endsAt, sentTo: this.sent.marked, will, willDue }
  }

  /** The session is over: whatever still holds it holds nothing more, and nothing more is kept for it. */
  finish(): void {
    this.ended = true
    this.durable = false
    this.putDown()
    this.subscriptions.clear()
    this.filterLength = 0
    this.incoming.clear()
    this.clear()
  }

  /** It was found on the disk, with what it is owed there. */
  restore(record: SessionRecord, queue: { count: number; bytes: number; last: number }): void {
    this.recorded = true
    this.expirySeconds = record.expirySeconds
    this.durable = record.expirySeconds > 0
    this.sent.restore(queue.last, record.sentTo)
    this.queue.restore(queue.count, queue.bytes)
    // what was under way but never on the disk has used packet identifiers that a client may still acknowledge
    this.window.restore(queue.last + SPARE_PLACES)
  }

  protected override remember(): void {
    this.surroundings.ledger.session(this)
  }
}
