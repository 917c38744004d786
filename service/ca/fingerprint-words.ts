import { WORDS } from "./words.ts"

/** Eight words are 88 bits: nobody finds another key with the same ones. */
const COUNT = 8
const BITS_PER_WORD = 11

/**
 * The beginning of a SHA-256 fingerprint (hex) as eight words that a person reads out and compares. Whoever shows the
 * certificate computes them from it, so the same certificate has the same words everywhere.
 */
export function fingerprintWords(fingerprint: string): string[] {
  const bits = [...fingerprint].map((digit) => Number.parseInt(digit, 16).toString(2).padStart(4, "0")).join("")
  return Array.from({ length: COUNT }, (_, index) => {
    const from = index * BITS_PER_WORD
    return WORDS[Number.parseInt(bits.slice(from, from + BITS_PER_WORD), 2)]!
  })
}
