import type { Random } from "./random.ts"

export type PlaceName = "connect" | "will" | "publish" | "subscribe" | "unsubscribe" | "ack" | "disconnect" | "auth"

/** Properties by identifier (MQTT 5 table 2-4), and how each is written. */
const KINDS: Readonly<Record<number, "byte" | "two" | "four" | "variable" | "text" | "pair">> = {
  1: "byte",
  2: "four",
  3: "text",
  8: "text",
  9: "text",
  11: "variable",
  17: "four",
  18: "text",
  19: "two",
  21: "text",
  22: "text",
  23: "byte",
  24: "four",
  25: "byte",
  26: "text",
  28: "text",
  31: "text",
  33: "two",
  34: "two",
  35: "two",
  36: "byte",
  37: "byte",
  38: "pair",
  39: "four",
  40: "byte",
  41: "byte",
  42: "byte",
}

const ALL = Object.keys(KINDS).map(Number)

/** What a client may send where. */
const LEGAL: Readonly<Record<PlaceName, readonly number[]>> = {
  connect: [17, 33, 39, 34, 25, 23, 38],
  will: [24, 1, 2, 3, 8, 9, 38],
  publish: [1, 2, 35, 8, 9, 38, 3],
  subscribe: [11, 38],
  unsubscribe: [38],
  ack: [31, 38],
  disconnect: [17, 31, 38],
  auth: [21, 22, 31, 38],
}

const NUMBERS = [0, 1, 2, 16, 17, 127, 128, 255, 256, 65535, 65536, 0x7fffffff, 0xffffffff]
const TEXTS = ["", "a", "é", "__proto__", "a\u0000b", "#", "x/y", "x".repeat(1000)]

export function uint16(value: number): Buffer {
  return Buffer.from([(value >> 8) & 255, value & 255])
}

/** A text or binary with its length before it. */
export function text16(text: string | Buffer): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([uint16(bytes.length), bytes])
}

/** A variable byte integer (1.5.5). */
export function varint(value: number): Buffer {
  const bytes: number[] = []
  let left = value
  do {
    const digit = left % 128
    left = Math.floor(left / 128)
    bytes.push(left > 0 ? digit | 128 : digit)
  } while (left > 0)
  return Buffer.from(bytes)
}

/** A control packet whose outer length is right. */
export function rawPacket(first: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([first]), varint(body.length), body])
}

/** A property block: mostly what may stand there, sometimes what may not, doubled, in any order; its length may lie. */
export function anyProperties(random: Random, place: PlaceName): Buffer {
  const foreign = random.chance(0.1)
  const ids = random.some(foreign ? ALL : LEGAL[place], 5)
  const chosen = random.chance(0.8) ? [...new Set(ids)] : ids
  const body = Buffer.concat(chosen.map((id) => property(random, id)))
  const length = random.chance(0.05) ? Math.max(0, body.length + random.between(-3, 3)) : body.length
  return Buffer.concat([varint(length), body])
}

function property(random: Random, id: number): Buffer {
  return Buffer.concat([Buffer.from([random.chance(0.01) ? random.int(256) : id]), value(random, id)])
}

function value(random: Random, id: number): Buffer {
  const number = random.chance(0.5) ? random.between(1, 20) : random.pick(NUMBERS)
  switch (KINDS[id]) {
    case "byte":
      return Buffer.from([random.chance(0.8) ? random.int(2) : random.int(256)])
    case "two":
      return uint16(number)
    case "four": {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(number)
      return bytes
    }
    case "variable":
      return varint(Math.min(number, 268_435_455))
    case "pair":
      return Buffer.concat([text16(random.pick(TEXTS)), text16(random.pick(TEXTS))])
    default:
      return random.chance(0.05) ? text16(random.bytes(8)) : text16(random.pick(TEXTS))
  }
}
