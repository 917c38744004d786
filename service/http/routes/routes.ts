import { openClaim } from "../claim.ts"
import { API } from "../contract.ts"
import type { Gateway } from "../ports.ts"
import type { Route } from "../route.ts"
import { openSignIn } from "../sign-in.ts"
import type { Tokens } from "../token.ts"
import { authorityRoutes } from "./authority.ts"
import { certificateRoutes } from "./certificates.ts"
import { claimRoutes } from "./claim.ts"
import { clientRoutes } from "./clients.ts"
import { explainRoutes } from "./explain.ts"
import { roleRoutes } from "./roles.ts"
import { healthRoute, statusRoutes } from "./status.ts"
import { tokenRoutes } from "./tokens.ts"
import { trustRoutes } from "./trust.ts"
import { userRoutes } from "./users.ts"

/** The one table of everything that answers; what is not in it does not exist. */
export function routeTable(gateway: Gateway, tokens: Tokens): Route[] {
  const below = [
    ...statusRoutes(gateway),
    ...claimRoutes(gateway, tokens, openClaim(gateway)),
    ...tokenRoutes(tokens, openSignIn(gateway)),
    ...userRoutes(gateway),
    ...roleRoutes(gateway),
    ...certificateRoutes(gateway),
    ...authorityRoutes(gateway),
    ...trustRoutes(gateway),
    ...clientRoutes(gateway),
    ...explainRoutes(gateway),
  ]
  return [healthRoute(gateway), ...below.map((line) => ({ ...line, path: API + line.path }))]
}
