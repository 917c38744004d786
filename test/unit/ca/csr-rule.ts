import assert from "node:assert/strict"
import { parseCsr } from "../../../service/ca/csr.ts"

export const EC = ["-algorithm", "EC", "-pkeyopt"]
export const P256 = [...EC, "ec_paramgen_curve:P-256"]
export const RSA = ["-algorithm", "RSA", "-pkeyopt"]

/** "accepted" or the rule that was broken, whose sentence must name a remedy. */
export function rule(input: string | Buffer): string {
  const verdict = parseCsr(input)
  if (verdict.ok) return "accepted"
  assert.match(verdict.sentence, /^[^;]+; /, "a sentence names the remedy after the reason")
  return verdict.rule
}
