import { type Claim, openClaim } from "../claim.ts"
import { API } from "../contract.ts"
import type { Desk } from "../desk.ts"
import { EventStreams } from "../event-streams.ts"
import { claimFormRoutes } from "../forms/claim.ts"
import { firstPasswordRoutes } from "../forms/first-password.ts"
import { loginRoutes } from "../forms/login.ts"
import { MessageStreams } from "../message-streams.ts"
import type { PageFiles } from "../page-files.ts"
import type { Gateway } from "../ports.ts"
import type { Route } from "../route.ts"
import type { Tokens } from "../token.ts"
import { accountRoutes } from "./account.ts"
import { applianceRoutes } from "./appliance.ts"
import { authorityRoutes } from "./authority.ts"
import { backupRoute } from "./backup.ts"
import { certificateRoutes } from "./certificates.ts"
import { claimRoutes } from "./claim.ts"
import { clientRoutes } from "./clients.ts"
import { deviceRoutes } from "./devices.ts"
import { eventRoutes } from "./events.ts"
import { explainRoutes } from "./explain.ts"
import { limitRoutes } from "./limits.ts"
import { messageRoutes } from "./messages.ts"
import { openApiRoute } from "./openapi.ts"
import { overviewRoutes } from "./overview.ts"
import { pageRoutes } from "./page.ts"
import { peopleRoutes } from "./people.ts"
import { previewRoutes } from "./preview.ts"
import { recordRoutes } from "./records.ts"
import { registryRoutes } from "./registry.ts"
import { roleRoutes } from "./roles.ts"
import { serialRoutes } from "./serial.ts"
import { serverCertificateRoutes } from "./server-certificates.ts"
import { sessionRoutes } from "./session.ts"
import { healthRoute, statusRoutes } from "./status.ts"
import { systemRoutes } from "./system.ts"
import { tokenRoutes } from "./tokens.ts"
import { trustRoutes } from "./trust.ts"
import { userRoutes } from "./users.ts"

/**
 * The one table of everything that answers; what is not in it does not exist. A server that has no desk, and judges by
 * tokens of its own, serves nothing that gives a pass out or speaks of one.
 */
export function routeTable(
  gateway: Gateway,
  at: Desk | Tokens,
  streams = openStreams(gateway),
  page?: PageFiles,
): Route[] {
  const claim = openClaim(gateway) // by the form or by the API: wrong codes count together
  const below = [
    ...statusRoutes(gateway),
    ...overviewRoutes(gateway),
    ...deviceRoutes(gateway),
    ...("passes" in at ? deskRoutes(gateway, at, claim) : []),
    ...userRoutes(gateway),
    ...registryRoutes(gateway),
    ...peopleRoutes(gateway),
    ...roleRoutes(gateway),
    ...previewRoutes(gateway),
    ...certificateRoutes(gateway),
    ...authorityRoutes(gateway),
    ...trustRoutes(gateway),
    ...serverCertificateRoutes(gateway),
    ...clientRoutes(gateway),
    ...serialRoutes(gateway),
    ...explainRoutes(gateway),
    ...limitRoutes(gateway),
    ...applianceRoutes(gateway),
    ...eventRoutes(streams.events),
    ...recordRoutes(gateway),
    ...systemRoutes(gateway),
    ...messageRoutes(gateway, streams.messages),
    backupRoute(gateway),
  ]
  const table: Route[] = [
    healthRoute(gateway),
    openApiRoute(() => table, gateway.version),
    ...("passes" in at ? pageRoutes(gateway, at, page) : []),
    ...("passes" in at ? formRoutes(gateway, at, claim, page) : []),
    ...below.map((line) => ({ ...line, path: API + line.path })),
  ]
  return table
}

/** The answers that go on; whoever closes the server ends them first. */
export interface OpenStreams extends Disposable {
  readonly events: EventStreams
  readonly messages: MessageStreams
}

export function openStreams(gateway: Gateway): OpenStreams {
  const events = new EventStreams(gateway)
  const messages = new MessageStreams(gateway.messages, gateway.clock)
  return {
    events,
    messages,
    [Symbol.dispose]() {
      events[Symbol.dispose]()
      messages[Symbol.dispose]()
    },
  }
}

/** The pages without script, before the sign-in. */
function formRoutes(gateway: Gateway, desk: Desk, claim: Claim, page: PageFiles | undefined): Route[] {
  const frame = { hostname: gateway.hostname, page }
  return [
    ...loginRoutes(gateway, desk, frame),
    ...claimFormRoutes(gateway, desk, claim, frame),
    ...firstPasswordRoutes(desk, frame),
  ]
}

function deskRoutes(gateway: Gateway, desk: Desk, claim: Claim): Route[] {
  return [
    ...claimRoutes(gateway, desk, claim),
    ...tokenRoutes(gateway, desk),
    ...sessionRoutes(desk),
    ...accountRoutes(gateway, desk),
  ]
}
