import { z } from "zod"

/** What a device may answer; docs/serial-protocol.md, "Operations". Members we do not know are passed over. */

const text = z.string().max(96)
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const job = z.string().regex(/^[a-z0-9]{1,32}$/)

export const helloAnswer = z.object({
  v: z.literal(1),
  uid: text.min(1),
  model: text.optional(),
  fw: text.optional(),
  st: z.enum(["blank", "pending", "active"]),
  /** The longest line it takes, without the line feed. */
  max: z.number().int().min(256).default(512),
  /** The keys it can make, the preferred one first, with commas between. */
  alg: text,
  /** Pending: the job whose key waits. */
  job: job.optional(),
  /** Active: hash of the three objects in use. */
  sha: sha256.optional(),
  /** Active: common name and certificate's serial number, from the objects in use. */
  cn: text.optional(),
  serial: z
    .string()
    .regex(/^[0-9a-f]{1,40}$/)
    .optional(),
  /** Active: what a new key demands. */
  lock: z.enum(["none", "button", "code"]).default("none"),
})

export type Hello = z.infer<typeof helloAnswer>

/** The longest request that is fetched; the authority reads no longer one. */
export const LONGEST_REQUEST = 8192

export const keyAnswer = z.object({ len: z.number().int().min(1), sha: sha256 })
export const getAnswer = z.object({ off: z.number().int(), d: z.base64().min(4) })
export const putAnswer = z.object({ next: z.number().int() })
export const testAnswer = z.object({ net: z.enum(["connecting", "connected", "failed"]), msg: text.optional() })
