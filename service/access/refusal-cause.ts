/**
 * Every cause for which a client is turned away, or for which something of a connected one is refused. Stable: programs
 * read them, and the page has its own words and its own remedy for each.
 */
export const REFUSAL_CAUSES = [
  // who it is
  "no-credential",
  "unknown-user",
  "user-disabled",
  "wrong-password",
  "one-time-password",
  "wrong-grant",
  "too-many-attempts",
  "certificate-and-password",
  "certificate-name-differs",
  // its certificate
  "certificate-malformed",
  "certificate-unknown-authority",
  "certificate-weak-key",
  "certificate-bad-purpose",
  "certificate-bad-common-name",
  "certificate-not-in-issue-log",
  "certificate-revoked",
  "certificate-out-of-scope",
  "certificate-not-yet-valid",
  "certificate-expired",
  "certificate-refused-by-tls",
  "renewal-refused",
  // what it may do
  "publish-not-allowed",
  "subscribe-not-allowed",
  "will-not-allowed",
  "client-identifier-taken",
  // how it speaks
  "tls-handshake",
  "protocol-error",
  "connect-timeout",
  "enhanced-authentication",
  "maximum-packet-size",
  "topic-levels",
  // how much of it there is
  "busy",
  "connections-per-user",
  "sessions-per-user",
  "sessions",
  "quota",
] as const

export type RefusalCause = (typeof REFUSAL_CAUSES)[number]
