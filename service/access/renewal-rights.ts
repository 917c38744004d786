import type { Permission } from "./permission.ts"
import { OWN_ISSUER, type User } from "./user.ts"

/** Where a device asks for its next certificate, and where the answer comes. */
export const RENEW = "$gatehouse/certificate/%u/renew"
export const RENEWED = "$gatehouse/certificate/%u/renewed"

const RIGHTS: readonly Permission[] = [
  { context: "mqtt", operation: "write", resource: RENEW },
  { context: "mqtt", operation: "read", resource: RENEWED },
]

/** What every user with a certificate of ours may do without being granted it: renew that certificate. */
export function renewalRights({ grant }: Pick<User, "grant">): readonly Permission[] {
  return grant.kind === "certificate" && grant.issuer === OWN_ISSUER ? RIGHTS : []
}
