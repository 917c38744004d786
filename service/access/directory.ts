import type { Document } from "../document.ts"
import {
  type AccessDocument,
  assertSound,
  type Draft,
  documentOf,
  draftOf,
  isAdministrator,
  rightsOf,
  rolesOf,
} from "./access-document.ts"
import type { Permission } from "./permission.ts"
import { Policy } from "./policy.ts"
import { renewalRights } from "./renewal-rights.ts"
import type { Role } from "./role.ts"
import type { User } from "./user.ts"

/**
 * Who there is and what each may do: the document in memory, looked up by name, and the policies compiled from it.
 * Changes go through `change`; after one is on the disk every listener is told, in the same turn.
 */
export class Directory {
  readonly #document: Document<AccessDocument>
  readonly #listeners = new Set<() => void>()
  #loaded: AccessDocument
  #users: Map<string, User>
  #roles: Map<string, Role>
  #policies = new Map<string, Policy>()

  constructor(document: Document<AccessDocument>) {
    this.#document = document
    this.#loaded = document.value
    this.#users = usersOf(document.value)
    this.#roles = rolesOf(document.value)
  }

  /** Has someone taken the box into service? Until then the MQTT listeners stay closed. */
  get claimed(): boolean {
    return this.#loaded.claimed
  }

  get users(): ReadonlyMap<string, User> {
    return this.#users
  }

  get roles(): ReadonlyMap<string, Role> {
    return this.#roles
  }

  rights(user: User): Permission[] {
    return rightsOf(user, this.#roles)
  }

  isAdministrator(user: User): boolean {
    return isAdministrator(this.rights(user))
  }

  /**
   * The MQTT policy of a user on a connection with this client identifier. The same object comes back until a change
   * touches the user, unless a right of the user speaks of `%c`.
   */
  policy(user: User, clientId: string): Policy {
    const known = this.#policies.get(user.username)
    if (known !== undefined) return known
    const rights = [...this.rights(user), ...renewalRights(user)]
    const policy = Policy.compile(rights, "mqtt", user.username, clientId, user.publishPrefix)
    const current = this.#users.get(user.username) === user // else it would outlive the change that replaced the user
    if (current && !rights.some((right) => right.resource.includes("%c"))) this.#policies.set(user.username, policy)
    return policy
  }

  /** Days the certificates of a user live: the shortest its roles ask for; undefined where no role says. */
  certificateLifetime(user: User): number | "never" | undefined {
    const asked = user.roles
      .map((name) => this.#roles.get(name)?.certificateLifetimeDays)
      .filter((days) => days !== undefined)
    const numbers = asked.filter((days) => days !== "never")
    return numbers.length > 0 ? Math.min(...numbers) : asked[0]
  }

  /**
   * Applies `edit` to a working copy and keeps it if it is sound. Rejects with what `edit` threw, `conflict`, or
   * `disk-failed`; then nothing has changed.
   */
  async change(edit: (draft: Draft) => void): Promise<void> {
    await this.#document.update((current) => {
      const draft = draftOf(current)
      edit(draft)
      assertSound(draft)
      return documentOf(draft)
    })
    this.#reload()
  }

  /** The working copy that `edit` would make, if it is sound; nothing is kept. Throws as `change` rejects. */
  draft(edit: (draft: Draft) => void): Draft {
    const draft = draftOf(this.#loaded)
    edit(draft)
    assertSound(draft)
    return draft
  }

  /** Called after every change, once the new rights are in force. Returns what ends the listening. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #reload(): void {
    const document = this.#document.value
    if (document === this.#loaded) return // another change of the same write was here first
    const users = usersOf(document)
    this.#forgetPolicies(users, !sameRoles(document.roles, this.#loaded.roles))
    this.#loaded = document
    this.#users = users
    this.#roles = rolesOf(document)
    for (const listener of this.#listeners) listener()
  }

  #forgetPolicies(users: ReadonlyMap<string, User>, rolesChanged: boolean): void {
    if (rolesChanged) this.#policies.clear()
    for (const name of this.#policies.keys()) {
      if (users.get(name) !== this.#users.get(name)) this.#policies.delete(name)
    }
  }
}

function usersOf(document: AccessDocument): Map<string, User> {
  return new Map(document.users.map((user) => [user.username, user]))
}

function sameRoles(a: readonly Role[], b: readonly Role[]): boolean {
  return a.length === b.length && a.every((role, i) => role === b[i])
}
