import { created, noContent } from "../answer.ts"
import { tokenAnswer, tokenRequest } from "../contract.ts"
import { type Route, route } from "../route.ts"
import type { SignIn } from "../sign-in.ts"
import type { Tokens } from "../token.ts"

/** Signing in and out. */
export function tokenRoutes(tokens: Tokens, signIn: SignIn): Route[] {
  return [
    route({
      method: "POST",
      path: "/tokens",
      access: "public",
      body: tokenRequest,
      answers: tokenAnswer,
      async answer({ address, body }) {
        const user = await signIn(address, body.username, body.password)
        return { ...created(tokens.issue(user, body.ttlSeconds)), actor: user.username }
      },
    }),
    route({
      method: "DELETE",
      path: "/tokens/current",
      access: "token",
      answer({ tokenId }) {
        tokens.end(tokenId)
        return noContent
      },
    }),
  ]
}
