import { GatewayError } from "../errors.ts"
import { type Draft, rightsOf } from "./access-document.ts"
import { type Actor, assertAdministrator, assertHeld } from "./actor.ts"
import { newClaimCode, plainCode } from "./claim-code.ts"
import type { Directory } from "./directory.ts"
import { Grants } from "./grants.ts"
import type { Passwords } from "./password.ts"
import { type Permission, reachesHttp } from "./permission.ts"
import { isBuiltIn, type Role } from "./role.ts"
import type { Grant, User } from "./user.ts"
import type { GrantInput, NewUser, UserChange } from "./user-input.ts"

/**
 * Looks at a change in the working copy just before it is made, and refuses it by throwing: `before` is undefined for
 * something new, `after` for something that goes.
 */
export type Watch<T> = (before: T | undefined, after: T | undefined, draft: Draft) => void

const unwatched = () => {}

/** The verbs that change users and roles, each judged by who asks. */
export class Accounts {
  readonly #directory: Directory
  readonly #passwords: Passwords
  readonly #grants: Grants
  readonly #now: () => number

  /** `now` is in milliseconds since the epoch. */
  constructor(
    directory: Directory,
    passwords: Passwords,
    issuerExists: (issuer: string) => boolean,
    now: () => number = Date.now,
  ) {
    this.#now = now
    this.#directory = directory
    this.#passwords = passwords
    this.#grants = new Grants(passwords, issuerExists)
  }

  async create(actor: Actor, input: NewUser, watch: Watch<User> = unwatched): Promise<User> {
    const { grant: wanted, ...fields } = input
    if (this.#directory.users.has(input.username)) throw taken(input.username)
    const grant = await this.#grants.make(input.username, wanted, this.#reachesHttp(input.roles, input.permissions))
    const user: User = { ...fields, grant }
    await this.#directory.change((draft) => {
      if (draft.users.has(user.username)) throw taken(user.username)
      assertHeld(actor, rightsOf(user, draft.roles))
      watch(undefined, user, draft)
      draft.users.set(user.username, user)
    })
    return user
  }

  async change(actor: Actor, name: string, input: UserChange, watch: Watch<User> = unwatched): Promise<User> {
    const before = this.#find(this.#directory.users, name)
    const reaches = this.#reachesHttp(input.roles ?? before.roles, input.permissions ?? before.permissions)
    const grant = input.grant === undefined ? undefined : await this.#grants.make(name, input.grant, reaches)
    let after: User = before
    await this.#directory.change((draft) => {
      after = this.#changed(draft, actor, name, input, grant, watch)
    })
    if (grant !== undefined) this.#passwords.forget(name)
    return after
  }

  /** What `change` would make, without making it or hashing anything. Throws as `change` rejects. */
  previewChange(actor: Actor, name: string, input: UserChange): Draft {
    const grant = input.grant === undefined ? undefined : this.#grants.supposed(input.grant)
    return this.#directory.draft((draft) => void this.#changed(draft, actor, name, input, grant, unwatched))
  }

  /** What `setRole` would make. */
  previewRole(actor: Actor, role: Role): Draft {
    assertAdministrator(actor, "roles")
    assertNotBuiltIn(role.name)
    return this.#directory.draft((draft) => void draft.roles.set(role.name, role))
  }

  #changed(
    draft: Draft,
    actor: Actor,
    name: string,
    input: UserChange,
    grant: Grant | undefined,
    watch: Watch<User>,
  ): User {
    const current = this.#find(draft.users, name)
    assertHeld(actor, rightsOf(current, draft.roles)) // else a technician could take over an administrator
    const after = merged(current, input, grant)
    assertHeld(actor, rightsOf(after, draft.roles))
    watch(current, after, draft)
    draft.users.set(name, after)
    return after
  }

  async remove(actor: Actor, name: string, watch: Watch<User> = unwatched): Promise<void> {
    await this.#directory.change((draft) => {
      const current = this.#find(draft.users, name)
      assertHeld(actor, rightsOf(current, draft.roles))
      watch(current, undefined, draft)
      draft.users.delete(name)
    })
    this.#passwords.forget(name)
  }

  /** Changes a person's own password: undefined when `current` is not the one in force. Asks for no other right. */
  async changeOwnPassword(name: string, current: string, next: string): Promise<User | undefined> {
    const { grant: old } = this.#find(this.#directory.users, name)
    if (old.kind !== "password") throw new GatewayError("conflict", `user ${name} has a certificate, no password`)
    if (!(await this.#passwords.verify(name, old.hash, Buffer.from(current)))) return undefined
    if (current === next) throw new GatewayError("bad-request", "the new password is the old one; choose another")
    const grant = await this.#grants.make(name, { kind: "password", password: next }, old.forPeople)
    let after: User | undefined
    await this.#directory.change((draft) => {
      const user = this.#find(draft.users, name)
      if (!user.enabled || user.grant.kind !== "password" || user.grant.hash !== old.hash) {
        throw new GatewayError("conflict", "somebody else changed this user meanwhile; sign in again")
      }
      after = { ...user, grant }
      draft.users.set(name, after)
    })
    this.#passwords.forget(name)
    return after
  }

  /**
   * Gives a person a one-time password in place of the one they have, and answers it: for someone new, or who forgot.
   * It can only be exchanged, until `until` (milliseconds since the epoch). Judged as `change` is.
   */
  async giveOneTimePassword(
    actor: Actor,
    name: string,
    until: number,
    watch: Watch<User> = unwatched,
  ): Promise<string> {
    if (name === actor.name) throw new GatewayError("conflict", "of your own account, change the password instead")
    const { roles, permissions, grant: before } = this.#find(this.#directory.users, name)
    if (before.kind !== "password" || !this.#reachesHttp(roles, permissions)) {
      throw new GatewayError(
        "conflict",
        `${name} is no person who signs in at the page; one-time passwords are for those`,
      )
    }
    const secret = newClaimCode()
    const hash = await this.#passwords.hash(plainCode(secret))
    const grant: Grant = { kind: "password", hash, forPeople: true, once: until }
    await this.#directory.change((draft) => void this.#changed(draft, actor, name, {}, grant, watch))
    this.#passwords.forget(name)
    return secret
  }

  /** Takes a one-time password back for one of the person's own; undefined when it is not the one in force. */
  async takeOneTimePassword(name: string, secret: string, next: string): Promise<User | undefined> {
    const hash = this.#oneTimeHash(this.#directory.users.get(name))
    if (!(await this.#passwords.verify(name, hash, Buffer.from(plainCode(secret))))) return undefined
    const grant = await this.#grants.make(name, { kind: "password", password: next }, true)
    let after: User | undefined
    await this.#directory.change((draft) => {
      const user = draft.users.get(name)
      if (user === undefined || this.#oneTimeHash(user) !== hash) return // of two that come with it one is too late
      after = { ...user, grant }
      draft.users.set(name, after)
    })
    this.#passwords.forget(name)
    return after
  }

  #oneTimeHash(user: User | undefined): string | undefined {
    if (!user?.enabled || user.grant.kind !== "password" || user.grant.once === undefined) return undefined
    return this.#now() < user.grant.once ? user.grant.hash : undefined
  }

  /** Creates or replaces a role. Roles belong to administrators. */
  async setRole(actor: Actor, role: Role, watch: Watch<Role> = unwatched): Promise<void> {
    assertAdministrator(actor, "roles")
    assertNotBuiltIn(role.name)
    await this.#directory.change((draft) => {
      watch(draft.roles.get(role.name), role, draft)
      draft.roles.set(role.name, role)
    })
  }

  async removeRole(actor: Actor, name: string, watch: Watch<Role> = unwatched): Promise<void> {
    assertAdministrator(actor, "roles")
    assertNotBuiltIn(name)
    await this.#directory.change((draft) => {
      const role = draft.roles.get(name)
      if (role === undefined) throw new GatewayError("not-found", `there is no role ${name}`)
      watch(role, undefined, draft)
      draft.roles.delete(name)
      const holder = [...draft.users.values()].find((user) => user.roles.includes(name))
      if (holder === undefined) return
      throw new GatewayError("conflict", `user ${holder.username} has the role ${name}; take it from its users first`)
    })
  }

  /** The grant as it is stored. Throws `bad-request` with the rule it breaks. */
  grant(name: string, input: GrantInput, forPeople: boolean): Promise<Grant> {
    return this.#grants.make(name, input, forPeople)
  }

  /** Takes the box into service with its first administrator. Of two racing claims one wins. */
  async claim(name: string, secret: string): Promise<User> {
    if (this.#directory.claimed) throw alreadyClaimed()
    const grant = await this.#grants.make(name, { kind: "password", password: secret }, true)
    const user: User = { username: name, grant, roles: ["admin"], permissions: [], enabled: true }
    await this.#directory.change((draft) => {
      if (draft.claimed) throw alreadyClaimed()
      draft.claimed = true
      draft.users.set(name, user)
    })
    return user
  }

  #reachesHttp(roles: readonly string[], own: readonly Permission[]): boolean {
    const inherits = (name: string) => reachesHttp(this.#directory.roles.get(name) ?? { permissions: [] })
    return roles.some(inherits) || reachesHttp({ permissions: own })
  }

  #find(users: ReadonlyMap<string, User>, name: string): User {
    const user = users.get(name)
    if (user === undefined) throw new GatewayError("not-found", `there is no user ${name}`)
    return user
  }
}

function merged(user: User, input: UserChange, grant: Grant | undefined): User {
  const { publishPrefix = user.publishPrefix, note = user.note } = input
  return {
    username: user.username,
    grant: grant ?? user.grant, // one grant: the old credential goes in the same write
    roles: input.roles ?? user.roles,
    permissions: input.permissions ?? user.permissions,
    enabled: input.enabled ?? user.enabled,
    ...(publishPrefix === null || publishPrefix === undefined ? {} : { publishPrefix }),
    ...(note === null || note === undefined ? {} : { note }),
  }
}

export function assertNotBuiltIn(name: string): void {
  if (isBuiltIn(name)) throw new GatewayError("conflict", `the role ${name} is built in; make one of another name`)
}

function taken(name: string): GatewayError {
  return new GatewayError("conflict", `there is a user ${name} already; choose another name or change that one`)
}

function alreadyClaimed(): GatewayError {
  return new GatewayError("already-claimed", "this gateway is in service already; sign in instead")
}
