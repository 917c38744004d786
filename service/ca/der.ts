import asn1 from "node-forge/lib/asn1.js"

/**
 * DER (X.690): the only file that knows node-forge, and of it only the codec. What is read is known to be canonical:
 * encoded again, it gives the very bytes it came from. So a part can be cut out with `encode` and no byte of a document
 * goes unseen.
 */
export type Der = asn1.Asn1

/** Thrown by everything here that reads. It never leaves `ca/`: a refusal is a value. */
export class MalformedDer extends Error {}

/** Identifier octets: class, constructed bit and number in one. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  nul: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8: 0x0c,
  printable: 0x13,
  ia5: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

/** The identifier octet of `[number]`, primitive or constructed. */
export function contextTag(number: number, constructed: boolean): number {
  return 0x80 | (constructed ? 0x20 : 0) | number
}

const LIMITS = { strict: true, parseAllBytes: true, decodeBitStrings: false, maxDepth: 32 } as const

/** Reads one whole DER value. Throws `MalformedDer` for anything else, also for BER that is not DER. */
export function readDer(bytes: Buffer): Der {
  const node = parsed(bytes)
  // forge reads BER: long lengths, padded integers, indefinite forms; an equal re-encoding rules them all out
  if (!encode(node).equals(bytes)) throw new MalformedDer("the bytes are not the canonical encoding of their content")
  return node
}

function parsed(bytes: Buffer): Der {
  try {
    return asn1.fromDer(bytes.toString("latin1"), LIMITS)
  } catch (cause) {
    throw new MalformedDer("the bytes are not DER", { cause })
  }
}

export function encode(node: Der): Buffer {
  return Buffer.from(asn1.toDer(node).getBytes(), "latin1")
}

export function tagOf(node: Der): number {
  return node.tagClass | (node.constructed ? 0x20 : 0) | node.type
}

/** The parts of a constructed value that must carry `tag`. */
export function partsOf(node: Der | undefined, tag: number = TAG.sequence): readonly Der[] {
  const value = expected(node, tag).value
  if (typeof value === "string") throw new MalformedDer("a constructed value was expected")
  return value
}

/** The content octets of a primitive value that must carry `tag`. */
export function contentOf(node: Der | undefined, tag: number): Buffer {
  const value = expected(node, tag).value
  if (typeof value !== "string") throw new MalformedDer("a primitive value was expected")
  return Buffer.from(value, "latin1")
}

function expected(node: Der | undefined, tag: number): Der {
  if (node === undefined) throw new MalformedDer("a value is missing")
  if (tagOf(node) !== tag) throw new MalformedDer(`tag ${tagOf(node)} stands where ${tag} was expected`)
  return node
}

/** Dotted decimal; an identifier that forge cannot name is given as `hex:…` and equals none we know. */
export function readOid(node: Der | undefined): string {
  const bytes = contentOf(node, TAG.oid).toString("latin1")
  try {
    const oid = asn1.derToOid(bytes)
    // forge drops an unfinished last arc; only what it would write the same way may bear a known name
    if (asn1.oidToDer(oid).getBytes() === bytes) return oid
  } catch {}
  return `hex:${Buffer.from(bytes, "latin1").toString("hex")}`
}

/** A BIT STRING of whole octets. */
export function readBits(node: Der | undefined): Buffer {
  const content = contentOf(node, TAG.bitString)
  if (content[0] !== 0) throw new MalformedDer("a bit string does not end at an octet")
  return content.subarray(1)
}

/** A small INTEGER that is not negative. */
export function readNumber(node: Der | undefined): number {
  const content = contentOf(node, TAG.integer)
  if (content.length === 0 || content.length > 4 || content[0]! > 0x7f) {
    throw new MalformedDer("a number is out of range")
  }
  return content.readUIntBE(0, content.length)
}

/** BOOLEAN as DER writes it: 00 or ff (X.690 11.1). */
export function readBoolean(node: Der | undefined): boolean {
  const content = contentOf(node, TAG.boolean)
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw new MalformedDer("a boolean is neither")
  return content[0] === 0xff
}

/** Milliseconds since the epoch, of a time in one of the two forms of RFC 5280 4.1.2.5, whole seconds and Z. */
export function readTime(node: Der | undefined): number {
  const generalized = node !== undefined && tagOf(node) === TAG.generalizedTime
  const digits = contentOf(node, generalized ? TAG.generalizedTime : TAG.utcTime).toString("latin1")
  if (!(generalized ? /^\d{14}Z$/ : /^\d{12}Z$/).test(digits)) throw new MalformedDer("a time is not in the X.509 form")
  const text = generalized ? digits : (digits < "5" ? "20" : "19") + digits
  const iso = text.replace(/^(....)(..)(..)(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6.000Z")
  const time = Date.parse(iso)
  if (Number.isNaN(time) || new Date(time).toISOString() !== iso) throw new MalformedDer("a time names no moment")
  return time
}

function node(tag: number, value: string | readonly Der[]): Der {
  return asn1.create(tag & 0xc0, tag & 0x1f, (tag & 0x20) !== 0, value)
}

/** A primitive value with these content octets. */
export function primitive(tag: number, content: Buffer): Der {
  return node(tag, content.toString("latin1"))
}

/** A constructed value; parts that are undefined are left out. */
export function constructed(tag: number, ...parts: readonly (Der | undefined)[]): Der {
  return node(
    tag,
    parts.filter((part) => part !== undefined),
  )
}

export function sequence(...parts: readonly (Der | undefined)[]): Der {
  return constructed(TAG.sequence, ...parts)
}

export function set(...parts: readonly Der[]): Der {
  return constructed(TAG.set, ...parts)
}

/** INTEGER from a number below 2^31 or from content octets that are minimal already. */
export function integer(value: number | Buffer): Der {
  if (typeof value !== "number") return primitive(TAG.integer, value)
  const octets = Buffer.alloc(5)
  octets.writeUInt32BE(value, 1)
  let start = 0
  while (start < 4 && octets[start] === 0 && octets[start + 1]! < 0x80) start++
  return primitive(TAG.integer, octets.subarray(start))
}

export function oid(dotted: string): Der {
  return node(TAG.oid, asn1.oidToDer(dotted).getBytes())
}

export function utf8(text: string): Der {
  return primitive(TAG.utf8, Buffer.from(text, "utf8"))
}

export function nul(): Der {
  return primitive(TAG.nul, Buffer.alloc(0))
}

export function yes(): Der {
  return primitive(TAG.boolean, Buffer.from([0xff]))
}

export function octets(content: Buffer): Der {
  return primitive(TAG.octetString, content)
}

/** BIT STRING; `unused` counts the bits at the end that do not belong to it. */
export function bits(content: Buffer, unused = 0): Der {
  return primitive(TAG.bitString, Buffer.concat([Buffer.from([unused]), content]))
}

/** UTCTime through 2049, GeneralizedTime after (RFC 5280 4.1.2.5). `time` is in milliseconds; seconds are kept. */
export function time(time: number): Der {
  const digits = `${new Date(time).toISOString().slice(0, 19).replace(/\D/g, "")}Z`
  const utc = digits < "2050"
  return node(utc ? TAG.utcTime : TAG.generalizedTime, utc ? digits.slice(2) : digits)
}
