import type { Permission } from "../access/permission.ts"
import { Problem } from "./problem.ts"

/**
 * Dangerous acts want the password once more, given within the last five minutes: a page left open, or a token read
 * from a disk, is not enough. Signing in counts, so that a script that signs in and acts is asked nothing.
 */
export function assertConfirmed({ confirmed }: { readonly confirmed: boolean }): void {
  if (confirmed) return
  throw new Problem(
    "confirmation-needed",
    "give your password again first: POST it to /api/v1/session/confirm or /api/v1/tokens/current/confirm, then repeat this; a kept token cannot do this at all",
  )
}

/** Changing who may use this API, and cutting such a person off, is dangerous; a device is not. */
export function isPowerful(rights: readonly Permission[]): boolean {
  return rights.some(({ context }) => context === "http")
}
