import type { Writable } from "node:stream"
import type { Counters } from "../counters.ts"
import type { Message } from "../message.ts"
import type { SteadyClock } from "../steady-clock.ts"
import { acknowledgeFrame, type Frame, publishFrame, sharedPublishFrame } from "../wire/encode.ts"
import type { QoS } from "../wire/packet.ts"
import type { OutgoingAliases } from "./aliases.ts"
import { Outbox } from "./outbox.ts"

/** What goes out to one client: packets become frames of its protocol version, within the size it takes. */
export class Sender {
  readonly #outbox: Outbox
  readonly #clock: SteadyClock
  readonly #counters: Counters
  version5 = false
  /** Bytes the client takes at most in one packet; Infinity: no limit. */
  maximumPacketSize = Number.POSITIVE_INFINITY
  aliases: OutgoingAliases | undefined

  constructor(stream: Writable, plainSocket: boolean, clock: SteadyClock, counters: Counters) {
    this.#outbox = new Outbox(stream, plainSocket)
    this.#clock = clock
    this.#counters = counters
  }

  /** Bytes on their way: gathered, and in the socket. */
  get backlog(): number {
    return this.#outbox.backlog
  }

  send(frame: Buffer): void {
    if (frame.length <= this.maximumPacketSize) this.#outbox.push(frame, 0, 0)
  }

  acknowledge(type: 4 | 5 | 6 | 7, packetId: number, reason: number): void {
    this.#outbox.push(acknowledgeFrame(type, reason, this.version5), 2, packetId)
  }

  /** False: larger than the client takes, or expired before it was first sent; it counts as done [MQTT-3.1.2-25]. */
  publish(
    message: Message,
    qos: QoS,
    retain: boolean,
    identifiers: readonly number[] | undefined,
    packetId: number,
    dup: boolean,
  ): boolean {
    const now = message.expiresAt === undefined ? 0 : this.#clock.now()
    if (!dup && message.isExpired(now)) return false // not once it was sent [MQTT-4.3.3-7]
    const frame = this.#frameOf(message, qos, retain, identifiers, now)
    if (frame.bytes.length > this.maximumPacketSize) return false
    this.#outbox.push(dup ? repeated(frame.bytes) : frame.bytes, frame.packetIdAt, packetId)
    this.#counters.messagesOut++
    return true
  }

  flush(): void {
    this.#outbox.flush()
  }

  #frameOf(
    message: Message,
    qos: QoS,
    retain: boolean,
    identifiers: readonly number[] | undefined,
    now: number,
  ): Frame {
    if (this.aliases !== undefined) return this.#aliased(this.aliases, message, qos, retain, identifiers, now)
    return this.version5 && identifiers !== undefined
      ? publishFrame(message, true, qos, retain, now, identifiers, 0, true)
      : sharedPublishFrame(message, message.slot, this.version5, qos, retain, now)
  }

  #aliased(
    aliases: OutgoingAliases,
    message: Message,
    qos: QoS,
    retain: boolean,
    identifiers: readonly number[] | undefined,
    now: number,
  ): Frame {
    const known = aliases.known(message.topic)
    const alias = known === 0 ? aliases.free() : known
    const frame = publishFrame(message, true, qos, retain, now, identifiers, alias, known === 0)
    if (known !== 0 || alias === 0) return frame
    // setting an alias must not be what makes the packet too large for this client
    if (frame.bytes.length > this.maximumPacketSize) {
      return publishFrame(message, true, qos, retain, now, identifiers, 0, true)
    }
    aliases.set(message.topic, alias)
    return frame
  }
}

/** The frame is shared by all receivers; only this one gets it a second time, with DUP [MQTT-3.3.1-1]. */
function repeated(frame: Buffer): Buffer {
  const bytes = Buffer.from(frame)
  bytes[0] = (bytes[0] ?? 0) | 8
  return bytes
}
