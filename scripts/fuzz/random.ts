import { createHash } from "node:crypto"

/** Random choices that follow from a name alone (xoshiro128**): the same name, the same bytes, on every machine. */
export class Random {
  readonly #state: Uint32Array

  constructor(name: string) {
    const digest = createHash("sha256").update(name).digest()
    this.#state = Uint32Array.from([0, 4, 8, 12], (at) => digest.readUInt32LE(at) | 1)
  }

  /** From 0 up to, not including, `below`. */
  int(below: number): number {
    return below <= 1 ? 0 : this.#next() % Math.floor(below)
  }

  between(least: number, most: number): number {
    return least + this.int(most - least + 1)
  }

  /** True this often, 0 to 1. */
  chance(share: number): boolean {
    return this.#next() / 2 ** 32 < share
  }

  pick<T>(from: readonly T[]): T {
    if (from.length === 0) throw new Error("nothing to pick from")
    return from[this.int(from.length)] as T
  }

  /** A random part of them in random order; an element may be there twice. */
  some<T>(from: readonly T[], most: number): T[] {
    return Array.from({ length: this.int(most + 1) }, () => this.pick(from))
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    for (let i = 0; i < length; i++) bytes[i] = this.#next() & 255
    return bytes
  }

  #next(): number {
    const s = this.#state
    const [a, b, c, d] = [s[0] as number, s[1] as number, s[2] as number, s[3] as number]
    const result = Math.imul(rotated(Math.imul(b, 5), 7), 9) >>> 0
    s[2] = c ^ a
    s[3] = d ^ b
    s[1] = b ^ (s[2] as number)
    s[0] = a ^ (s[3] as number)
    s[2] = (s[2] as number) ^ (b << 9)
    s[3] = rotated(s[3] as number, 11)
    return result
  }
}

function rotated(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by))
}
