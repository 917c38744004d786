import type { Permission } from "../../access/permission.ts"
import type { User } from "../../access/user.ts"
import { ok } from "../answer.ts"
import { userParams } from "../contract.ts"
import { type Device, deviceAnswer, type deviceFilters, devicesAnswer, devicesQuery } from "../contract-devices.ts"
import { beholder, isDevice, shownRefusal } from "../devices.ts"
import { knownUser } from "../known-user.ts"
import { found, pageOf } from "../paging.ts"
import type { Gateway } from "../ports.ts"
import { type Route, route } from "../route.ts"
import { shownClient } from "./clients.ts"

type Filter = (typeof deviceFilters)[number]

/** Devices as a technician sees them: what /users, /clients, /certificates and /refused say of one, in one. */
export function deviceRoutes(gateway: Gateway): Route[] {
  const { directory, clients, door } = gateway
  return [
    route({
      method: "GET",
      path: "/devices",
      access: "read",
      summary: "List devices: users without a right to this API, how they are and what they need somebody for",
      query: devicesQuery,
      answers: devicesAnswer,
      answer({ query }) {
        const behold = beholder(gateway)
        const devices = [...directory.users.values()].filter((user) => isDevice(user, gateway))
        const meant = found(devices, query.search, textsOf).map(behold)
        const shown = meant.filter((device) => passes(device, query.show))
        const { items, next } = pageOf(shown, ({ username }) => username, query)
        return ok({ devices: items, counts: countsOf(meant), next })
      },
    }),
    route({
      method: "GET",
      path: "/devices/:username",
      access: "read",
      summary: "Show a device: its clients, its rights and where from, everything of it that was refused",
      refuses: ["not-found"],
      params: userParams,
      answers: deviceAnswer,
      answer({ params }) {
        const user = knownUser(directory, params.username)
        return ok({
          device: beholder(gateway)(user),
          clients: clients
            .list()
            .filter(({ username }) => username === user.username)
            .map(shownClient),
          rights: rightsWithOrigin(user, gateway),
          publishPrefix: user.publishPrefix,
          refusals: door.groups.filter(({ name }) => name === user.username).map(shownRefusal),
        })
      },
    }),
  ]
}

function textsOf({ username, note = "", roles }: User): string[] {
  return [username, note, ...roles]
}

function passes({ state, needs }: Device, show: Filter): boolean {
  return show === "all" || (show === "attention" ? needs !== undefined : state === show)
}

function countsOf(devices: readonly Device[]): Record<Filter, number> {
  const counts = { all: 0, connected: 0, offline: 0, never: 0, disabled: 0, attention: 0 }
  for (const device of devices) {
    counts.all++
    counts[device.state]++
    if (device.needs !== undefined) counts.attention++
  }
  return counts
}

function rightsWithOrigin(
  user: User,
  { directory }: Gateway,
): { readonly permission: Permission; readonly role?: string }[] {
  const inherited = user.roles.flatMap((role) =>
    (directory.roles.get(role)?.permissions ?? []).map((permission) => ({ permission, role })),
  )
  return [...inherited, ...user.permissions.map((permission) => ({ permission }))]
}
