import type { Outgoing } from "./outgoing.ts"

const PACKET_IDS = 65535

/**
 * QoS 1 and 2 messages under way to a client, by packet identifier, in the order first sent. After a reconnect the
 * unfinished ones wait to be sent again, and count as under way only once they were. A message's place says which
 * packet identifier it has: after a crash it has the same one, without a write for it.
 */
export class Window {
  readonly #unfinished = new Map<number, Outgoing>()
  #resend: Outgoing[] = []
  #sequence = 0

  /** How many are under way on this connection. */
  get size(): number {
    return this.#unfinished.size - this.#resend.length
  }

  /** The last place given. */
  get sequence(): number {
    return this.#sequence
  }

  /** Places up to this one were given before the start. */
  restore(sequence: number): void {
    this.#sequence = sequence
  }

  get(packetId: number): Outgoing | undefined {
    return this.#unfinished.get(packetId)
  }

  all(): Outgoing[] {
    return [...this.#unfinished.values()]
  }

  /** The message gets the next place. */
  number(item: Outgoing): void {
    item.sequence = ++this.#sequence
  }

  /** The packet identifier of this message is not in use [MQTT-2.2.1-3]. */
  hasPlaceFor(item: Outgoing): boolean {
    return item.sequence === 0 || !this.#unfinished.has(packetIdOf(item.sequence))
  }

  /** Counts the message as under way; one without a place gets the next whose packet identifier is free. */
  add(item: Outgoing): number {
    while (item.sequence === 0 || this.#unfinished.has(packetIdOf(item.sequence))) this.number(item)
    item.packetId = packetIdOf(item.sequence)
    this.#unfinished.set(item.packetId, item)
    return item.packetId
  }

  /** The exchange of this packet identifier is over; undefined when there was none. */
  settle(packetId: number): Outgoing | undefined {
    const item = this.#unfinished.get(packetId)
    if (item === undefined) return undefined
    this.#unfinished.delete(packetId)
    // a client may acknowledge what it was sent on its last connection before it is sent again on this one
    const at = this.#resend.indexOf(item)
    if (at >= 0) this.#resend.splice(at, 1)
    return item
  }

  /** Nobody will acknowledge anything soon. */
  keep(): void {
    for (const { message } of this.#unfinished.values()) message.keep()
  }

  clear(): void {
    this.#unfinished.clear()
    this.#resend = []
  }

  /** A new connection carries the session: everything unfinished is to be sent again, in order [MQTT-4.4.0-1]. */
  restart(): void {
    this.#resend = [...this.#unfinished.values()]
  }

  /** The next to be sent again; undefined when all were. */
  nextToResend(): Outgoing | undefined {
    return this.#resend.shift()
  }

  get hasResend(): boolean {
    return this.#resend.length > 0
  }
}

/** From 1 to 65,535, round and round. */
export function packetIdOf(sequence: number): number {
  return ((sequence - 1) % PACKET_IDS) + 1
}
