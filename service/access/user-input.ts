import { z } from "zod"
import { isPasswordHash } from "./password.ts"
import { certificateGrant, OWN_ISSUER, userFields, username } from "./user.ts"

/** What a person writes to make or change a user: on the API, in the bootstrap file, on the command line. */
export const password = z.string().min(1).max(256)

/** A grant as a person writes it: a password in clear, a hash made elsewhere, or a certificate's issuer. */
export const grantInput = z.union([
  z.strictObject({ kind: z.literal("password"), password }),
  z.strictObject({
    kind: z.literal("password"),
    passwordHash: z.string().refine(isPasswordHash, "not an argon2id PHC string with m 8192 to 65536, t 1 to 10, p 1"),
  }),
  certificateGrant.extend({ issuer: certificateGrant.shape.issuer.default(OWN_ISSUER) }),
])

export const newUser = z.strictObject({
  username,
  grant: grantInput,
  roles: userFields.roles.default([]),
  permissions: userFields.permissions.default([]),
  enabled: z.boolean().default(true),
  publishPrefix: userFields.publishPrefix,
  note: userFields.note,
})

/** What may be changed of a user; what is absent stays. null takes an optional field away. */
export const userChange = z.strictObject({
  grant: grantInput.optional(),
  roles: userFields.roles.optional(),
  permissions: userFields.permissions.optional(),
  enabled: z.boolean().optional(),
  publishPrefix: userFields.publishPrefix.nullable(),
  note: userFields.note.nullable(),
})

export type GrantInput = z.infer<typeof grantInput>
export type NewUser = z.infer<typeof newUser>
export type UserChange = z.infer<typeof userChange>
