import { isBuiltIn, type Role } from "../../access/role.ts"
import { created, noContent, ok } from "../answer.ts"
import { API, roleAnswer, roleParams, roleRequest, rolesAnswer } from "../contract.ts"
import { assertUnchanged, tagged, withTag } from "../etag.ts"
import type { Gateway } from "../ports.ts"
import { Problem } from "../problem.ts"
import { type Route, route } from "../route.ts"

/** Named sets of permissions. Changing them belongs to administrators. */
export function roleRoutes({ directory, accounts }: Gateway): Route[] {
  return [
    route({
      method: "GET",
      path: "/roles",
      access: "read",
      summary: "List roles",
      answers: rolesAnswer,
      answer: () => ok({ roles: [...directory.roles.values()].map(shown) }),
    }),
    route({
      method: "GET",
      path: "/roles/:role",
      access: "read",
      summary: "Show a role",
      tagged: true,
      refuses: ["not-found"],
      params: roleParams,
      answers: roleAnswer,
      answer(call) {
        const role = directory.roles.get(call.params.role)
        if (role === undefined) throw new Problem("not-found", `there is no role ${call.params.role}`)
        return tagged(call, shown(role))
      },
    }),
    route({
      method: "PUT",
      path: "/roles/:role",
      access: "write",
      summary: "Create or replace a role",
      administratorOnly: true,
      confirmed: true,
      tagged: true,
      refuses: ["conflict", "disk-failed"],
      params: roleParams,
      body: roleRequest,
      answers: roleAnswer,
      success: [200, 201],
      async answer(call) {
        const role: Role = { name: call.params.role, ...call.body }
        let known = false
        await accounts.setRole(call.actor, role, (before) => {
          known = before !== undefined
          assertUnchanged(call, before && shown(before))
        })
        const location = `${API}/roles/${encodeURIComponent(role.name)}`
        return withTag(known ? ok(shown(role)) : created(shown(role), location), shown(role))
      },
    }),
    route({
      method: "DELETE",
      path: "/roles/:role",
      access: "write",
      summary: "Remove a role that nobody has",
      administratorOnly: true,
      confirmed: true,
      tagged: true,
      refuses: ["not-found", "conflict", "disk-failed"],
      params: roleParams,
      async answer(call) {
        await accounts.removeRole(call.actor, call.params.role, (before) =>
          assertUnchanged(call, before && shown(before)),
        )
        return noContent
      },
    }),
  ]
}

function shown(role: Role) {
  const { name, permissions, certificateLifetimeDays } = role
  return { name, permissions, certificateLifetimeDays, builtIn: isBuiltIn(name) }
}
