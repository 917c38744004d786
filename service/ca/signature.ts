import { type KeyObject, sign } from "node:crypto"
import {
  bits,
  constructed,
  contextTag,
  type Der,
  encode,
  nul,
  oid,
  partsOf,
  readOid,
  sequence,
  TAG,
  tagOf,
} from "./der.ts"
import { OID } from "./oid.ts"

export type KeyFamily = "rsa" | "ec" | "ed25519"

/** One way of signing: the algorithm's identifier, the keys it needs and the hash node:crypto is to be told. */
export interface SignatureScheme {
  readonly oid: string
  readonly name: string
  readonly family: KeyFamily
  /** Ed25519 brings its own. */
  readonly hash: string | null
}

/** RFC 4055, RFC 5758, RFC 8410. MD5 and SHA-1 are not among them, so they are nowhere accepted. */
const SCHEMES: readonly SignatureScheme[] = [
  { oid: "1.2.840.113549.1.1.11", name: "sha256WithRSAEncryption", family: "rsa", hash: "sha256" },
  { oid: "1.2.840.113549.1.1.12", name: "sha384WithRSAEncryption", family: "rsa", hash: "sha384" },
  { oid: "1.2.840.113549.1.1.13", name: "sha512WithRSAEncryption", family: "rsa", hash: "sha512" },
  { oid: "1.2.840.10045.4.3.2", name: "ecdsa-with-SHA256", family: "ec", hash: "sha256" },
  { oid: "1.2.840.10045.4.3.3", name: "ecdsa-with-SHA384", family: "ec", hash: "sha384" },
  { oid: "1.2.840.10045.4.3.4", name: "ecdsa-with-SHA512", family: "ec", hash: "sha512" },
  { oid: OID.ed25519, name: "Ed25519", family: "ed25519", hash: null },
]

/** The scheme an AlgorithmIdentifier names by its identifier; its parameters are not looked at. */
export function schemeOf(algorithm: Der): SignatureScheme | undefined {
  const named = readOid(partsOf(algorithm)[0])
  return SCHEMES.find((scheme) => scheme.oid === named)
}

/** The one AlgorithmIdentifier the scheme may have: NULL for RSA (RFC 4055 5), no parameters for the others. */
export function identifierOf(scheme: SignatureScheme): Der {
  return sequence(oid(scheme.oid), scheme.family === "rsa" ? nul() : undefined)
}

/**
 * Every AlgorithmIdentifier a request may carry for the scheme. The modems of the nRF91 series put a NULL after
 * ecdsa-with-SHA256, where RFC 5758 3.2 wants nothing; those two forms are the only ones.
 */
export function requestIdentifiersOf(scheme: SignatureScheme): Der[] {
  const proper = identifierOf(scheme)
  return scheme.family === "ec" ? [proper, sequence(oid(scheme.oid), nul())] : [proper]
}

/**
 * Whether a certificate signed in this way may stand in a chain: one of ours, or RSASSA-PSS whose parameters name
 * SHA-2 explicitly (RFC 4055 3.1; left out, they mean SHA-1).
 */
export function isStrongSignature(algorithm: Der): boolean {
  if (schemeOf(algorithm) !== undefined) return true
  const [name, parameters] = partsOf(algorithm)
  if (readOid(name) !== OID.rsassaPss || parameters === undefined || tagOf(parameters) !== TAG.sequence) return false
  const [hash] = partsOf(parameters)
  return hash !== undefined && SHA2_PSS.some((known) => known.equals(encode(hash)))
}

/** `[0] EXPLICIT AlgorithmIdentifier`, with and without the NULL; both forms are in use (RFC 4055 2.1). */
const SHA2_PSS = [OID.sha256, OID.sha384, OID.sha512].flatMap((hash) => [
  encode(constructed(contextTag(0, true), sequence(oid(hash), nul()))),
  encode(constructed(contextTag(0, true), sequence(oid(hash)))),
])

/** SEQUENCE of what is signed, how, and the signature: a certificate, a revocation list (RFC 5280 4.1, 5.1). */
export function signed(key: KeyObject, content: (algorithm: Der) => Der): Der {
  const scheme = schemeFor(key)
  const algorithm = identifierOf(scheme)
  const tbs = content(algorithm)
  return sequence(tbs, algorithm, bits(sign(scheme.hash, encode(tbs), key)))
}

/** How a key of ours signs: with the hash that fits its strength. */
function schemeFor(key: KeyObject): SignatureScheme {
  const { namedCurve } = key.asymmetricKeyDetails ?? {}
  const hash = { prime256v1: "sha256", secp384r1: "sha384", secp521r1: "sha512" }[namedCurve ?? ""] ?? "sha256"
  const scheme = SCHEMES.find(
    ({ family, hash: own }) => family === key.asymmetricKeyType && (own === hash || own === null),
  )
  if (scheme === undefined) throw new TypeError(`no signature scheme for a key of type ${key.asymmetricKeyType}`)
  return scheme
}
