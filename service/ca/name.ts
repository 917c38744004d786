import { type Der, MalformedDer, oid, partsOf, readOid, sequence, set, TAG, tagOf, utf8 } from "./der.ts"
import { OID } from "./oid.ts"

/** A common name as it stands in a subject. */
export interface CommonName {
  readonly text: string
  /** The string type is one of those that cannot hide anything: UTF8String, PrintableString, IA5String. */
  readonly plain: boolean
}

const PLAIN: ReadonlySet<number> = new Set([TAG.utf8, TAG.printable, TAG.ia5])

/** Every common name in a Name, also where several share one RDN. Throws `MalformedDer`. */
export function commonNames(name: Der): CommonName[] {
  const found: CommonName[] = []
  for (const rdn of partsOf(name)) {
    for (const attribute of partsOf(rdn, TAG.set)) {
      const [type, value] = partsOf(attribute)
      if (readOid(type) === OID.commonName) found.push(commonName(value))
    }
  }
  return found
}

function commonName(value: Der | undefined): CommonName {
  if (value === undefined || typeof value.value !== "string") throw new MalformedDer("a common name holds no text")
  const plain = PLAIN.has(tagOf(value))
  // what is not UTF-8 becomes U+FFFD, which no rule for names accepts
  return { plain, text: plain ? Buffer.from(value.value, "latin1").toString("utf8") : value.value }
}

/** A Name of one common name, UTF8String (RFC 5280 4.1.2.4). */
export function nameOf(commonName: string): Der {
  return sequence(set(sequence(oid(OID.commonName), utf8(commonName))))
}

/** Foreign text for a person's eyes: at most 64 characters of printable ASCII, everything else escaped. */
export function displayed(text: string): string {
  const escaped = text
    .slice(0, 64)
    .replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)
  return escaped.length <= 64 ? escaped : `${escaped.slice(0, 63)}~`
}
