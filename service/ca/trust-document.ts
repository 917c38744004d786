import { z } from "zod"
import { OWN_ISSUER } from "../access/user.ts"
import { GatewayError } from "../errors.ts"
import { type Certificate, readCertificate } from "./certificate.ts"
import { MalformedDer } from "./der.ts"
import { displayed } from "./name.ts"
import { authorityFlaw } from "./path.ts"
import { type PemBlock, pemBlocks } from "./pem.ts"
import { dateOf } from "./validity.ts"

export const TRUST_FORMAT = "gatehouse-trust"

/** Usernames an outside authority may speak for: one name, all that begin alike (`plant7-*`), or `*`. */
export const scopePattern = z
  .string()
  .regex(/^(\*|[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}\*?)$/, "a scope is a username, the beginning of one and *, or * alone")

export const authorityId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, "an id has 1 to 32 of a-z 0-9 -")
  .refine((id) => id !== OWN_ISSUER, `${OWN_ISSUER} means the gateway's own authority`)

const outsideAuthority = z.strictObject({
  id: authorityId,
  name: z.string().min(1).max(100),
  /** One certificate. */
  certificatePem: z.string().max(32 * 1024),
  scope: scopePattern,
  /** Milliseconds since the epoch. */
  addedAt: z.int().min(0),
  addedBy: z.string().max(200),
  /** Its revocation list, DER in base64. */
  revocationList: z.base64().max(200_000).optional(),
})

/** The trust bundle as it lies on the disk: the outside authorities. */
export const trustDocument = z.strictObject({
  format: z.literal(TRUST_FORMAT),
  version: z.literal(1),
  authorities: z.array(outsideAuthority),
})

export type OutsideAuthority = z.infer<typeof outsideAuthority>
export type TrustDocument = z.infer<typeof trustDocument>

export function emptyTrust(): TrustDocument {
  return { format: TRUST_FORMAT, version: 1, authorities: [] }
}

/** Whether a scope reaches a username. */
export function scopeCovers(scope: string, username: string): boolean {
  return scope.endsWith("*") ? username.startsWith(scope.slice(0, -1)) : username === scope
}

const LARGEST_BUNDLE = 256 * 1024

/**
 * Reads the certificates of an uploaded bundle, any number of them in PEM. Throws `GatewayError("certificate-refused")`
 * naming the first that is no authority, or not valid at `now`.
 */
export function readBundle(text: string, now: number): Certificate[] {
  if (text.length > LARGEST_BUNDLE) throw refused(`the bundle is larger than ${LARGEST_BUNDLE} bytes; split it`)
  const blocks = pemBlocks(text)
  if (blocks.length === 0) {
    throw refused(
      "the bundle holds no certificate in PEM; convert one with: openssl x509 -inform der -in ca.cer -out ca.pem",
    )
  }
  return blocks.map((block, index) => authorityIn(block, `certificate ${index + 1} of ${blocks.length}`, now))
}

function authorityIn({ label, der }: PemBlock, place: string, now: number): Certificate {
  if (label !== "CERTIFICATE") throw refused(`${place} is a ${label}; upload certificates alone`)
  const certificate = readAuthority(der, place)
  const what = `${place} (${subjectOf(certificate)})`
  const flaw = authorityFlaw(certificate)
  if (flaw !== null) throw refused(`${what} ${flaw}; upload the authority that signs the devices' certificates`)
  if (now > certificate.notAfter) {
    throw refused(`${what} expired on ${dateOf(certificate.notAfter)}; upload its successor, or check the clock`)
  }
  if (now < certificate.notBefore) {
    throw refused(`${what} is not valid before ${dateOf(certificate.notBefore)}; upload it then, or check the clock`)
  }
  return certificate
}

function readAuthority(der: Buffer | undefined, place: string): Certificate {
  try {
    if (der !== undefined) return readCertificate(der)
  } catch (error) {
    if (!(error instanceof MalformedDer)) throw error
  }
  throw refused(`${place} is damaged; export it again`)
}

export function refused(sentence: string): GatewayError {
  return new GatewayError("certificate-refused", sentence)
}

/** A subject in one line for a person's eyes. */
export function subjectOf({ x509 }: Certificate): string {
  const lines = x509.subject?.split("\n").join(", ") ?? "without a name"
  return [...lines.slice(0, 200)].map((c) => displayed(c)).join("")
}
