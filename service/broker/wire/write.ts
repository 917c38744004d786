/** How the encoders put the data types of the standard (1.5) into a buffer. Each function returns where the next byte goes. */

/** Buffer's own writing method: `write()` without its argument checks. */
interface Writer {
  utf8Write(text: string, at: number, size: number): number
}

/** The largest remaining length (2.1.4). */
const LARGEST = 268_435_455
const LONGEST_TEXT = 65535

/** Bytes the variable byte integer takes. @throws RangeError above 268,435,455 */
export function variableSize(value: number): number {
  if (value < 128) return 1
  if (value < 16384) return 2
  if (value < 2_097_152) return 3
  if (value <= LARGEST) return 4
  throw new RangeError(`${value} is more than an MQTT packet can hold`)
}

export function writeVariable(bytes: Buffer, at: number, value: number): number {
  let next = at
  let rest = value
  while (rest > 127) {
    bytes[next++] = (rest & 127) | 128
    rest >>>= 7
  }
  bytes[next++] = rest
  return next
}

export function writeUint16(bytes: Buffer, at: number, value: number): number {
  bytes[at] = value >> 8
  bytes[at + 1] = value & 0xff
  return at + 2
}

export function writeUint32(bytes: Buffer, at: number, value: number): number {
  bytes[at] = value >>> 24
  bytes[at + 1] = (value >>> 16) & 0xff
  bytes[at + 2] = (value >>> 8) & 0xff
  bytes[at + 3] = value & 0xff
  return at + 4
}

/** Bytes of the text itself. @throws RangeError above 65,535, which no MQTT string can hold (1.5.4) */
export function textSize(text: string): number {
  const size = Buffer.byteLength(text)
  if (size > LONGEST_TEXT) throw new RangeError("a text is over 65,535 bytes")
  return size
}

/** `size` is what `textSize` says. */
export function writeText(bytes: Buffer, at: number, text: string, size: number): number {
  const from = writeUint16(bytes, at, size)
  ;(bytes as unknown as Writer).utf8Write(text, from, size)
  return from + size
}

export function writeBytes(bytes: Buffer, at: number, source: Buffer): number {
  bytes.set(source, at)
  return at + source.length
}

/** A buffer for a packet of that remaining length, its fixed header written; the body begins at `bodyAt(length)`. */
export function packetBuffer(first: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(bodyAt(length) + length)
  bytes[0] = first
  writeVariable(bytes, 1, length)
  return bytes
}

export function bodyAt(length: number): number {
  return 1 + variableSize(length)
}
