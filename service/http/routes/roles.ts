import { isBuiltIn, type Role } from "../../access/role.ts"
import { created, noContent, ok } from "../answer.ts"
import { API, roleAnswer, roleParams, roleRequest, rolesAnswer } from "../contract.ts"
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
      answers: rolesAnswer,
      answer: () => ok({ roles: [...directory.roles.values()].map(shown) }),
    }),
    route({
      method: "GET",
      path: "/roles/:role",
      access: "read",
      params: roleParams,
      answers: roleAnswer,
      answer({ params }) {
        const role = directory.roles.get(params.role)
        if (role === undefined) throw new Problem("not-found", `there is no role ${params.role}`)
        return ok(shown(role))
      },
    }),
    route({
      method: "PUT",
      path: "/roles/:role",
      access: "write",
      administratorOnly: true,
      params: roleParams,
      body: roleRequest,
      answers: roleAnswer,
      async answer({ actor, params, body }) {
        const role: Role = { name: params.role, ...body }
        const known = directory.roles.has(role.name)
        await accounts.setRole(actor, role)
        return known ? ok(shown(role)) : created(shown(role), `${API}/roles/${encodeURIComponent(role.name)}`)
      },
    }),
    route({
      method: "DELETE",
      path: "/roles/:role",
      access: "write",
      administratorOnly: true,
      params: roleParams,
      async answer({ actor, params }) {
        await accounts.removeRole(actor, params.role)
        return noContent
      },
    }),
  ]
}

function shown(role: Role) {
  const { name, permissions, certificateLifetimeDays } = role
  return { name, permissions, certificateLifetimeDays, builtIn: isBuiltIn(name) }
}
