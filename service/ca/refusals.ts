import { type Distrusted, distrusted, type Trusted } from "./verdict.ts"

/** A refusal that speaks of a certificate that was proven before: by whom it is, and what is wrong with it now. */
export function refusal(trusted: Trusted, cause: Distrusted["cause"], what: string): Distrusted {
  const space = what.startsWith(",") ? "" : " "
  return distrusted(cause, `the certificate of ${trusted.commonName}${space}${what}`, trusted)
}

/** What OpenSSL thinks can only add a refusal. */
export function refusedByTls(trusted: Trusted, code: string | undefined): Distrusted | undefined {
  if (code === undefined) return undefined
  return refusal(
    trusted,
    "refused-by-tls",
    `was refused by the TLS layer (${code}); check that the device sends its whole chain`,
  )
}

/** Why no path leads to a trusted authority, in words. */
export function unknownAuthority(resumed: boolean): string {
  if (resumed) return "the resumed session says nothing of the authorities above its certificate; connect anew"
  return "the certificate is not signed by an authority trusted here; issue one here or add its authority to the trust bundle"
}
