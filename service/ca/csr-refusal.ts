import type { KeyRule } from "./public-key.ts"

/** A refusal: the rule as a stable identifier, and a sentence with the reason and the remedy. */
export interface CsrRefused {
  readonly ok: false
  readonly rule: CsrRule
  readonly sentence: string
}

/** Every rule a request can break; API, so never renamed. */
export type CsrRule =
  | KeyRule
  | "too-large"
  | "no-request"
  | "wrong-label"
  | "private-key-included"
  | "truncated"
  | "more-than-one"
  | "base64"
  | "malformed"
  | "version"
  | "signature-algorithm"
  | "signature-mismatch"
  | "signature"
  | "two-common-names"
  | "common-name-type"
  | "common-name"

export function refused(rule: CsrRule, sentence: string): CsrRefused {
  return { ok: false, rule, sentence }
}
