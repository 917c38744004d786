import { generateKeyPairSync, type KeyObject } from "node:crypto"
import { GatewayError } from "../errors.ts"
import { type Certificate, isIssuedBy, readCertificate } from "./certificate.ts"
import { encode } from "./der.ts"
import { pem, pemBlocks } from "./pem.ts"
import { issuerFrom, issuingCertificate, rootCertificate, spkiOf } from "./profile.ts"
import { spkiHash } from "./public-key.ts"

/** What an authority is made of, all in PEM, keys as PKCS#8. The root's key is not needed day by day: seal it. */
export interface AuthorityMaterial {
  readonly rootCertPem: string
  readonly issuingCertPem: string
  readonly rootKeyPem: string
  readonly issuingKeyPem: string
}

/** A new root and a new issuing authority under it, both without end. Throws `GatewayError("config-invalid")`. */
export function createAuthority(site: string): AuthorityMaterial {
  assertSite(site)
  const rootKey = newKey()
  const issuingKey = newKey()
  const rootCertPem = pem("CERTIFICATE", rootCertificate(`${site} Root`, rootKey))
  const root = issuerFrom(rootCertPem, keyPem(rootKey))
  const issuing = issuingCertificate(`${site} Issuing 1`, issuingKey, root)
  return {
    rootCertPem,
    issuingCertPem: pem("CERTIFICATE", issuing),
    rootKeyPem: keyPem(rootKey),
    issuingKeyPem: keyPem(issuingKey),
  }
}

/** The parts as they are used. Throws `state-unusable` when they do not belong together. */
export function openAuthority(rootPem: string, issuingPem: string, issuingKeyPem: string) {
  try {
    const [root, issuing] = [rootPem, issuingPem].map((text) => readCertificate(pemBlocks(text)[0]!.der!)) as [
      Certificate,
      Certificate,
    ]
    const issuer = issuerFrom(issuingPem, issuingKeyPem)
    const fits = isIssuedBy(issuing, root) && spkiHash(encode(spkiOf(issuer.key))) === issuing.spkiHash
    if (fits) return { root, issuing, issuer }
  } catch {}
  throw new GatewayError(
    "state-unusable",
    "root certificate, issuing certificate and issuing key do not belong together; restore all three from one backup",
  )
}

/** A site's name stands in subjects, which end at 64 characters, and in URNs. */
export function assertSite(site: string): void {
  if (/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,39}$/u.test(site)) return
  throw new GatewayError(
    "config-invalid",
    "the site's name must have 1 to 40 letters, digits, blanks or . _ - and begin with a letter or digit; change it",
  )
}

/** P-256: every TLS stack of a microcontroller verifies it. */
export function newKey(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey
}

export function keyPem(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString()
}
