import { createHash, X509Certificate } from "node:crypto"
import {
  contentOf,
  contextTag,
  type Der,
  encode,
  MalformedDer,
  partsOf,
  readDer,
  readOid,
  readTime,
  TAG,
  tagOf,
} from "./der.ts"
import { type Extensions, readExtensions } from "./extensions.ts"
import { type CommonName, commonNames } from "./name.ts"
import { spkiHash } from "./public-key.ts"

/** What a certificate says, read from its own bytes. Nothing in it has been judged. */
export interface Certificate {
  readonly der: Buffer
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprint: string
  /** Lower-case hex without leading zero octet. */
  readonly serial: string
  readonly algorithm: Der
  readonly subject: Der
  readonly commonNames: readonly CommonName[]
  /** Milliseconds since the epoch; both moments belong to the validity. */
  readonly notBefore: number
  readonly notAfter: number
  readonly spki: Der
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex. */
  readonly spkiHash: string
  readonly extensions: Extensions
  /** For its `verify` and `checkIssued` only; its text must not be trusted with foreign names. */
  readonly x509: X509Certificate
}

const LARGEST = 16 * 1024

/** Reads one DER certificate (RFC 5280 4.1). Throws `MalformedDer`. */
export function readCertificate(der: Buffer): Certificate {
  if (der.length > LARGEST) throw new MalformedDer(`the certificate is larger than ${LARGEST} bytes`)
  const parts = partsOf(readDer(der))
  const [tbs, algorithm] = parts
  const fields = fieldsOf(tbs)
  // RFC 5280 4.1.1.2: the signed and the unsigned algorithm must be the same
  if (parts.length !== 3 || !encode(fields.algorithm).equals(encode(algorithm!))) {
    throw new MalformedDer("the certificate's envelope does not fit its content")
  }
  return {
    ...fields,
    der,
    fingerprint: createHash("sha256").update(der).digest("hex"),
    commonNames: commonNames(fields.subject),
    spkiHash: spkiHash(encode(fields.spki)),
    x509: opened(der),
  }
}

type Fields = Pick<Certificate, "serial" | "algorithm" | "subject" | "notBefore" | "notAfter" | "spki" | "extensions">

/** TBSCertificate: [0] version, serial, algorithm, issuer, validity, subject, key, [1], [2], [3] extensions. */
function fieldsOf(tbs: Der | undefined): Fields {
  const parts = [...partsOf(tbs)]
  if (parts[0] !== undefined && tagOf(parts[0]) === contextTag(0, true)) parts.shift()
  const [serial, algorithm, issuer, validity, subject, spki, ...rest] = parts
  const [notBefore, notAfter] = partsOf(validity)
  if (!algorithm || !issuer || !subject || !spki) throw new MalformedDer("the certificate lacks a field")
  readOid(partsOf(algorithm)[0])
  return {
    serial: contentOf(serial, TAG.integer)
      .toString("hex")
      .replace(/^00(?=.)/, ""),
    algorithm,
    subject,
    notBefore: readTime(notBefore),
    notAfter: readTime(notAfter),
    spki,
    extensions: readExtensions(rest.find((part) => tagOf(part) === contextTag(3, true))),
  }
}

function opened(der: Buffer): X509Certificate {
  try {
    return new X509Certificate(der)
  } catch (cause) {
    throw new MalformedDer("OpenSSL cannot read the certificate", { cause })
  }
}

/** Whether `parent` signed `child`: by its key, and by the rules of names and key identifiers. */
export function isIssuedBy(child: Certificate, parent: Certificate): boolean {
  try {
    return child.x509.checkIssued(parent.x509) && child.x509.verify(parent.x509.publicKey)
  } catch {
    // a key that OpenSSL cannot use has signed nothing
    return false
  }
}
