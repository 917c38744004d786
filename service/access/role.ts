import { z } from "zod"
import { type Permission, permissionSchema } from "./permission.ts"

/** A named set of permissions. A user's rights are the union of its roles' and its own permissions. */
export interface Role {
  readonly name: string
  readonly permissions: readonly Permission[]
  /** Days a certificate of a user in this role lives; "never" ends in the year 9999. Default 398. */
  readonly certificateLifetimeDays?: number | "never" | undefined
}

export const roleName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    "a role name has 1 to 64 of A-Z a-z 0-9 . _ - and begins with a letter or digit",
  )

export const lifetimeSchema = z.union([z.int().min(1).max(36500), z.literal("never")])

export const roleSchema = z.strictObject({
  name: roleName,
  permissions: z.array(permissionSchema).max(1000),
  certificateLifetimeDays: lifetimeSchema.optional(),
})

/** Roles every gateway has. They are code, not data: they can be neither changed nor removed. */
export const BUILT_IN_ROLES: readonly Role[] = [
  {
    name: "admin",
    permissions: [
      { context: "http", operation: "readWrite", resource: "/#" },
      { context: "mqtt", operation: "readWrite", resource: "#" },
      { context: "mqtt", operation: "read", resource: "$SYS/#" },
    ],
  },
  {
    name: "technician",
    permissions: [
      { context: "http", operation: "read", resource: "/#" },
      { context: "http", operation: "write", resource: "/users/#" },
      { context: "http", operation: "write", resource: "/certificates/#" },
      { context: "http", operation: "write", resource: "/clients/#" },
      { context: "http", operation: "write", resource: "/registry/#" },
      { context: "http", operation: "write", resource: "/messages" },
      { context: "http", operation: "write", resource: "/serial/#" },
      { context: "mqtt", operation: "readWrite", resource: "devices/#" },
    ],
  },
  { name: "viewer", permissions: [{ context: "http", operation: "read", resource: "/#" }] },
  { name: "device", permissions: [{ context: "mqtt", operation: "readWrite", resource: "devices/%u/#" }] },
]

export function isBuiltIn(name: string): boolean {
  return BUILT_IN_ROLES.some((role) => role.name === name)
}
