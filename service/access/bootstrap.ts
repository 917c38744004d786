import { z } from "zod"
import { GatewayError } from "../errors.ts"
import { type Accounts, adopt, newUser, password } from "./accounts.ts"
import type { Directory } from "./directory.ts"
import { roleSchema } from "./role.ts"
import { type User, username } from "./user.ts"

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
  const doubled = firstDoubled(wanted.map((user) => user.username))
  if (doubled !== undefined)
    throw new GatewayError("bootstrap-invalid", `the bootstrap file names the user ${doubled} twice`)
  const web = new Set(
    bootstrap.roles.filter((role) => role.permissions.some((p) => p.context === "http")).map((r) => r.name),
  )
  const users: User[] = []
  for (const { grant, ...user } of wanted) {
    const forPeople =
      user.roles.some((role) => web.has(role) || WEB_ROLES.has(role)) ||
      user.permissions.some((p) => p.context === "http")
    users.push({ ...user, grant: await accounts.grant(user.username, grant, forPeople) })
    progress(users.length, wanted.length)
  }
  await directory.change((draft) => {
    if (draft.claimed) throw new GatewayError("already-claimed", "this gateway is in service already")
    draft.claimed = true
    adopt(draft, users, bootstrap.roles)
  })
}

const WEB_ROLES = new Set(["admin", "technician", "viewer"])

function firstDoubled(names: readonly string[]): string | undefined {
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) return name
    seen.add(name)
  }
  return undefined
}
