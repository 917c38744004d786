import { z } from "zod"
import { time } from "./contract.ts"

/** The part of the contract that is about the gateway itself: what happened to it, and the little one can do to it. */
/** Newest first; `before` is the `number` of the last one seen. */
export const recordsQuery = z.strictObject({
  before: z
    .string()
    .regex(/^[1-9]\d{0,14}$/, "the number of an entry")
    .transform(Number)
    .optional(),
  limit: z
    .string()
    .regex(/^([1-9]\d?|1\d\d|200)$/, "a number from 1 to 200")
    .default("100")
    .transform(Number),
})

export const logQuery = recordsQuery.extend({
  /** This level and the graver ones. */
  level: z.enum(["error", "warn", "info"]).default("info"),
  part: z
    .string()
    .regex(/^[a-z-]{1,32}$/, "the part of the gateway that wrote it")
    .optional(),
})

export const logAnswer = z.strictObject({
  entries: z.array(
    z.strictObject({
      number: z.int(),
      at: time,
      level: z.enum(["error", "warn", "info", "debug"]),
      part: z.string(),
      message: z.string(),
      fields: z.string(),
    }),
  ),
})

export const auditQuery = recordsQuery.extend({
  actor: z.string().min(1).max(256).optional(),
})

export const auditAnswer = z.strictObject({
  entries: z.array(
    z.strictObject({
      number: z.int(),
      at: time,
      actor: z.string(),
      address: z.string(),
      method: z.string(),
      route: z.string(),
      object: z.string(),
      change: z.string(),
      status: z.int(),
    }),
  ),
})

export const historyAnswer = z.strictObject({
  visits: z.array(
    z.strictObject({
      kind: z.enum(["connected", "disconnected", "refused"]),
      at: time,
      clientId: z.string(),
      address: z.string(),
      cause: z.string(),
      detail: z.string(),
      count: z.int(),
    }),
  ),
})

export const ratesAnswer = z.strictObject({
  /** Length of a period. */
  seconds: z.int(),
  samples: z.array(
    z.strictObject({
      at: time,
      messagesIn: z.int(),
      messagesOut: z.int(),
      refused: z.int(),
      clients: z.int(),
    }),
  ),
})

export const timeAnswer = z.strictObject({
  now: time,
  timeZone: z.string(),
  /** Whether the clock was set over the network; null where nobody here knows. */
  synchronised: z.boolean().nullable(),
  /** When the newest certificate was made, by the clock of that moment: it cannot be earlier. Null without one. */
  notBefore: time.nullable(),
  /** The clock is behind that by so much that certificates cannot be judged by date. */
  behind: z.boolean(),
})

export const restartAnswer = z.strictObject({ restarting: z.literal(true) })

export const expiriesAnswer = z.strictObject({
  /** What the gateway itself needs, and the outside authorities. */
  own: z.array(
    z.strictObject({
      kind: z.enum(["root", "issuing", "broker", "page-authority", "page", "outside"]),
      name: z.string(),
      notBefore: time.optional(),
      notAfter: time,
      fingerprint: z.string(),
      renewsItself: z.boolean(),
    }),
  ),
  /** Devices' certificates in force, by the month they end in, the earliest first; of each month the first few. */
  months: z.array(
    z.strictObject({
      month: z.string().regex(/^\d{4}-\d{2}$/),
      count: z.int(),
      certificates: z.array(z.strictObject({ serial: z.string(), commonName: z.string(), notAfter: time })),
    }),
  ),
  /** Those that end later than the last of `months`, some of them never. */
  later: z.int(),
  expired: z.int(),
})

export const backupAnswer = z.strictObject({ file: z.string(), bytes: z.number() })
