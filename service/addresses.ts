import { networkInterfaces } from "node:os"

/**
 * The addresses this machine can be reached at now, loopback among them, without zones; sorted, so that two readings
 * can be compared.
 */
export function localAddresses(): string[] {
  const found = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  const plain = found.map(({ address }) => address.split("%")[0] ?? address)
  return [...new Set([...plain, "127.0.0.1", "::1"])].sort()
}

/** The names this machine answers to in a browser or a device. */
export function localNames(hostname: string): string[] {
  const bare = hostname.toLowerCase()
  const multicast = bare.includes(".") ? [] : [`${bare}.local`]
  return [...new Set([bare, ...multicast, "localhost"])]
}

/** Where a listener is to be reached by somebody who stands elsewhere, names first. */
export function urlsOf(
  { name, host, port }: { readonly name: string; readonly host: string; readonly port: number },
  { names, addresses }: { readonly names: readonly string[]; readonly addresses: readonly string[] },
): string[] {
  const reachable = host === "*" ? [names[0] ?? "localhost", ...addresses.filter(isWorthShowing)] : [host]
  const path = name === "ws" || name === "wss" ? "/mqtt" : ""
  return reachable.map((at) => `${name}://${inUrl(at)}:${port}${path}`)
}

export function inUrl(host: string): string {
  return host.includes(":") ? `[${host}]` : host
}

/** Loopback and link-local addresses help nobody who stands elsewhere. */
function isWorthShowing(address: string): boolean {
  return !/^(127\.|169\.254\.|::1$|fe80:)/i.test(address)
}
