import { createPrivateKey } from "node:crypto"
import { addressOctets } from "./address.ts"
import { type Certificate, isIssuedBy, readCertificate } from "./certificate.ts"
import { pemBlocks } from "./pem.ts"
import { DAY, DEFAULT_LIFETIME, dateOf } from "./validity.ts"

/** A server's certificate as it is in use, in PEM; the leaf comes first. */
export interface ServerCertificate {
  readonly certPem: string
  readonly keyPem: string
}

export interface ReissueOptions {
  /** Days a certificate is issued for. It cannot be read off one of ours, which all begin in 2020. */
  readonly lifetimeDays?: number
  /** The authority that must have signed it. */
  readonly issuerPem?: string
}

/** Why a server's certificate must be issued anew, in words after "the server certificate …"; null when it need not. */
export function needsReissue(
  current: ServerCertificate | undefined,
  wantedNames: readonly string[],
  wantedAddresses: readonly string[],
  now: number,
  { lifetimeDays = DEFAULT_LIFETIME, issuerPem }: ReissueOptions = {},
): string | null {
  if (current === undefined) return "does not exist yet"
  const certificate = leafOf(current)
  if (certificate === undefined) return "or its key cannot be read, or they do not fit"
  if (issuerPem !== undefined && !isIssuedBy(certificate, readCertificate(pemBlocks(issuerPem)[0]!.der!))) {
    return "was signed by another authority"
  }
  const { dnsNames, addresses } = certificate.extensions
  if (differ(dnsNames, wantedNames)) return `is for ${dnsNames.join(", ")}, not for ${wantedNames.join(", ")}`
  if (differ(addresses, wantedAddresses.map(octets))) return `does not have the addresses ${wantedAddresses.join(", ")}`
  if (now < certificate.notBefore) return `is not valid before ${dateOf(certificate.notBefore)}`
  const spare = (lifetimeDays * DAY) / 3
  return certificate.notAfter - now < spare ? `ends on ${dateOf(certificate.notAfter)}` : null
}

function leafOf({ certPem, keyPem }: ServerCertificate): Certificate | undefined {
  try {
    const certificate = readCertificate(pemBlocks(certPem)[0]!.der!)
    return certificate.x509.checkPrivateKey(createPrivateKey(keyPem)) ? certificate : undefined
  } catch {
    return undefined
  }
}

function differ(has: readonly string[], wanted: readonly string[]): boolean {
  const [left, right] = [has, wanted].map((list) => new Set(list.map((text) => text.toLowerCase())))
  return left!.symmetricDifference(right!).size > 0
}

function octets(address: string): string {
  return addressOctets(address)?.toString("hex") ?? address
}
