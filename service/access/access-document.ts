import { z } from "zod"
import { GatewayError } from "../errors.ts"
import { includes, type Permission, reachesHttp } from "./permission.ts"
import { BUILT_IN_ROLES, isBuiltIn, type Role, roleSchema } from "./role.ts"
import { OWN_ISSUER, type User, userSchema } from "./user.ts"

export const ACCESS_FORMAT = "gatehouse-users"

/** Users and roles as they lie on the disk. `claimed` says that someone has taken the box into service. */
export interface AccessDocument {
  readonly format: typeof ACCESS_FORMAT
  readonly version: 1
  readonly claimed: boolean
  readonly users: readonly User[]
  readonly roles: readonly Role[]
}

export const accessDocument = z.strictObject({
  format: z.literal(ACCESS_FORMAT),
  version: z.literal(1),
  claimed: z.boolean(),
  users: z
    .array(userSchema)
    .refine((users) => allDiffer(users.map((user) => user.username)), "a username stands twice"),
  roles: z.array(roleSchema).refine((roles) => allDiffer(roles.map((role) => role.name)), "a role stands twice"),
})

function allDiffer(names: readonly string[]): boolean {
  return new Set(names).size === names.length
}

export function emptyAccess(): AccessDocument {
  return { format: ACCESS_FORMAT, version: 1, claimed: false, users: [], roles: [] }
}

/** A working copy of the document in the shape that edits want. */
export interface Draft {
  claimed: boolean
  readonly users: Map<string, User>
  readonly roles: Map<string, Role>
}

export function draftOf(document: AccessDocument): Draft {
  return {
    claimed: document.claimed,
    users: new Map(document.users.map((user) => [user.username, user])),
    roles: rolesOf(document),
  }
}

/** All roles by name, the built-in ones among them; a file cannot put another in the place of one of these. */
export function rolesOf(document: AccessDocument): Map<string, Role> {
  const own = document.roles.filter((role) => !isBuiltIn(role.name))
  return new Map([...BUILT_IN_ROLES, ...own].map((role) => [role.name, role]))
}

export function documentOf(draft: Draft): AccessDocument {
  const roles = [...draft.roles.values()].filter((role) => !isBuiltIn(role.name))
  return { ...emptyAccess(), claimed: draft.claimed, users: [...draft.users.values()], roles }
}

/** The union of a user's roles' and its own permissions. */
export function rightsOf(user: User, roles: ReadonlyMap<string, Role>): Permission[] {
  const rights: Permission[] = []
  for (const name of user.roles) rights.push(...(roles.get(name)?.permissions ?? []))
  rights.push(...user.permissions)
  return rights
}

const EVERYTHING: Permission = { context: "http", operation: "readWrite", resource: "/#" }

/** An administrator holds every HTTP right; such a user may pass on anything. */
export function isAdministrator(rights: readonly Permission[]): boolean {
  return includes(rights, EVERYTHING)
}

/** Throws when the draft breaks a rule that must hold whatever the way it was changed. */
export function assertSound(draft: Draft): void {
  const web = new Set([...draft.roles.values()].filter(reachesHttp).map((role) => role.name))
  let administrators = 0
  for (const user of draft.users.values()) {
    const missing = user.roles.find((name) => !draft.roles.has(name))
    if (missing !== undefined) {
      throw new GatewayError(
        "conflict",
        `user ${user.username} has the role ${missing}, which does not exist; create it first`,
      )
    }
    if (!reachesHttp(user) && !user.roles.some((name) => web.has(name))) continue
    assertFitForHttp(user)
    if (user.enabled && user.grant.kind === "password" && isAdministrator(rightsOf(user, draft.roles))) administrators++
  }
  if (draft.claimed && administrators === 0) {
    throw new GatewayError(
      "conflict",
      "the last enabled administrator with a password cannot be removed; make another first",
    )
  }
}

function assertFitForHttp({ username, grant }: User): void {
  if (grant.kind === "certificate" && grant.issuer !== OWN_ISSUER) {
    throw new GatewayError(
      "conflict",
      `user ${username} has a certificate of the outside authority ${grant.issuer} and cannot have HTTP rights; remove one of the two`,
    )
  }
  if (grant.kind === "password" && !grant.forPeople) {
    throw new GatewayError(
      "conflict",
      `user ${username} has a device's password; set one by the rules for people (12 characters) together with the HTTP rights`,
    )
  }
}
