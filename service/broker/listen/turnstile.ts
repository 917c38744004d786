import type { Counters } from "../counters.ts"

/** Counts sockets from the moment they are accepted, before any byte is read: in total and per network address. */
export class Turnstile {
  readonly #most: number
  readonly #mostPerAddress: number
  readonly #counters: Counters
  readonly #perAddress = new Map<string, number>()
  #total = 0

  constructor(most: number, mostPerAddress: number, counters: Counters) {
    this.#most = most
    this.#mostPerAddress = mostPerAddress
    this.#counters = counters
  }

  /** Whether the socket may stay. Where true, call `leave` once it is closed. */
  enter(address: string): boolean {
    const here = this.#perAddress.get(address) ?? 0
    if (this.#total >= this.#most) this.#counters.limitConnections++
    else if (here >= this.#mostPerAddress) this.#counters.limitConnectionsPerAddress++
    else {
      this.#total++
      this.#perAddress.set(address, here + 1)
      return true
    }
    return false
  }

  leave(address: string): void {
    this.#total--
    const left = (this.#perAddress.get(address) ?? 1) - 1
    if (left > 0) this.#perAddress.set(address, left)
    else this.#perAddress.delete(address)
  }
}

/** An IPv4 address that came over an IPv6 socket is the IPv4 address. */
export function plainAddress(address: string | undefined): string {
  return (address ?? "").replace(/^::ffff:(?=\d+\.)/i, "")
}
