import { created } from "../answer.ts"
import type { Claim } from "../claim.ts"
import { claimAnswer, claimRequest, DEFAULT_TTL_SECONDS } from "../contract.ts"
import type { Gateway } from "../ports.ts"
import { type Route, route } from "../route.ts"
import type { Tokens } from "../token.ts"

/** Taking the box into service; the first administrator comes out of it signed in. */
export function claimRoutes({ directory }: Gateway, tokens: Tokens, claim: Claim): Route[] {
  return [
    route({
      method: "POST",
      path: "/claim",
      access: "public",
      body: claimRequest,
      answers: claimAnswer,
      async answer({ address, body }) {
        const { recoveryKey } = await claim(address, body)
        const administrator = directory.users.get(body.username)
        if (administrator === undefined) throw new Error("the claim left no administrator behind")
        const token = tokens.issue(administrator, DEFAULT_TTL_SECONDS)
        const answer = recoveryKey === undefined ? token : { ...token, recoveryKey }
        return { ...created(answer), actor: body.username }
      },
    }),
  ]
}
