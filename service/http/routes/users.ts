import type { Grant, User } from "../../access/user.ts"
import { created, noContent, ok } from "../answer.ts"
import { API, newUser, pageQuery, userAnswer, userChange, userParams, usersAnswer } from "../contract.ts"
import { knownUser } from "../known-user.ts"
import { pageOf } from "../paging.ts"
import type { Gateway } from "../ports.ts"
import { type Route, route } from "../route.ts"

/** Devices and people. Who may change whom is judged by `Accounts`. */
export function userRoutes({ directory, accounts }: Gateway): Route[] {
  return [
    route({
      method: "GET",
      path: "/users",
      access: "read",
      query: pageQuery,
      answers: usersAnswer,
      answer({ query }) {
        const { items, next } = pageOf(directory.users.values(), (user) => user.username, query)
        return ok({ users: items.map(shown), next })
      },
    }),
    route({
      method: "POST",
      path: "/users",
      access: "write",
      body: newUser,
      answers: userAnswer,
      async answer({ actor, body }) {
        const user = await accounts.create(actor, body)
        return created(shown(user), `${API}/users/${encodeURIComponent(user.username)}`)
      },
    }),
    route({
      method: "GET",
      path: "/users/:username",
      access: "read",
      params: userParams,
      answers: userAnswer,
      answer: ({ params }) => ok(shown(knownUser(directory, params.username))),
    }),
    route({
      method: "PATCH",
      path: "/users/:username",
      access: "write",
      params: userParams,
      body: userChange,
      answers: userAnswer,
      answer: async ({ actor, params, body }) => ok(shown(await accounts.change(actor, params.username, body))),
    }),
    route({
      method: "DELETE",
      path: "/users/:username",
      access: "write",
      params: userParams,
      async answer({ actor, params }) {
        await accounts.remove(actor, params.username)
        return noContent
      },
    }),
  ]
}

/** Field by field, so that a field added to the domain does not show by itself. */
function shown(user: User) {
  const { username, roles, permissions, enabled, publishPrefix, note } = user
  return { username, grant: shownGrant(user.grant), roles, permissions, enabled, publishPrefix, note }
}

function shownGrant(grant: Grant) {
  if (grant.kind === "password") return { kind: grant.kind }
  return { kind: grant.kind, issuer: grant.issuer, publicKey: grant.publicKey }
}
