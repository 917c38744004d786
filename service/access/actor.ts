import { GatewayError } from "../errors.ts"
import { isAdministrator } from "./access-document.ts"
import type { Directory } from "./directory.ts"
import { includes, inWords, type Permission } from "./permission.ts"
import type { User } from "./user.ts"

/** Who asks for a change. Nobody grants what they do not hold; administrators hold everything. */
export interface Actor {
  readonly name: string
  readonly rights: readonly Permission[]
}

/**
 * May the actor come to act as this user, as by setting its password or being given its certificate? Throws `forbidden`
 * unless it holds every right of the user.
 */
export function assertMayTouch(actor: Actor, directory: Directory, user: User): void {
  assertHeld(actor, directory.rights(user))
}

/** HTTP rights and whoever holds them belong to administrators; of MQTT rights one passes on what one holds. */
export function assertHeld(actor: Actor, wanted: readonly Permission[]): void {
  if (isAdministrator(actor.rights)) return
  const beyond = wanted.find((permission) => permission.context === "http" || !includes(actor.rights, permission))
  if (beyond !== undefined) {
    throw new GatewayError(
      "forbidden",
      `${actor.name} does not hold "${inWords(beyond)}" and cannot pass it on or touch a user who holds it; ask an administrator`,
    )
  }
}

export function assertAdministrator(actor: Actor, what: string): void {
  if (isAdministrator(actor.rights)) return
  throw new GatewayError("forbidden", `${what} belong to administrators; ${actor.name} is none`)
}
