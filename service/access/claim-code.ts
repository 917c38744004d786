import { createHash, randomInt, timingSafeEqual } from "node:crypto"

/** Crockford's base 32: no I, L, O or U, so that a code can be read out and typed without doubt. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

/** 60 random bits as XXXX-XXXX-XXXX: a claim code, which proves that someone stands at the console, or a one-time password. */
export function newClaimCode(): string {
  const symbols = Array.from({ length: 12 }, () => ALPHABET[randomInt(32)])
  return [symbols.slice(0, 4), symbols.slice(4, 8), symbols.slice(8)].map((group) => group.join("")).join("-")
}

/** Compares in constant time what a person typed: case, dashes and blanks do not matter, O is 0, I and L are 1. */
export function isClaimCode(typed: string, code: string): boolean {
  const digest = (text: string) => createHash("sha256").update(plainCode(text)).digest()
  return timingSafeEqual(digest(typed), digest(code))
}

/** What was meant by what a person typed. */
export function plainCode(text: string): string {
  return text.toUpperCase().replace(/[\s-]/g, "").replaceAll("O", "0").replace(/[IL]/g, "1")
}
