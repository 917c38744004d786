import { created } from "../answer.ts"
import type { Claim } from "../claim.ts"
import { claimAnswer, claimRequest, DEFAULT_TTL_SECONDS } from "../contract.ts"
import type { Desk } from "../desk.ts"
import type { Gateway } from "../ports.ts"
import { type Route, route } from "../route.ts"
import { time } from "../time.ts"

/** Taking the box into service; the first administrator comes out of it signed in. */
export function claimRoutes({ directory }: Gateway, { passes }: Desk, claim: Claim): Route[] {
  return [
    route({
      method: "POST",
      path: "/claim",
      access: "public",
      summary: "Take the gateway into service with its claim code; answers a token of the first administrator",
      refuses: ["claim-refused", "already-claimed", "too-many-attempts", "conflict", "busy", "disk-failed"],
      body: claimRequest,
      answers: claimAnswer,
      success: 201,
      async answer({ address, body }) {
        const { recoveryKey } = await claim(address, body)
        const administrator = directory.users.get(body.username)
        if (administrator === undefined) throw new Error("the claim left no administrator behind")
        const wish = { kind: "sign-in", ttlMs: DEFAULT_TTL_SECONDS * 1000, address } as const
        const { secret, pass } = passes.issue(administrator, wish)
        const token = { token: secret, expiresAt: time(pass.expiresAt) }
        const answer = recoveryKey === undefined ? token : { ...token, recoveryKey }
        return { ...created(answer), actor: body.username }
      },
    }),
  ]
}
