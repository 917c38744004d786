import { isAdministrator } from "../../access/access-document.ts"
import { ok } from "../answer.ts"
import { searchQuery } from "../contract.ts"
import { peopleAnswer } from "../contract-passes.ts"
import { isDevice } from "../devices.ts"
import { found, pageOf } from "../paging.ts"
import type { Gateway } from "../ports.ts"
import { type Route, route } from "../route.ts"
import { time } from "../time.ts"

/** People: the users who have a right to this API, which makes them no devices. */
export function peopleRoutes(gateway: Gateway): Route[] {
  const { directory } = gateway
  return [
    route({
      method: "GET",
      path: "/people",
      access: "read",
      summary: "List people: users with a right to this API, and whether they have chosen their password",
      query: searchQuery,
      answers: peopleAnswer,
      answer({ query }) {
        const people = [...directory.users.values()].filter((user) => !isDevice(user, gateway))
        const meant = found(people, query.search, ({ username, note = "", roles }) => [username, note, ...roles])
        const { items, next } = pageOf(meant, ({ username }) => username, query)
        const shown = items.map((user) => {
          const once = user.grant.kind === "password" ? user.grant.once : undefined
          return {
            ...{ username: user.username, roles: user.roles, enabled: user.enabled, note: user.note },
            administrator: isAdministrator(directory.rights(user)),
            ...(once === undefined ? {} : { oneTimeUntil: time(once) }),
          }
        })
        return ok({ people: shown, next })
      },
    }),
  ]
}
