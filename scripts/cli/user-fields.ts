import { type Call, misused, type Option } from "./command.ts"
import { PERMISSION_OPTIONS, permissionsOf } from "./permission.ts"
import { newPassword, PASSWORD_STDIN } from "./secret.ts"

/** How a user proves itself. */
export const GRANT_OPTIONS: Readonly<Record<string, Option>> = {
  certificate: { summary: "it proves itself by a certificate" },
  issuer: { value: "ID", summary: "the certificate's authority, where that is not this gateway" },
  "public-key": { value: "HEX", summary: "the one public key it may use: SHA-256 of its SPKI" },
  password: { summary: "it proves itself by a password, asked for on the terminal" },
  "password-stdin": PASSWORD_STDIN,
}

/** What else is said about a user, in `user add`. */
export const FIELD_OPTIONS: Readonly<Record<string, Option>> = {
  role: { value: "NAME", many: true, summary: "a role it has; admin, technician, viewer and device are built in" },
  ...PERMISSION_OPTIONS,
  prefix: { value: "TOPIC", summary: "put before every topic it publishes to" },
  note: { value: "TEXT", summary: "a remark for people" },
}

/** What takes a field away, in `user change`. */
export const REMOVAL_OPTIONS: Readonly<Record<string, Option>> = {
  "no-roles": { summary: "take all roles away" },
  "no-permissions": { summary: "take all permissions of its own away" },
  "no-prefix": { summary: "publish without a prefix" },
  "no-note": { summary: "remove the note" },
}

/** The grant a call asks for; undefined when it asks for none. */
export async function grantOf(call: Call, username: string): Promise<object | undefined> {
  const [issuer, publicKey] = [call.text("issuer"), call.text("public-key")]
  const certificate = call.flag("certificate") || issuer !== undefined || publicKey !== undefined
  const password = call.flag("password") || call.flag("password-stdin")
  if (certificate && password) throw misused("a user has a certificate or a password, never both")
  if (password) return { kind: "password", password: await newPassword(call, username) }
  if (!certificate) return undefined
  return { kind: "certificate", ...present({ issuer, publicKey }) }
}

/** The fields a call sets, in the API's words; null takes one away. */
export function fieldsOf(call: Call): Record<string, unknown> {
  return present({
    roles: either(call, "role", call.texts("role").length > 0 ? call.texts("role") : undefined, "no-roles", []),
    permissions: either(call, "allow", permissionsOf(call), "no-permissions", []),
    publishPrefix: either(call, "prefix", call.text("prefix"), "no-prefix", null),
    note: either(call, "note", call.text("note"), "no-note", null),
  })
}

function either<T, N>(call: Call, name: string, given: T | undefined, removal: string, none: N): T | N | undefined {
  if (!call.flag(removal)) return given
  if (given !== undefined) throw misused(`--${name} and --${removal} contradict each other`)
  return none
}

function present(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
