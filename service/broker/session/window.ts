import type { Outgoing } from "./outgoing.ts"

const MAX_PACKET_ID = 65535

/**
 * QoS 1 and 2 messages under way to a client, by packet identifier, in the order first sent. After a reconnect the
 * unfinished ones wait to be sent again, and count as under way only once they were.
 */
export class Window {
  readonly #unfinished = new Map<number, Outgoing>()
  #resend: Outgoing[] = []
  #next = 1

  /** How many are under way on this connection. */
  get size(): number {
    return this.#unfinished.size - this.#resend.length
  }

  get(packetId: number): Outgoing | undefined {
    return this.#unfinished.get(packetId)
  }

  /** Gives the message the next free packet identifier [MQTT-2.2.1-3] and counts it as under way. */
  add(item: Outgoing): number {
    let id = this.#next
    while (this.#unfinished.has(id)) id = id === MAX_PACKET_ID ? 1 : id + 1
    this.#next = id === MAX_PACKET_ID ? 1 : id + 1
    item.packetId = id
    this.#unfinished.set(id, item)
    return id
  }

  /** The exchange of this packet identifier is over; false when there was none. */
  settle(packetId: number): boolean {
    const item = this.#unfinished.get(packetId)
    if (item === undefined) return false
    this.#unfinished.delete(packetId)
    // a client may acknowledge what it was sent on its last connection before it is sent again on this one
    const at = this.#resend.indexOf(item)
    if (at >= 0) this.#resend.splice(at, 1)
    return true
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
