/** What the TLS layer saw of a peer. Nothing in it is believed before it is judged. */
export interface PresentedCertificate {
  /** DER. */
  readonly leaf: Buffer
  /** DER, in any order, as the peer sent them; a resumed session brings none. */
  readonly intermediates: readonly Buffer[]
  readonly resumed: boolean
  /** OpenSSL's code when it refused the certificate: one error only, and a date error hides every other. */
  readonly authorizationError: string | undefined
}

/** A certificate that stands for a name, now. */
export interface Trusted {
  readonly ok: true
  /** A valid username. */
  readonly commonName: string
  /** "gatehouse" for our own authority, else the id of the outside one. */
  readonly issuer: string
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex. */
  readonly spkiHash: string
  /** Lower-case hex. */
  readonly serial: string
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprint: string
  /** Serial number of the certificate on its path that the trusted authority signed: its own, or an intermediate's. */
  readonly top: string
  /** When it, or the first authority above it, ends; milliseconds since the epoch. */
  readonly notAfter: number
  /** It has expired and is within its grace: good for asking for its successor, and for nothing else. */
  readonly renewalOnly?: true
}

export interface Distrusted {
  readonly ok: false
  readonly cause: Cause
  /** Plain words: what is wrong, and what to do. */
  readonly sentence: string
  /** Cleaned for display, at most 64 characters; not to be believed. */
  readonly commonName?: string
  readonly fingerprint?: string
  /** Of an expired certificate within its grace, whose `notAfter` is then the end of that. */
  readonly renewalOnly?: Trusted
}

/**
 * Ordered as they are judged: a cause says that nothing before it was wrong. So "expired" alone means a certificate
 * that would be good but for its date.
 */
export type Cause =
  | "malformed"
  | "unknown-authority"
  | "weak-key"
  | "bad-purpose"
  | "bad-common-name"
  | "not-in-issue-log"
  | "revoked"
  | "out-of-scope"
  | "not-yet-valid"
  | "expired"
  | "refused-by-tls"

export type Verdict = Trusted | Distrusted

/** Who a refusal speaks about: what is known of the certificate so far. */
export interface About {
  readonly commonName?: string
  readonly fingerprint?: string
}

export function distrusted(cause: Cause, sentence: string, about: About = {}): Distrusted {
  const { commonName, fingerprint } = about
  return {
    ok: false,
    cause,
    sentence,
    ...(commonName !== undefined && { commonName }),
    ...(fingerprint !== undefined && { fingerprint }),
  }
}
