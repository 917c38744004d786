import { rightsOf } from "../../access/access-document.ts"
import type { Watch } from "../../access/accounts.ts"
import type { Permission } from "../../access/permission.ts"
import type { Grant, User } from "../../access/user.ts"
import { created, noContent, ok } from "../answer.ts"
import { assertConfirmed, isPowerful } from "../confirmation.ts"
import { API, newUser, searchQuery, userAnswer, userChange, userParams, usersAnswer } from "../contract.ts"
import { ONE_TIME_MS, oneTimePasswordAnswer } from "../contract-passes.ts"
import { assertUnchanged, tagged, withTag } from "../etag.ts"
import { knownUser } from "../known-user.ts"
import { found, pageOf } from "../paging.ts"
import type { Gateway } from "../ports.ts"
import { type Call, type Route, route } from "../route.ts"
import { time } from "../time.ts"

/** Devices and people. Who may change whom is judged by `Accounts`. */
export function userRoutes({ directory, accounts, clock }: Gateway): Route[] {
  return [
    route({
      method: "GET",
      path: "/users",
      access: "read",
      summary: "List users, devices and people",
      query: searchQuery,
      answers: usersAnswer,
      answer({ query }) {
        const { items, next } = pageOf(
          found(directory.users.values(), query.search, textsOf),
          (user) => user.username,
          query,
        )
        return ok({ users: items.map(shownUser), next })
      },
    }),
    route({
      method: "POST",
      path: "/users",
      access: "write",
      summary: "Create a user; one with HTTP rights needs the password confirmed",
      tagged: true,
      refuses: ["confirmation-needed", "conflict", "busy", "disk-failed"],
      body: newUser,
      answers: userAnswer,
      success: 201,
      async answer(call) {
        const user = await accounts.create(call.actor, call.body, watching(call))
        return withTag(created(shownUser(user), `${API}/users/${encodeURIComponent(user.username)}`), shownUser(user))
      },
    }),
    route({
      method: "GET",
      path: "/users/:username",
      access: "read",
      summary: "Show a user",
      tagged: true,
      refuses: ["not-found"],
      params: userParams,
      answers: userAnswer,
      answer: (call) => tagged(call, shownUser(knownUser(directory, call.params.username))),
    }),
    route({
      method: "PATCH",
      path: "/users/:username",
      access: "write",
      summary: "Change a user; what is absent stays. One with HTTP rights needs the password confirmed",
      tagged: true,
      refuses: ["confirmation-needed", "not-found", "conflict", "busy", "disk-failed"],
      params: userParams,
      body: userChange,
      answers: userAnswer,
      async answer(call) {
        const user = shownUser(await accounts.change(call.actor, call.params.username, call.body, watching(call)))
        return withTag(ok(user), user)
      },
    }),
    route({
      method: "POST",
      path: "/users/:username/one-time-password",
      access: "write",
      summary: "Give a person a one-time password in place of theirs, to choose one of their own with; shown once",
      confirmed: true,
      refuses: ["not-found", "conflict", "busy", "disk-failed"],
      params: userParams,
      answers: oneTimePasswordAnswer,
      success: 201,
      async answer(call) {
        const until = clock.now() + ONE_TIME_MS
        const { username } = call.params
        const oneTimePassword = await accounts.giveOneTimePassword(call.actor, username, until, watching(call))
        return { status: 201, body: { oneTimePassword, expiresAt: time(until) } }
      },
    }),
    route({
      method: "DELETE",
      path: "/users/:username",
      access: "write",
      summary: "Remove a user, its sessions and its certificates; one with HTTP rights needs the password confirmed",
      tagged: true,
      refuses: ["confirmation-needed", "not-found", "conflict", "disk-failed"],
      params: userParams,
      async answer(call) {
        await accounts.remove(call.actor, call.params.username, watching(call))
        return noContent
      },
    }),
  ]
}

/** Takes a change of the state that the asker saw, and of whoever may use this API only with a fresh password. */
function watching(call: Call): Watch<User> {
  return (before, after, { roles }) => {
    assertUnchanged(call, before && shownUser(before))
    const touched: Permission[] = [before, after].flatMap((user) => (user === undefined ? [] : rightsOf(user, roles)))
    if (isPowerful(touched)) assertConfirmed(call)
  }
}

function textsOf({ username, note = "", roles }: User): string[] {
  return [username, note, ...roles]
}

/** Field by field, so that a field added to the domain does not show by itself. */
export function shownUser(user: User) {
  const { username, roles, permissions, enabled, publishPrefix, note } = user
  return { username, grant: shownGrant(user.grant), roles, permissions, enabled, publishPrefix, note }
}

function shownGrant(grant: Grant) {
  if (grant.kind === "password") {
    return { kind: grant.kind, ...(grant.once === undefined ? {} : { oneTimeUntil: time(grant.once) }) }
  }
  return { kind: grant.kind, issuer: grant.issuer, publicKey: grant.publicKey }
}
