import { verify } from "node:crypto"
import { isUsername } from "../access/username.ts"
import { type CsrRefused, refused } from "./csr-refusal.ts"
import { requestBytes } from "./csr-text.ts"
import {
  bits,
  contextTag,
  type Der,
  encode,
  MalformedDer,
  partsOf,
  readBits,
  readDer,
  readNumber,
  readOid,
  sequence,
  tagOf,
} from "./der.ts"
import { commonNames, displayed } from "./name.ts"
import { judgeKey, spkiHash } from "./public-key.ts"
import { type KeyFamily, requestIdentifiersOf, schemeOf } from "./signature.ts"

/** What a certificate may take from a request: its key, and the name it asks for. Nothing else is ever copied. */
export interface CsrAccepted {
  readonly ok: true
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer
  /** SHA-256 of `spki`, lower-case hex. */
  readonly spkiHash: string
  /** RSA-2048 … RSA-4096, P-256, P-384, P-521 or Ed25519. */
  readonly keyType: string
  /** A valid username, if the request names one. */
  readonly commonName: string | undefined
}

export type { CsrRefused, CsrRule } from "./csr-refusal.ts"
export type CsrVerdict = CsrAccepted | CsrRefused

/**
 * Judges a PKCS#10 request (RFC 2986): PEM or DER, at most 8 KiB, as a device sent it, boot messages and all. Every
 * extension it asks for is ignored; its signature proves that the sender holds the key.
 */
export function parseCsr(input: string | Buffer): CsrVerdict {
  const found = requestBytes(input)
  if (!found.ok) return found
  try {
    return judge(found.der)
  } catch (error) {
    if (!(error instanceof MalformedDer)) throw error
    return malformed(error.message)
  }
}

interface Request {
  /** CertificationRequestInfo: what is signed. */
  readonly info: Der
  readonly subject: Der
  readonly spki: Der
  readonly algorithm: Der
  readonly signature: Buffer
}

function judge(der: Buffer): CsrVerdict {
  const request = taken(readDer(der))
  if ("ok" in request) return request
  const key = judgeKey(request.spki)
  if (!key.ok) return key
  const refusal = judgeEnvelope(request, key.family, der) ?? judgeSubject(request.subject)
  if (refusal !== undefined) return refusal
  const scheme = schemeOf(request.algorithm)!
  if (!verify(scheme.hash, encode(request.info), key.key, request.signature)) {
    return refused(
      "signature",
      "the request is not signed by the key it carries; sign it with the matching private key, and check the line for lost characters",
    )
  }
  const spki = encode(request.spki)
  const [name] = commonNames(request.subject)
  return { ok: true, spki, spkiHash: spkiHash(spki), keyType: key.name, commonName: name?.text }
}

function taken(node: Der): Request | CsrRefused {
  const parts = partsOf(node)
  const [info, algorithm, signature] = parts
  const infoParts = partsOf(info)
  const [version, subject, spki, attributes] = infoParts
  if (readNumber(version) !== 0)
    return refused("version", "the request's version is not 0 (RFC 2986 4.1); make it with a current library")
  if (parts.length !== 3 || infoParts.length > 4 || !subject || !spki)
    return malformed("it has parts too few or too many")
  if (attributes !== undefined && tagOf(attributes) !== contextTag(0, true))
    return malformed("its attributes are not [0]")
  return { info: info!, subject, spki, algorithm: algorithm!, signature: readBits(signature) }
}

/** The part that the signature does not cover: the scheme, and every byte of the envelope. */
function judgeEnvelope(request: Request, family: KeyFamily, der: Buffer): CsrRefused | undefined {
  const scheme = schemeOf(request.algorithm)
  if (scheme === undefined) {
    const name = readOid(partsOf(request.algorithm)[0])
    return refused(
      "signature-algorithm",
      `the request is signed with ${WEAK[name] ?? name}, accepted are SHA-256, SHA-384, SHA-512 and Ed25519; add -sha256 to openssl req`,
    )
  }
  if (scheme.family !== family) {
    return refused(
      "signature-mismatch",
      `the request says it is signed with ${scheme.name}, which does not fit its key; sign it with the key it carries`,
    )
  }
  // found by fuzzing: bits of the unsigned envelope can flip unseen unless all of it is compared
  const signature = bits(request.signature)
  const sound = requestIdentifiersOf(scheme).some((algorithm) =>
    encode(sequence(request.info, algorithm, signature)).equals(der),
  )
  return sound ? undefined : malformed("its envelope is not encoded as RFC 2986 demands")
}

const WEAK: Record<string, string> = {
  "1.2.840.113549.1.1.4": "MD5",
  "1.2.840.113549.1.1.5": "SHA-1",
  "1.2.840.10045.4.1": "SHA-1",
  "1.2.840.113549.1.1.10": "RSASSA-PSS",
  "1.2.840.113549.1.1.14": "SHA-224",
  "1.2.840.10045.4.3.1": "SHA-224",
}

function judgeSubject(subject: Der): CsrRefused | undefined {
  const names = commonNames(subject)
  const [name] = names
  if (name === undefined) return undefined
  if (names.length > 1) {
    return refused("two-common-names", `the subject has ${names.length} common names; give it one: -subj "/CN=name"`)
  }
  if (!name.plain) {
    return refused(
      "common-name-type",
      "the common name must be a UTF8String, PrintableString or IA5String; set string_mask = utf8only in openssl.cnf",
    )
  }
  if (isUsername(name.text)) return undefined
  return refused(
    "common-name",
    `the common name "${displayed(name.text)}" is no username: 1 to 64 of A-Z a-z 0-9 . _ : @ - beginning with a letter or digit; change the subject`,
  )
}

function malformed(reason: string): CsrRefused {
  return refused("malformed", `the request is damaged or not a PKCS#10 request: ${reason}; send it again`)
}
