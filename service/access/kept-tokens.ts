import { createHash } from "node:crypto"
import { z } from "zod"
import { permissionSchema } from "./permission.ts"
import type { User } from "./user.ts"
import { username } from "./user.ts"

/**
 * Tokens that programs keep over restarts. Each has a part of its user's rights and ends with the user's password. The
 * disk holds what recognises a token, never the token.
 */
export const TOKENS_FORMAT = "gatehouse-tokens"

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`))

const keptTokenSchema = z.strictObject({
  /** SHA-256 of the token. */
  digest: hex(32),
  username,
  /** Mark of the password that was in force when the token was made; another password ends it. */
  credential: hex(32),
  label: z.string(),
  /** The most it may ever do, whatever rights its user has or is given. */
  scope: z.array(permissionSchema).max(1000),
  /** Milliseconds since the epoch, as all times here. */
  createdAt: z.number(),
  expiresAt: z.number(),
  lastUsedAt: z.number().optional(),
  address: z.string(),
})

export type KeptToken = z.infer<typeof keptTokenSchema>

export const tokensDocument = z.strictObject({
  format: z.literal(TOKENS_FORMAT),
  version: z.literal(1),
  tokens: z.array(keptTokenSchema),
})

export type TokensDocument = z.infer<typeof tokensDocument>

export function noTokens(): TokensDocument {
  return { format: TOKENS_FORMAT, version: 1, tokens: [] }
}

/** Recognises a user's password without being its hash; undefined for a user who has none. */
export function credentialOf({ grant }: User): string | undefined {
  return grant.kind === "password" ? createHash("sha256").update(grant.hash).digest("hex") : undefined
}
