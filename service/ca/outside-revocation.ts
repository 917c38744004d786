import { verify } from "node:crypto"
import type { Certificate } from "./certificate.ts"
import {
  contentOf,
  contextTag,
  type Der,
  encode,
  MalformedDer,
  partsOf,
  readBits,
  readDer,
  readTime,
  TAG,
  tagOf,
} from "./der.ts"
import { pemBlocks } from "./pem.ts"
import { schemeOf } from "./signature.ts"
import { refused } from "./trust-document.ts"

/** What an outside authority says it has revoked. Times are milliseconds since the epoch. */
export interface OutsideRevocation {
  readonly der: Buffer
  /** Lower-case hex without leading zero octet. */
  readonly serials: ReadonlySet<string>
  readonly thisUpdate: number
  /** When the next list was to come; undefined where the list does not say. */
  readonly nextUpdate: number | undefined
}

/**
 * Reads an authority's revocation list, DER or PEM (RFC 5280 5.1), and verifies that this authority signed it. Throws
 * `certificate-refused` with what is wrong: another's list, a partial one, a signature that does not fit.
 */
export function readRevocationList(bytes: Buffer, authority: Certificate): OutsideRevocation {
  const der =
    bytes[0] === 0x30 ? bytes : pemBlocks(bytes.toString("latin1")).find(({ label }) => label === "X509 CRL")?.der
  if (der === undefined) throw refused("this is no revocation list; send an X509 CRL in DER or PEM")
  try {
    return listIn(der, authority)
  } catch (error) {
    if (error instanceof MalformedDer)
      throw refused(`the revocation list is damaged (${error.message}); export it again`)
    throw error
  }
}

function listIn(der: Buffer, authority: Certificate): OutsideRevocation {
  const [tbs, algorithm, signature] = partsOf(readDer(der))
  const fields = [...partsOf(tbs)]
  if (fields[0] !== undefined && tagOf(fields[0]) === TAG.integer) fields.shift()
  const [inner, issuer, thisUpdate, ...rest] = fields
  if (tbs === undefined || algorithm === undefined || inner === undefined || issuer === undefined) {
    throw new MalformedDer("a field is missing")
  }
  if (!encode(issuer).equals(encode(authority.subject))) {
    throw refused("the revocation list is another authority's; send the one of this authority")
  }
  if (!encode(inner).equals(encode(algorithm)) || !isSigned(tbs, algorithm, signature, authority)) {
    throw refused("the revocation list was not signed by this authority's key, or in a way not accepted here")
  }
  if (rest.some((part) => tagOf(part) === contextTag(0, true) && hasCritical(part))) {
    throw refused("the revocation list is a partial or indirect one; send the authority's whole list")
  }
  const next = rest.find((part) => tagOf(part) !== TAG.sequence && tagOf(part) !== contextTag(0, true))
  const revoked = rest.find((part) => tagOf(part) === TAG.sequence)
  return {
    der,
    serials: new Set((revoked === undefined ? [] : partsOf(revoked)).map(serialOf)),
    thisUpdate: readTime(thisUpdate),
    nextUpdate: next === undefined ? undefined : readTime(next),
  }
}

function isSigned(tbs: Der, algorithm: Der, signature: Der | undefined, { x509 }: Certificate): boolean {
  const scheme = schemeOf(algorithm)
  if (scheme === undefined) return false
  try {
    return verify(scheme.hash, encode(tbs), x509.publicKey, readBits(signature))
  } catch {
    return false // a key that the scheme is not for
  }
}

function serialOf(entry: Der): string {
  return contentOf(partsOf(entry)[0], TAG.integer)
    .toString("hex")
    .replace(/^00(?=.)/, "")
}

/** Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue }: a critical one restricts the list. */
function hasCritical(wrapped: Der): boolean {
  const [extensions] = partsOf(wrapped, contextTag(0, true))
  return partsOf(extensions).some((extension) => partsOf(extension).length === 3)
}
