import { effectsOf } from "../../access/preview.ts"
import { ok } from "../answer.ts"
import { previewAnswer, roleParams, roleRequest, userChange, userParams } from "../contract.ts"
import type { Gateway } from "../ports.ts"
import { type Route, route } from "../route.ts"

/** How many of the clients that a change would touch are named. */
const MOST = 200

/** What a change would do, judged exactly as the change itself and then not made. */
export function previewRoutes({ directory, accounts, clients }: Gateway): Route[] {
  const shown = (draft: Parameters<typeof effectsOf>[1]) => {
    const effects = effectsOf(directory, draft, clients.list())
    return ok({ total: effects.length, clients: effects.slice(0, MOST) })
  }
  return [
    route({
      method: "POST",
      path: "/users/:username/preview",
      access: "write",
      changesNothing: true,
      summary: "What a change of this user would do to connected clients; changes nothing",
      refuses: ["not-found", "conflict"],
      params: userParams,
      body: userChange,
      answers: previewAnswer,
      answer: ({ actor, params, body }) => shown(accounts.previewChange(actor, params.username, body)),
    }),
    route({
      method: "POST",
      path: "/roles/:role/preview",
      access: "write",
      changesNothing: true,
      summary: "What a change of this role would do to connected clients; changes nothing",
      administratorOnly: true,
      refuses: ["conflict"],
      params: roleParams,
      body: roleRequest,
      answers: previewAnswer,
      answer: ({ actor, params, body }) => shown(accounts.previewRole(actor, { name: params.role, ...body })),
    }),
  ]
}
