import type { User } from "../access/user.ts"
import { sessionIn } from "./identification.ts"
import type { Pass, Passes } from "./pass.ts"

const LONGEST_MS = 12 * 3_600_000

/**
 * A new session for a browser whose person has just proved who they are. The one that came with the request ends:
 * whoever planted or knew it does not come along.
 */
export function openSession(
  passes: Passes,
  user: User,
  address: string,
  cookie: string | undefined,
): { readonly secret: string; readonly pass: Pass } {
  const old = sessionIn(cookie)
  const known = old === undefined ? undefined : passes.judge(old, ["session"], address)
  if (known !== undefined) passes.end(known.pass.id)
  return passes.issue(user, { kind: "session", ttlMs: LONGEST_MS, address })
}
