import type { Numbers, StoredEntry, StoredSession } from "./reading.ts"

/** Why the disk did not take something. */
export interface Failure {
  readonly kind: "full" | "read-only" | "damaged" | "failed"
  readonly reason: string
}

export type Order =
  | { readonly kind: "commit"; readonly id: number; readonly state: Uint8Array; readonly content: Uint8Array }
  | {
      readonly kind: "page"
      readonly id: number
      readonly session: number
      readonly after: number
      readonly limit: number
    }
  | { readonly kind: "close"; readonly id: number }

/** How a commit ended: of its two parts the first may be on the disk without the second. */
export interface Outcome {
  readonly state: Failure | undefined
  readonly content: Failure | undefined
}

export type Answer =
  | ({ readonly kind: "committed"; readonly id: number; readonly written: number } & Outcome)
  | { readonly kind: "page"; readonly id: number; readonly entries: readonly StoredEntry[] }
  | { readonly kind: "sessions"; readonly sessions: readonly StoredSession[] }
  | { readonly kind: "retained"; readonly records: readonly Uint8Array[] }
  | { readonly kind: "open"; readonly numbers: Numbers }
  | { readonly kind: "failed"; readonly reason: string }
  /** Something on the disk was not whole; it lies aside. */
  | { readonly kind: "damage"; readonly what: string }
  /** A newer version had changed the store, and this one goes on with what that one kept. */
  | { readonly kind: "reverted"; readonly what: string }
  | { readonly kind: "closed"; readonly id: number }
