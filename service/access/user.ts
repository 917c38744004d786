import { z } from "zod"
import { isPasswordHash } from "./password.ts"
import { type Permission, permissionSchema } from "./permission.ts"
import { roleName } from "./role.ts"
import { isTopicName } from "./topic.ts"
import { isUsername } from "./username.ts"

/**
 * How a user proves who it is: exactly one of two ways. `forPeople` says that the password met the stricter rule for
 * people when it was set, or that an administrator brought its hash for a person. A certificate comes from one issuer: "gatehouse" or the id of one outside authority.
 * `publicKey` pins the user to one key (SHA-256 of the SubjectPublicKeyInfo, lower-case hex).
 */
export type Grant =
  | {
      readonly kind: "password"
      readonly hash: string
      readonly forPeople: boolean
      /** A one-time password: until then (milliseconds since the epoch) its holder may choose their own, and nothing else. */
      readonly once?: number | undefined
    }
  | { readonly kind: "certificate"; readonly issuer: string; readonly publicKey?: string | undefined }

/** A device or a person. */
export interface User {
  readonly username: string
  readonly grant: Grant
  readonly roles: readonly string[]
  readonly permissions: readonly Permission[]
  readonly enabled: boolean
  /** Put before every topic the user publishes to, joined by a slash; what results is what is judged. */
  readonly publishPrefix?: string | undefined
  readonly note?: string | undefined
}

/** The hash of the password that a user signs in with; undefined when it has none, or only a one-time one. */
export function signInHash(user: User | undefined): string | undefined {
  const grant = user?.grant
  return grant?.kind === "password" && grant.once === undefined ? grant.hash : undefined
}

/** The issuer name that means our own authority. */
export const OWN_ISSUER = "gatehouse"

/** Who acts without being a user: the command line on the local socket, and the gateway of its own accord. */
const RESERVED = new Set(["local", "gateway"])

export const username = z
  .string()
  .refine(isUsername, "a username has 1 to 64 of A-Z a-z 0-9 . _ : @ - and begins with a letter or digit")
  .refine(
    (name) => !RESERVED.has(name),
    "the names local and gateway stand for the gateway itself in its records; choose another",
  )

export const publishPrefix = z
  .string()
  .max(1024)
  .refine(
    (text) => isTopicName(text) && !text.startsWith("$") && !text.endsWith("/"),
    "a publish prefix is a topic name without wildcards, not beginning with $ and not ending in /",
  )

const issuer = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "an issuer is gatehouse or the id of a trusted authority")

export const publicKeyPin = z
  .string()
  .regex(/^[0-9a-f]{64}$/, "a public key pin is the SHA-256 of the SPKI in lower-case hex")

export const certificateGrant = z.strictObject({
  kind: z.literal("certificate"),
  issuer,
  publicKey: publicKeyPin.optional(),
})

const passwordGrant = z.strictObject({
  kind: z.literal("password"),
  hash: z.string().refine(isPasswordHash, "the password hash is not an argon2id PHC string with a sane cost"),
  forPeople: z.boolean(),
  once: z.number().optional(),
})

/** What a user is made of beside its name and its grant; the API and the bootstrap file take the same. */
export const userFields = {
  roles: z.array(roleName).max(100),
  permissions: z.array(permissionSchema).max(1000),
  enabled: z.boolean(),
  publishPrefix: publishPrefix.optional(),
  note: z.string().max(1000).optional(),
}

export const userSchema = z.strictObject({
  username,
  grant: z.discriminatedUnion("kind", [passwordGrant, certificateGrant]),
  ...userFields,
})
