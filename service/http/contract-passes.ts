import { z } from "zod"
import { permissionSchema } from "../access/permission.ts"
import { password } from "../access/user-input.ts"
import { time } from "./contract.ts"

/** The part of the contract that is about signing in and what one comes back with. */
const DAY_SECONDS = 86_400

/** A label is shown in lists and logs: one line of ordinary characters. */
const label = z.string().regex(/^[\p{L}\p{N}\p{P}\p{S} ]{1,64}$/u, "1 to 64 printable characters")

const passId = z.string().regex(/^[0-9a-f]{32}$/, "an id from the list")
export const passParams = z.strictObject({ id: passId })

export const keptTokenRequest = z.strictObject({
  label,
  ttlSeconds: z
    .int()
    .min(60)
    .max(366 * DAY_SECONDS)
    .default(90 * DAY_SECONDS),
  /** Of everything the token may do, only the reading. */
  readOnly: z.boolean().default(false),
  /** A part of one's own permissions; without it all that one has now. */
  permissions: z.array(permissionSchema).min(1).max(500).optional(),
})
export const keptTokenAnswer = z.strictObject({ id: passId, label: z.string(), token: z.string(), expiresAt: time })

const shownPass = {
  id: passId,
  username: z.string(),
  createdAt: time,
  expiresAt: time,
  lastUsedAt: time.optional(),
  address: z.string(),
  /** The one that this request came with. */
  current: z.boolean(),
}

export const tokensAnswer = z.strictObject({
  tokens: z.array(
    z.strictObject({
      ...shownPass,
      /** A sign-in's token ends with the process; a kept one is a program's. */
      kind: z.enum(["sign-in", "kept"]),
      label: z.string().optional(),
      permissions: z.array(permissionSchema).optional(),
    }),
  ),
})
export const sessionsAnswer = z.strictObject({ sessions: z.array(z.strictObject(shownPass)) })

/** As for a token, the name is judged by whether a user bears it. */
export const sessionRequest = z.strictObject({ username: z.string().min(1).max(256), password })

export const sessionAnswer = z.strictObject({
  username: z.string(),
  administrator: z.boolean(),
  /** What the person may do; the page hides what would be refused. */
  permissions: z.array(permissionSchema),
  expiresAt: time,
  /** Seconds without a request after which a session ends. */
  idleSeconds: z.int().optional(),
  /** Whether dangerous acts are taken without giving the password again. */
  confirmed: z.boolean(),
})

export const confirmRequest = z.strictObject({ password })
export const ownPasswordRequest = z.strictObject({ current: password, next: password })

/** How long a one-time password may be exchanged for one of the person's own. */
export const ONE_TIME_MS = 72 * 3_600_000
export const oneTimePasswordAnswer = z.strictObject({ oneTimePassword: z.string(), expiresAt: time })
export const firstPasswordRequest = z.strictObject({
  username: z.string().min(1).max(256),
  oneTimePassword: z.string().min(1).max(64),
  password,
})

export const peopleAnswer = z.strictObject({
  people: z.array(
    z.strictObject({
      username: z.string(),
      roles: z.array(z.string()),
      enabled: z.boolean(),
      note: z.string().optional(),
      administrator: z.boolean(),
      /** While the person has only a one-time password. */
      oneTimeUntil: time.optional(),
    }),
  ),
  next: z.string().nullable(),
})
