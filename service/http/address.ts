/** An IPv4 address that came over an IPv6 socket is the IPv4 address. */
export function plainAddress(address: string | undefined): string {
  return (address ?? "").replace(/^::ffff:(?=\d+\.)/i, "")
}
