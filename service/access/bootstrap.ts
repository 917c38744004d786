import { z } from "zod"
import { GatewayError } from "../errors.ts"
import type { Draft } from "./access-document.ts"
import { type Accounts, assertNotBuiltIn } from "./accounts.ts"
import type { Directory } from "./directory.ts"
import { reachesHttp } from "./permission.ts"
import { BUILT_IN_ROLES, type Role, roleSchema } from "./role.ts"
import { type Grant, type User, username } from "./user.ts"
import { type GrantInput, newUser, password } from "./user-input.ts"

/**
 * The file that takes a box into service without a person: its first administrator, and as many roles, users and
 * trusted authorities as wanted. Applied once, on an unclaimed box only.
 */
export const bootstrapSchema = z.strictObject({
  administrator: z.strictObject({ username, password }),
  roles: z.array(roleSchema).default([]),
  users: z.array(newUser).default([]),
  authorities: z
    .array(
      z.strictObject({
        id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, "an id has 1 to 32 of a-z 0-9 -"),
        /** PEM; one certificate. */
        certificate: z.string().max(65536),
        scope: z.string(),
      }),
    )
    .default([]),
})

export type Bootstrap = z.infer<typeof bootstrapSchema>

/** Throws `bootstrap-invalid` with every place that is wrong, never with a value: it may be a password. */
export function parseBootstrap(json: unknown): Bootstrap {
  const parsed = bootstrapSchema.safeParse(json)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => `${issue.path.join(".") || "the file"}: ${issue.message}`)
  throw new GatewayError("bootstrap-invalid", `the bootstrap file cannot be applied; ${problems.join("; ")}`)
}

/**
 * Puts administrator, roles and users in place and marks the box as claimed, in one write. The authorities must be
 * trusted already. `progress` is called as passwords are hashed, which takes about 20 ms each on a server core.
 */
export async function applyBootstrap(
  bootstrap: Bootstrap,
  directory: Directory,
  accounts: Accounts,
  progress: (done: number, total: number) => void,
): Promise<void> {
  const { administrator } = bootstrap
  const wanted = [
    newUser.parse({
      username: administrator.username,
      grant: { kind: "password", password: administrator.password },
      roles: ["admin"],
    }),
    ...bootstrap.users,
  ]
  const usernames = wanted.map((user) => user.username)
  const roleNames = bootstrap.roles.map((role) => role.name)
  assertAllDiffer("user", usernames)
  assertAllDiffer("role", roleNames)
  const web = new Set([...BUILT_IN_ROLES, ...bootstrap.roles].filter(reachesHttp).map((role) => role.name))
  const users: User[] = []
  for (const { grant, ...user } of wanted) {
    const forPeople = user.roles.some((role) => web.has(role)) || reachesHttp(user)
    users.push({ ...user, grant: await grantOf(accounts, user.username, grant, forPeople) })
    progress(users.length, wanted.length)
  }
  await directory.change((draft) => {
    if (draft.claimed) throw new GatewayError("already-claimed", "this gateway is in service already")
    draft.claimed = true
    adopt(draft, users, bootstrap.roles)
  })
}

/** Says whose password breaks the rule; the rule's sentence alone would not help among a hundred users. */
async function grantOf(accounts: Accounts, name: string, input: GrantInput, forPeople: boolean): Promise<Grant> {
  try {
    return await accounts.grant(name, input, forPeople)
  } catch (error) {
    if (!(error instanceof GatewayError && error.code === "bad-request")) throw error
    throw new GatewayError("bootstrap-invalid", `the bootstrap file's user ${name}: ${error.message}`)
  }
}

function assertAllDiffer(what: "user" | "role", names: readonly string[]): void {
  const seen = new Set<string>()
  const doubled = names.find((name) => seen.size === seen.add(name).size)
  if (doubled === undefined) return
  throw new GatewayError("bootstrap-invalid", `the bootstrap file names the ${what} ${doubled} twice`)
}

function adopt(draft: Draft, users: readonly User[], roles: readonly Role[]): void {
  for (const role of roles) {
    assertNotBuiltIn(role.name)
    draft.roles.set(role.name, role)
  }
  for (const user of users) draft.users.set(user.username, user)
}
