import type { Random } from "./random.ts"
import { varint } from "./raw.ts"

type Mutation = (bytes: Buffer, random: Random) => Buffer

const TELLING = [0, 1, 2, 0x7f, 0x80, 0xc0, 0xd8, 0xed, 0xfe, 0xff]

const MUTATIONS: readonly Mutation[] = [
  (bytes, random) => changed(bytes, random, (byte) => byte ^ (1 << random.int(8))),
  (bytes, random) => changed(bytes, random, () => random.pick(TELLING)),
  (bytes, random) => spliced(bytes, random.int(bytes.length + 1), 0, random.bytes(random.between(1, 8))),
  (bytes, random) => spliced(bytes, random.int(bytes.length), random.between(1, 8), Buffer.alloc(0)),
  (bytes, random) => bytes.subarray(0, random.int(bytes.length)),
  doubled,
  swapped,
  lengthField,
  outerLength,
  (bytes, random) => Buffer.concat([bytes.subarray(0, 1), longerVarint(bytes, random), bytes.subarray(1)]),
  (bytes, random) => Buffer.concat(Array.from({ length: random.between(2, 20) }, () => bytes)),
  (bytes, random) => {
    const other = Buffer.from(bytes)
    if (other.length > 0) other[0] = random.int(256)
    return other
  },
]

/** One packet, damaged one to three times. Half of the time its outer length is made right again, so that the damage is read. */
export function mutated(packet: Buffer, random: Random): Buffer {
  let bytes = packet
  for (let left = random.between(1, 3); left > 0 && bytes.length > 0; left--)
    bytes = random.pick(MUTATIONS)(bytes, random)
  return random.chance(0.5) ? relengthened(bytes) : bytes
}

/** The head of one packet with the tail of another. */
export function grafted(first: Buffer, second: Buffer, random: Random): Buffer {
  return Buffer.concat([
    first.subarray(0, random.int(first.length + 1)),
    second.subarray(random.int(second.length + 1)),
  ])
}

/** The outer length says what follows. */
export function relengthened(bytes: Buffer): Buffer {
  if (bytes.length < 2) return bytes
  const body = bytes.subarray(bodyAt(bytes))
  return Buffer.concat([bytes.subarray(0, 1), varint(body.length), body])
}

function bodyAt(bytes: Buffer): number {
  let at = 1
  while (at < Math.min(4, bytes.length - 1) && ((bytes[at] as number) & 128) !== 0) at++
  return Math.min(at + 1, bytes.length)
}

function changed(bytes: Buffer, random: Random, change: (byte: number) => number): Buffer {
  const copy = Buffer.from(bytes)
  for (let left = random.between(1, 4); left > 0; left--) {
    const at = random.int(copy.length)
    copy[at] = change(copy[at] as number)
  }
  return copy
}

function spliced(bytes: Buffer, at: number, gone: number, put: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + gone)])
}

/** A piece twice: a property, a filter, a user name. */
function doubled(bytes: Buffer, random: Random): Buffer {
  const from = random.int(bytes.length)
  const to = Math.min(bytes.length, from + random.between(1, 16))
  return spliced(bytes, to, 0, bytes.subarray(from, to))
}

/** Two neighbouring pieces change places. */
function swapped(bytes: Buffer, random: Random): Buffer {
  const [a, b, c] = [random.int(bytes.length), random.int(bytes.length), random.int(bytes.length)].sort((x, y) => x - y)
  const parts = [bytes.subarray(0, a), bytes.subarray(b, c), bytes.subarray(a, b), bytes.subarray(c)]
  return Buffer.concat(parts)
}

/** Two bytes somewhere become a length that lies a little, or grossly. */
function lengthField(bytes: Buffer, random: Random): Buffer {
  if (bytes.length < 2) return bytes
  const copy = Buffer.from(bytes)
  const at = random.int(bytes.length - 1)
  const said = copy.readUInt16BE(at)
  copy.writeUInt16BE(random.chance(0.7) ? (said + random.between(-4, 4)) & 0xffff : random.int(65536), at)
  return copy
}

function outerLength(bytes: Buffer, random: Random): Buffer {
  const body = bytes.subarray(bodyAt(bytes))
  const lie = random.pick([body.length + 1, body.length + 1000, 0, 268_435_455, 16_384, Math.max(0, body.length - 1)])
  return Buffer.concat([bytes.subarray(0, 1), varint(lie), body])
}

/** Continuation bytes that a variable byte integer must not have. */
function longerVarint(_bytes: Buffer, random: Random): Buffer {
  return Buffer.alloc(random.between(1, 4), 0x80)
}
