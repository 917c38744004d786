import { X509Certificate } from "node:crypto"

/** A certificate that is no device's. */
export interface OwnCertificate {
  readonly kind: "root" | "issuing" | "broker" | "page-authority" | "page"
  readonly name: string
  /** Milliseconds since the epoch. */
  readonly notBefore: number
  readonly notAfter: number
  /** SHA-256, lower-case hex. */
  readonly fingerprint: string
  /** Replaced by the gateway itself in time. */
  readonly renewsItself: boolean
}

/** What a certificate in PEM says of itself; of a chain the first. */
export function ownCertificate(kind: OwnCertificate["kind"], pem: string): OwnCertificate {
  const { subject, validFromDate, validToDate, fingerprint256 } = new X509Certificate(pem)
  return {
    kind,
    name: /^CN=(.*)$/m.exec(subject)?.[1] ?? subject,
    notBefore: validFromDate.getTime(),
    notAfter: validToDate.getTime(),
    fingerprint: fingerprint256.replaceAll(":", "").toLowerCase(),
    renewsItself: kind === "broker" || kind === "page",
  }
}
