import { type AccessDocument, emptyAccess } from "../../../service/access/access-document.ts"
import { Accounts } from "../../../service/access/accounts.ts"
import type { Actor } from "../../../service/access/actor.ts"
import { Directory } from "../../../service/access/directory.ts"
import { Passwords } from "../../../service/access/password.ts"
import type { Permission } from "../../../service/access/permission.ts"
import type { Role } from "../../../service/access/role.ts"
import type { Grant, User } from "../../../service/access/user.ts"
import { MemoryDocument } from "../../support/memory-document.ts"

/** A well-formed hash that is no password's. */
export const HASH = `$argon2id$v=19$m=8192,t=1,p=1$${"A".repeat(22)}$${"B".repeat(43)}`

/** The id of an authority outside that the plant trusts. */
export const OUTSIDE = "plant7-ca"

export const persons = { kind: "password", hash: HASH, forPeople: true } as const satisfies Grant
export const devices = { kind: "password", hash: HASH, forPeople: false } as const satisfies Grant
export const certificate = { kind: "certificate", issuer: "gatehouse" } as const satisfies Grant
export const outsideCertificate = { kind: "certificate", issuer: OUTSIDE } as const satisfies Grant

export function userOf(username: string, fields: Partial<User> = {}): User {
  return { username, grant: devices, roles: [], permissions: [], enabled: true, ...fields }
}

export const boss = userOf("boss", { grant: persons, roles: ["admin"] })
export const tina = userOf("tina", { grant: persons, roles: ["technician"] })
export const pump = userOf("pump-7", { roles: ["device"] })

export function may(operation: Permission["operation"], resource: string): Permission {
  return { context: "mqtt", operation, resource }
}

export function mayHttp(operation: Permission["operation"], resource: string): Permission {
  return { context: "http", operation, resource }
}

/** One for all plants of a file: each makes a hash when it begins. */
const passwords = new Passwords(2)

export interface Plant {
  readonly document: MemoryDocument<AccessDocument>
  readonly directory: Directory
  readonly passwords: Passwords
  readonly accounts: Accounts
  /** The user as one who asks for a change, with the rights it has now. */
  actor(name: string): Actor
}

/** A gateway in service with these users and roles, in memory. */
export function openPlant(users: readonly User[] = [boss, tina, pump], roles: readonly Role[] = []): Plant {
  return open({ ...emptyAccess(), claimed: true, users, roles })
}

export function openUnclaimed(): Plant {
  return open(emptyAccess())
}

function open(value: AccessDocument): Plant {
  const document = new MemoryDocument<AccessDocument>(value)
  const directory = new Directory(document)
  const accounts = new Accounts(directory, passwords, (issuer) => issuer === "gatehouse" || issuer === OUTSIDE)
  const actor = (name: string) => ({ name, rights: directory.rights(directory.users.get(name)!) })
  return { document, directory, passwords, accounts, actor }
}
