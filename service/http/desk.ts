import { repeat } from "../upkeep.ts"
import { KeptTokens } from "./kept-token.ts"
import { Passes } from "./pass.ts"
import type { Gateway } from "./ports.ts"
import { openSignIn, type SignIn } from "./sign-in.ts"

/** How long the disk may lag behind with when a kept token was used last. */
const FLUSH_MS = 10_000

/** Where people prove who they are and get something to come back with. */
export interface Desk {
  readonly passes: Passes
  readonly kept: KeptTokens
  readonly signIn: SignIn
}

export function openDesk(gateway: Gateway, stack: AsyncDisposableStack): Desk {
  const { directory, clock, log } = gateway
  const flush = async () => {
    await kept.flush()
  }
  const passes = stack.use(
    new Passes(directory, clock, (pass) => {
      // not at leisure: a crash must not bring back what has just ended
      if (pass.kind === "kept") flush().catch(() => log.warn("an ended token is still on the disk; it is tried again"))
    }),
  )
  const kept = new KeptTokens(gateway.keptTokens, passes, directory)
  stack.defer(() => flush().catch(() => {}))
  stack.use(repeat("keeping when tokens were used", FLUSH_MS, flush, log))
  return { passes, kept, signIn: openSignIn(gateway) }
}
