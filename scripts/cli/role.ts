import type { z } from "zod"
import type { roleAnswer, rolesAnswer } from "../../service/http/contract.ts"
import { part } from "./api.ts"
import { type Call, type Command, misused } from "./command.ts"
import { inWords, PERMISSION_OPTIONS, permissionsOf } from "./permission.ts"
import type { Screen } from "./screen.ts"

type Role = z.infer<typeof roleAnswer>
type Roles = z.infer<typeof rolesAnswer>

const NAME = { name: "ROLE" } as const

/** Named sets of permissions. */
export const ROLE_COMMANDS: readonly Command[] = [
  {
    words: "role list",
    summary: "List the roles with their permissions.",
    example: "role list",
    async run({ api, screen }) {
      const answer = await api.get<Roles>("/roles")
      screen.answer(answer, () => listLines(screen, answer.roles))
    },
  },
  {
    words: "role show",
    summary: "Show one role.",
    operands: [NAME],
    example: "role show device",
    run: async (call) => show(call, await call.api.get<Role>(addressOf(call))),
  },
  {
    words: "role set",
    summary: "Make a role, or replace all of one; its users have the new permissions at once.",
    operands: [NAME],
    options: {
      ...PERMISSION_OPTIONS,
      lifetime: { value: "DAYS", summary: 'how long certificates of its users live: days, or "never" for no end' },
      "no-permissions": { summary: "make a role that permits nothing" },
    },
    example: "role set press --allow readWrite:press/%u/# --allow read:plant/announcements --lifetime 90",
    run: set,
  },
  {
    words: "role remove",
    summary: "Remove a role that no user has.",
    operands: [NAME],
    example: "role remove press",
    async run(call) {
      await call.api.ask("DELETE", addressOf(call))
      call.screen.answer({}, () => `The role ${call.operand("ROLE")} is removed.`)
    },
  },
]

async function set(call: Call): Promise<void> {
  const permissions = permissionsOf(call)
  if ((permissions === undefined) !== call.flag("no-permissions")) {
    throw misused(
      "say what the role permits with --allow or --allow-http, or that it permits nothing: --no-permissions",
    )
  }
  const lifetime = call.text("lifetime")
  const days = lifetime === undefined ? {} : { certificateLifetimeDays: lifetimeOf(lifetime) }
  const json = { permissions: permissions ?? [], ...days }
  show(call, await call.api.ask<Role>("PUT", addressOf(call), { json }))
}

function lifetimeOf(text: string): number | "never" {
  if (text === "never") return text
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text)
  throw misused('--lifetime is a number of days from 1 to 36500, or "never"')
}

function addressOf(call: Call): string {
  return `/roles/${part(call.operand("ROLE"))}`
}

function show({ screen }: Call, role: Role): void {
  screen.answer(role, () =>
    screen.facts([
      ["role", `${role.name}${role.builtIn ? " (built in)" : ""}`],
      ["permissions", role.permissions.map(inWords)],
      ["certificates live", lifetimeInWords(role)],
    ]),
  )
}

function lifetimeInWords({ certificateLifetimeDays: days }: Role): string {
  if (days === undefined) return "as the configuration says"
  return days === "never" ? "without end" : `${days} days`
}

function listLines(screen: Screen, roles: readonly Role[]): string[] {
  const rows = roles.map((role) => [
    role.name,
    role.builtIn ? "built in" : "",
    String(role.certificateLifetimeDays ?? ""),
    role.permissions.map(inWords).join(", "),
  ])
  return screen.table(["ROLE", "KIND", "LIFETIME", "PERMISSIONS"], rows, "there is no role")
}
