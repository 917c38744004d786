import type { Ledger } from "../durable/ledger.ts"
import type { Message } from "../message.ts"
import type { QoS } from "../wire/packet.ts"
import type { Pages } from "./pages.ts"

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
