import { isUtf8 } from "node:buffer"
import { malformed } from "./reason.ts"

/** Buffer's own slicing methods: `toString()` without its argument checks, a third faster on topic names. */
interface Slicer {
  latin1Slice(from: number, to: number): string
  utf8Slice(from: number, to: number): string
}

/** Control characters and non-characters, which a receiver MAY refuse (1.5.4, 3.1.1: 1.5.3); U+0000 it must. */
const UNFIT = /[\p{Cc}\p{Noncharacter_Code_Point}]/u

/** The text of bytes known to be ASCII. */
export function latin1Text(buffer: Buffer, from: number, to: number): string {
  return (buffer as unknown as Slicer).latin1Slice(from, to)
}

function utf8Text(buffer: Buffer, from: number, to: number): string {
  return (buffer as unknown as Slicer).utf8Slice(from, to)
}

/** True when the bytes are printable ASCII only, so that nothing about them needs checking. */
function isPlain(buffer: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = buffer[at]!
    if (byte < 0x20 || byte > 0x7e) return false
  }
  return true
}

/** Ill-formed UTF-8, surrogates and U+0000 are malformed everywhere [MQTT-1.5.4-1, -2]; `strict` adds the unfit ones. */
function checkText(buffer: Buffer, from: number, to: number, strict: boolean): void {
  const bytes = buffer.subarray(from, to)
  if (!isUtf8(bytes)) malformed("a string is not well-formed UTF-8")
  if (bytes.includes(0)) malformed("a string holds U+0000")
  if (strict && UNFIT.test(utf8Text(buffer, from, to))) {
    malformed("a name holds a control character or a non-character")
  }
}

/**
 * The text in bytes `from` to `to` (exclusive), which must lie within `buffer`. A byte order mark is kept [MQTT-1.5.4-3].
 * `strict` is for names (topic names and filters, client identifiers, user names), which end up in logs and paths.
 * @throws ProtocolError malformedPacket
 */
export function textOf(buffer: Buffer, from: number, to: number, strict: boolean): string {
  if (isPlain(buffer, from, to)) return latin1Text(buffer, from, to)
  checkText(buffer, from, to, strict)
  return utf8Text(buffer, from, to)
}

/** A cursor over a part of one packet; a field that reaches beyond the part's end is malformed (4.13). */
export class Reader {
  readonly buffer: Buffer
  position: number
  readonly end: number

  constructor(buffer: Buffer, from: number, to: number) {
    this.buffer = buffer
    this.position = from
    this.end = to
  }

  get atEnd(): boolean {
    return this.position >= this.end
  }

  /** Nothing may follow: excess bytes are malformed. */
  finish(): void {
    if (this.position < this.end) malformed("a packet has excess bytes")
  }

  /** Moves over `size` bytes and returns where they begin. */
  skip(size: number): number {
    const from = this.position
    if (from + size > this.end) malformed("a field is cut short")
    this.position = from + size
    return from
  }

  byte(): number {
    return this.buffer[this.skip(1)]!
  }

  uint16(): number {
    const at = this.skip(2)
    return (this.buffer[at]! << 8) | this.buffer[at + 1]!
  }

  uint32(): number {
    const at = this.skip(4)
    const { buffer } = this
    return buffer[at]! * 0x1000000 + ((buffer[at + 1]! << 16) | (buffer[at + 2]! << 8) | buffer[at + 3]!)
  }

  /** At most four bytes, and no more than the value needs [MQTT-1.5.5-1]. */
  variableByteInteger(): number {
    let value = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte()
      value |= (byte & 0x7f) << shift
      if (byte > 0x7f) continue
      if (byte === 0 && shift > 0) malformed("a variable byte integer is longer than it needs to be")
      return value
    }
    return malformed("a variable byte integer is over four bytes")
  }

  /** A view, valid as long as the buffer. */
  binary(): Buffer {
    const size = this.uint16()
    const from = this.skip(size)
    return this.buffer.subarray(from, from + size)
  }

  /** A string in which control characters are allowed. */
  text(): string {
    const size = this.uint16()
    const from = this.skip(size)
    return textOf(this.buffer, from, from + size, false)
  }

  /** A string that names something: control characters and non-characters are refused. */
  name(): string {
    const size = this.uint16()
    const from = this.skip(size)
    return textOf(this.buffer, from, from + size, true)
  }

  /** Checks a string that is only passed on, without making it. */
  skipText(strict: boolean): void {
    const size = this.uint16()
    const from = this.skip(size)
    if (!isPlain(this.buffer, from, from + size)) checkText(this.buffer, from, from + size, strict)
  }
}
