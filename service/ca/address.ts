import { GatewayError } from "../errors.ts"
import { displayed } from "./name.ts"

/**
 * The octets of an IPv4 or IPv6 address: 4 or 16 of them, as an iPAddress in a certificate wants them (RFC 5280
 * 4.2.1.6). Undefined for anything else, also for an address with a zone.
 */
export function addressOctets(text: string): Buffer | undefined {
  return text.includes(":") ? ipv6(text) : ipv4(text)
}

function ipv4(text: string): Buffer | undefined {
  const parts = text.split(".")
  const plain = parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)
  return plain ? Buffer.from(parts.map(Number)) : undefined
}

function ipv6(text: string): Buffer | undefined {
  if (!/^[0-9a-fA-F:.]{2,45}$/.test(text) || !URL.canParse(`http://[${text}]/`)) return undefined
  // the URL parser checks the address and leaves eight groups, at most one run of them written as ::
  const [head, tail] = new URL(`http://[${text}]/`).hostname.slice(1, -1).split("::")
  const groups = (part: string | undefined) => (part === undefined || part === "" ? [] : part.split(":"))
  const missing = 8 - groups(head).length - groups(tail).length
  const all = [...groups(head), ...Array.from({ length: missing }, () => "0"), ...groups(tail)]
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex")
}

/** Address ranges that never belong to the public internet, as octets and mask (RFC 1918, 3927, 4193, 4291). */
export const PRIVATE_RANGES: readonly { readonly network: Buffer; readonly mask: Buffer }[] = [
  range("0a000000", "ff000000"),
  range("ac100000", "fff00000"),
  range("c0a80000", "ffff0000"),
  range("7f000000", "ff000000"),
  range("a9fe0000", "ffff0000"),
  range(`fc${"00".repeat(15)}`, `fe${"00".repeat(15)}`),
  range(`fe80${"00".repeat(14)}`, `ffc0${"00".repeat(14)}`),
  range(`${"00".repeat(15)}01`, "ff".repeat(16)),
]

function range(network: string, mask: string): { network: Buffer; mask: Buffer } {
  return { network: Buffer.from(network, "hex"), mask: Buffer.from(mask, "hex") }
}

/** Whether an address lies in one of the private, loopback or link-local ranges. */
export function isPrivateAddress(text: string): boolean {
  const octets = addressOctets(text)
  if (octets === undefined) return false
  return PRIVATE_RANGES.some(
    ({ network, mask }) =>
      network.length === octets.length && network.every((octet, i) => octet === (octets[i]! & mask[i]!)),
  )
}

/** A host name as a dNSName may hold it: labels of letters, digits and inner hyphens, at most 253 characters. */
export function isHostName(text: string): boolean {
  const label = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/
  return text.length <= 253 && addressOctets(text) === undefined && text.split(".").every((part) => label.test(part))
}

/** Throws `GatewayError("bad-request")` unless a server can be certified for these host names and addresses. */
export function assertReachable(names: readonly string[], addresses: readonly string[]): void {
  const wrong = names.find((name) => !isHostName(name)) ?? addresses.find((a) => addressOctets(a) === undefined)
  if (wrong !== undefined) throw new GatewayError("bad-request", `${displayed(wrong)} is no host name or address`)
  if (names.length + addresses.length === 0) {
    throw new GatewayError("bad-request", "a server certificate needs at least one host name or address")
  }
}
