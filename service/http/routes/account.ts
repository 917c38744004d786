import { noContent } from "../answer.ts"
import { firstPasswordRequest, ownPasswordRequest } from "../contract-passes.ts"
import type { Desk } from "../desk.ts"
import type { Gateway } from "../ports.ts"
import { type Route, route } from "../route.ts"
import { passOf } from "./tokens.ts"

/** What every person may do about themselves. */
export function accountRoutes({ accounts }: Gateway, { passes, signIn }: Desk): Route[] {
  return [
    route({
      method: "PUT",
      path: "/account/password",
      access: "person",
      summary: "Change one's own password; ends every other session and token of the person",
      refuses: ["wrong-password", "conflict", "too-many-attempts", "busy", "disk-failed"],
      body: ownPasswordRequest,
      async answer({ pass, actor, address, body: { current, next } }) {
        const { id } = passOf(pass)
        await signIn.checked(address, actor.name, async () => {
          const changed = await passes.surviving(id, () => accounts.changeOwnPassword(actor.name, current, next))
          return changed !== undefined
        })
        return noContent
      },
    }),
    route({
      method: "POST",
      path: "/account/first-password",
      access: "public",
      summary: "Choose one's own password with a one-time one; then sign in with it",
      refuses: ["unauthenticated", "conflict", "too-many-attempts", "busy", "disk-failed"],
      body: firstPasswordRequest,
      async answer({ address, body }) {
        const user = await signIn.first(address, body.username, body.oneTimePassword, body.password)
        return { ...noContent, actor: user.username }
      },
    }),
  ]
}
