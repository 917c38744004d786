import { z } from "zod"
import { permissionSchema } from "../access/permission.ts"
import { REFUSAL_CAUSES } from "../access/refusal-cause.ts"
import { roleName, roleSchema } from "../access/role.ts"
import { certificateGrant, userFields, username } from "../access/user.ts"
import { newUser, password, userChange } from "../access/user-input.ts"
import { CONDITIONS, type Condition } from "../health.ts"

/**
 * What goes over the API, both ways: the one source for validation, for the types of the page and, later, for the
 * OpenAPI document. Times are RFC 3339 in UTC. Every object is strict.
 */
export const API = "/api/v1"

export const time = z.iso.datetime()
export const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`), "lower-case hex")

export const nothing = z.strictObject({})

export const pageQuery = z.strictObject({
  /** `next` of the page before. */
  cursor: z.string().min(1).max(16_384).optional(),
  limit: z
    .string()
    .regex(/^([1-9]\d?|1\d\d|200)$/, "a number from 1 to 200")
    .default("50")
    .transform(Number),
})

export const next = z.string().nullable()

/** Only what holds this text, whatever the case, in one of its names. */
export const search = z.string().min(1).max(128).optional()
export const searchQuery = pageQuery.extend({ search })

// signing in and taking into service

export const DEFAULT_TTL_SECONDS = 12 * 3600
export const LONGEST_TTL_SECONDS = 30 * 86_400

export const claimRequest = z.strictObject({ code: z.string().min(1).max(64), username, password })

/** The name is judged by whether a user bears it, not by its form: a malformed one fails like any unknown one. */
export const tokenRequest = z.strictObject({
  username: z.string().min(1).max(256),
  password,
  ttlSeconds: z.int().min(60).max(LONGEST_TTL_SECONDS).default(DEFAULT_TTL_SECONDS),
})

export const tokenAnswer = z.strictObject({ token: z.string(), expiresAt: time })
export const claimedAnswer = z.strictObject({ username: z.string(), address: z.string(), at: time, undoUntil: time })
export const claimAnswer = tokenAnswer.extend({ recoveryKey: z.string().optional() })

// users and roles

export const userParams = z.strictObject({ username })
export { newUser, userChange }

/** A user as shown: what proves a password is never part of it. */
export const userAnswer = z.strictObject({
  username,
  grant: z.discriminatedUnion("kind", [
    /** `oneTimeUntil` while the person has only a one-time password, and has chosen none yet. */
    z.strictObject({ kind: z.literal("password"), oneTimeUntil: time.optional() }),
    certificateGrant,
  ]),
  ...userFields,
})
export const usersAnswer = z.strictObject({ users: z.array(userAnswer), next })

export const roleParams = z.strictObject({ role: roleName })
export const roleRequest = roleSchema.omit({ name: true })
export const roleAnswer = roleSchema.extend({ builtIn: z.boolean() })
export const rolesAnswer = z.strictObject({ roles: z.array(roleAnswer) })

/** Who would be disconnected, lose subscriptions, or be let publish where it was refused last. */
export const previewAnswer = z.strictObject({
  total: z.int(),
  clients: z.array(
    z.strictObject({
      clientId: z.string(),
      username: z.string(),
      disconnected: z.string().optional(),
      lost: z.array(z.string()),
      opened: z.array(z.string()),
    }),
  ),
})

// looking on

export const explainRequest = z.strictObject({
  username: z.string().min(1).max(256),
  operation: z.enum(["read", "write"]),
  topic: z.string().min(1).max(4096),
  clientId: z.string().max(256).optional(),
})
export const explainAnswer = z.strictObject({
  allowed: z.boolean(),
  because: z.string(),
  judged: z.string(),
  permission: permissionSchema.optional(),
  role: z.string().optional(),
})

export const statusAnswer = z.strictObject({
  claimed: z.boolean(),
  version: z.string(),
  uptimeSeconds: z.int(),
  alarms: z.array(
    z.strictObject({
      condition: z.enum(Object.keys(CONDITIONS) as Condition[]),
      title: z.string(),
      remedy: z.string(),
      detail: z.string(),
      since: time,
    }),
  ),
  listeners: z.array(z.strictObject({ name: z.string(), host: z.string(), port: z.int(), open: z.boolean() })),
  counters: z.record(z.string(), z.number()),
  clients: z.int(),
  refused: z.int(),
})

export const listenersAnswer = statusAnswer.pick({ listeners: true })

/** `acted` is how often a limit refused or ended something since the start; null where that is not counted. */
export const limitsAnswer = z.strictObject({
  limits: z.array(z.strictObject({ name: z.string(), value: z.number(), acted: z.int().nullable() })),
})

export const countersAnswer = z.strictObject({ counters: z.record(z.string(), z.number()) })

export const clientParams = z.strictObject({ clientId: z.string().min(1).max(16_384) })
export const clientAnswer = z.strictObject({
  clientId: z.string(),
  username: z.string(),
  method: z.enum(["password", "certificate"]),
  listener: z.enum(["mqtt", "mqtts", "ws", "wss", "https"]),
  address: z.string(),
  protocol: z.enum(["3.1", "3.1.1", "5"]),
  certificate: z.string().optional(),
  connectedAt: time,
  subscriptions: z.array(z.strictObject({ filter: z.string(), qos: z.int() })),
  queued: z.int(),
  inflight: z.int(),
  refusedPublishes: z.int(),
  lastRefusedTopic: z.string().optional(),
  lastError: z.strictObject({ at: time, sentence: z.string() }).optional(),
})
export const clientsAnswer = z.strictObject({ clients: z.array(clientAnswer), next })

export const refusedAnswer = z.strictObject({
  total: z.int(),
  groups: z.array(
    z.strictObject({
      cause: z.enum(REFUSAL_CAUSES),
      sentence: z.string(),
      name: z.string(),
      address: z.string(),
      count: z.int(),
      first: time,
      last: time,
      /** A client of this name is connected: whatever was wrong has been mended, if this is later than `last`. */
      connectedSince: time.optional(),
    }),
  ),
})

/** RFC 9457. `code` is stable; `problems` names every place that is wrong, never what stood there. */
export const problemAnswer = z.strictObject({
  type: z.string().startsWith("urn:gatehouse:problem:"),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string().optional(),
  problems: z.array(z.strictObject({ path: z.string(), message: z.string() })).optional(),
})
export type ProblemAnswer = z.infer<typeof problemAnswer>
