import { latin1Text, textOf } from "./read.ts"
import { malformed } from "./reason.ts"

const SLOTS = 8
const LONGEST = 64
const NONE = new Uint8Array(0)

/**
 * The topic names one client published to last. Devices repeat theirs: equal bytes give the same string again, already
 * checked, in half the time of making one, and with its hash known to the maps it is looked up in next. Takes 512 bytes
 * from the first PUBLISH on; names over 64 bytes or beyond ASCII are made anew each time.
 */
export class TopicCache {
  #bytes: Uint8Array = NONE
  readonly #sizes = new Uint8Array(SLOTS)
  readonly #names: string[] = []

  /**
   * The topic name in bytes `from` to `to` (exclusive); empty where a topic alias stands in.
   * @throws ProtocolError malformedPacket; 0x90 is for names that are "correctly formed, but not accepted" (table 3-10)
   */
  read(buffer: Buffer, from: number, to: number): string {
    const size = to - from
    if (size === 0 || size > LONGEST) return topicName(buffer, from, to)
    const slot = (size + buffer[to - 1]! + buffer[from + (size >> 1)]!) & (SLOTS - 1)
    if (this.#sizes[slot] === size && this.#matches(slot * LONGEST, size, buffer, from)) return this.#names[slot]!
    return this.#fill(slot, size, buffer, from)
  }

  #matches(at: number, size: number, buffer: Buffer, from: number): boolean {
    const bytes = this.#bytes
    for (let i = 0; i < size; i++) if (bytes[at + i] !== buffer[from + i]) return false
    return true
  }

  #fill(slot: number, size: number, buffer: Buffer, from: number): string {
    if (this.#bytes === NONE) this.#bytes = new Uint8Array(SLOTS * LONGEST)
    const bytes = this.#bytes
    const at = slot * LONGEST
    this.#sizes[slot] = 0
    for (let i = 0; i < size; i++) {
      const byte = buffer[from + i]!
      if (isUnusual(byte)) return topicName(buffer, from, from + size)
      bytes[at + i] = byte
    }
    this.#sizes[slot] = size
    const name = latin1Text(buffer, from, from + size)
    this.#names[slot] = name
    return name
  }
}

function topicName(buffer: Buffer, from: number, to: number): string {
  for (let at = from; at < to; at++) {
    // No byte of a longer UTF-8 sequence looks like a wildcard.
    if (isWildcard(buffer[at]!)) malformed("a wildcard in a topic name [MQTT-3.3.2-2]")
  }
  return textOf(buffer, from, to, true)
}

function isUnusual(byte: number): boolean {
  return byte < 0x20 || byte > 0x7e || isWildcard(byte)
}

function isWildcard(byte: number): boolean {
  return byte === 0x23 || byte === 0x2b
}
