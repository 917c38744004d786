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
