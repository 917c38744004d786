import { setTimeout as sleep } from "node:timers/promises"
import { Attempts } from "../access/attempts.ts"
import { isClaimCode } from "../access/claim-code.ts"
import type { Gateway } from "./ports.ts"
import { Problem } from "./problem.ts"
import { tooMany } from "./sign-in.ts"

/** After so many wrong codes, wherever from, every further one is held for a moment that grows to a second. */
const FREE = 10
const STEP_MS = 50
const LONGEST_MS = 1000

/** All claims count under one name: an address cannot begin anew by naming another administrator. */
const NAME = "claim"

/**
 * Takes the box into service for whoever knows the code. Wrong codes slow down their own address, and gently everyone;
 * nothing locks the technician out who stands there with the right one.
 */
export type Claim = (
  address: string,
  claim: { readonly code: string; readonly username: string; readonly password: string },
) => Promise<{ readonly recoveryKey?: string }>

export function openClaim(gateway: Gateway): Claim {
  const attempts = new Attempts(gateway.clock)
  let wrong = 0
  const assertOpen = () => {
    if (!gateway.directory.claimed) return
    throw new Problem("already-claimed", "this gateway is in service already; sign in instead")
  }
  return async (address, { code, username, password }) => {
    assertOpen()
    if (wrong > FREE) await sleep(Math.min(LONGEST_MS, (wrong - FREE) * STEP_MS), undefined, { ref: false })
    assertOpen()
    const right = await attempts.attempt(address, NAME, async () => {
      const expected = gateway.claiming.code
      return expected !== undefined && isClaimCode(code, expected)
    })
    if (typeof right === "number") throw tooMany(right)
    if (!right) {
      wrong++
      throw new Problem("claim-refused", "the code is not the one of this gateway; read it again from the console")
    }
    return gateway.claiming.claim(username, password, address)
  }
}
