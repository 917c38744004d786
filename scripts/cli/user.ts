import type { z } from "zod"
import type { userAnswer } from "../../service/http/contract.ts"
import { part } from "./api.ts"
import { type Call, type Command, misused } from "./command.ts"
import { inWords } from "./permission.ts"
import type { Screen } from "./screen.ts"
import { FIELD_OPTIONS, fieldsOf, GRANT_OPTIONS, grantOf, REMOVAL_OPTIONS } from "./user-fields.ts"

type User = z.infer<typeof userAnswer>

const NAME = { name: "USERNAME" } as const

/** Devices and people. */
export const USER_COMMANDS: readonly Command[] = [
  {
    words: "user list",
    summary: "List the users: devices and people.",
    example: "user list",
    async run({ api, screen }) {
      const answer = await api.all<"users", User>("/users", "users")
      screen.answer(answer, () => listLines(screen, answer.users))
    },
  },
  {
    words: "user show",
    summary: "Show one user with its roles and permissions.",
    operands: [NAME],
    example: "user show pump-1",
    run: async (call) => show(call, await call.api.get<User>(addressOf(call))),
  },
  {
    words: "user add",
    summary: "Add a user that proves itself by a certificate or by a password.",
    operands: [NAME],
    options: { ...GRANT_OPTIONS, ...FIELD_OPTIONS, disabled: { summary: "it cannot connect until it is enabled" } },
    example: "user add pump-1 --certificate --role device",
    run: add,
  },
  {
    words: "user change",
    summary: "Change a user: what is not named stays, roles and permissions that are named replace all it had.",
    operands: [NAME],
    options: { ...GRANT_OPTIONS, ...FIELD_OPTIONS, ...REMOVAL_OPTIONS },
    example: "user change pump-1 --role device --allow read:plant/announcements",
    run: change,
  },
  {
    words: "user disable",
    summary: "Disconnect a user and keep it out; its roles and certificates stay.",
    operands: [NAME],
    example: "user disable pump-1",
    run: (call) => patch(call, { enabled: false }),
  },
  {
    words: "user enable",
    summary: "Let a disabled user in again.",
    operands: [NAME],
    example: "user enable pump-1",
    run: (call) => patch(call, { enabled: true }),
  },
  {
    words: "user remove",
    summary: "Remove a user, end its sessions and revoke its certificates.",
    operands: [NAME],
    example: "user remove pump-1",
    async run(call) {
      await call.api.ask("DELETE", addressOf(call))
      call.screen.answer({}, () => `${call.operand("USERNAME")} is removed.`)
    },
  },
]

async function add(call: Call): Promise<void> {
  const username = call.operand("USERNAME")
  const fields = fieldsOf(call)
  const grant = await grantOf(call, username)
  if (grant === undefined) {
    throw misused(`say how ${username} proves itself: --certificate, --password or --password-stdin`)
  }
  const json = { username, grant, ...fields, ...(call.flag("disabled") ? { enabled: false } : {}) }
  show(call, await call.api.ask<User>("POST", "/users", { json }))
}

async function change(call: Call): Promise<void> {
  const fields = fieldsOf(call)
  const grant = await grantOf(call, call.operand("USERNAME"))
  if (grant === undefined && Object.keys(fields).length === 0) {
    throw misused("say what to change; see gatehouse user change --help")
  }
  await patch(call, grant === undefined ? fields : { ...fields, grant })
}

async function patch(call: Call, json: object): Promise<void> {
  show(call, await call.api.ask<User>("PATCH", addressOf(call), { json }))
}

function addressOf(call: Call): string {
  return `/users/${part(call.operand("USERNAME"))}`
}

function show({ screen }: Call, user: User): void {
  screen.answer(user, () =>
    screen.facts([
      ["username", user.username],
      ["proves itself by", proof(user)],
      ["state", user.enabled ? "enabled" : "disabled"],
      ["roles", user.roles.join(", ")],
      ["permissions", user.permissions.map(inWords)],
      ["publish prefix", user.publishPrefix ?? ""],
      ["note", user.note ?? ""],
    ]),
  )
}

function proof({ grant }: User): string {
  if (grant.kind === "password") return "password"
  const pinned = grant.publicKey === undefined ? "" : `, pinned to the key ${grant.publicKey}`
  return `certificate of ${grant.issuer}${pinned}`
}

function listLines(screen: Screen, users: readonly User[]): string[] {
  const rows = users.map(({ username, grant, enabled, roles, permissions, note }) => [
    username,
    grant.kind === "certificate" && grant.issuer !== "gatehouse" ? `certificate of ${grant.issuer}` : grant.kind,
    enabled ? "enabled" : "disabled",
    roles.join(", "),
    permissions.map(inWords).join(", "),
    note ?? "",
  ])
  return screen.table(["USERNAME", "PROOF", "STATE", "ROLES", "PERMISSIONS", "NOTE"], rows, "there is no user")
}
