import { z } from "zod"
import { roleName } from "../access/role.ts"
import { username } from "../access/user.ts"

/**
 * One device to be provisioned, from the order to its first connection. Everything here is on the disk before it counts.
 * Times are milliseconds since the epoch, hashes and serials lower-case hex.
 */

/** The steps of the dialogue, in their order; a job shows the one it is at. */
export const STEPS = ["recognise", "request", "certify", "store", "verify", "connect", "prove"] as const
export type Step = (typeof STEPS)[number]

/**
 * waiting: for its device to be plugged in. running: on the line. question: for a person's answer. interrupted: for the
 * same device to come back. proving: all is written, for the device's first connection. refused: for a person to retry
 * or cancel. done and cancelled: ended.
 */
export const STATES = [
  "waiting",
  "running",
  "question",
  "interrupted",
  "proving",
  "refused",
  "done",
  "cancelled",
] as const
export type State = (typeof STATES)[number]

const moment = z.int().min(0)
const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`))
const said = z.string().max(200)
const words = z.string().max(2000)

export const jobId = z.string().regex(/^[a-z0-9]{10}$/, "a job is 10 of a-z 0-9")

/** Where a device is plugged in, and how its adapter names itself. */
export const plugSchema = z.strictObject({
  /** Of the device file now: "/dev/ttyUSB0". Another one may have it after the next plug-in. */
  path: z.string().max(500),
  /** The stable link to it, below /dev/serial/by-id. */
  byId: z.string().max(500).optional(),
  /** Four lower-case hex digits each. */
  vendorId: hex(4).optional(),
  productId: hex(4).optional(),
  /** The adapter's own serial number, not the device's. */
  serialNumber: said.optional(),
  manufacturer: said.optional(),
  product: said.optional(),
  /** The physical socket: bus and ports, "1-1.2". */
  location: z.string().max(100).optional(),
})
export type Plug = z.infer<typeof plugSchema>

/** What a device said of itself. Untrusted. */
export const deviceSchema = z.strictObject({
  dialect: z.string().max(32),
  title: said,
  baudRate: z.int().min(1),
  keyOrigin: z.enum(["device", "gateway"]),
  state: z.enum(["blank", "pending", "active", "unknown"]),
  uid: said.optional(),
  model: said.optional(),
  firmware: said.optional(),
  commonName: said.optional(),
  certificate: said.optional(),
  job: said.optional(),
})
export type Device = z.infer<typeof deviceSchema>

export const questionSchema = z.strictObject({
  id: z.string().min(1).max(64),
  kind: z.enum(["irreversible", "code"]),
  sentence: words,
})

export const problemSchema = z.strictObject({ code: z.string().max(64), sentence: words, at: moment })

/** The certificate made for a job. The texts go once the device has proven itself. */
export const jobCertificate = z.strictObject({
  serial: hex(32),
  spkiHash: hex(64),
  fingerprint: hex(64),
  notAfter: moment,
  certificatePem: z.string().max(16_384).optional(),
  chainPem: z.string().max(32_768).optional(),
  rootPem: z.string().max(16_384).optional(),
})
export type JobCertificate = z.infer<typeof jobCertificate>

export const jobSchema = z.strictObject({
  id: jobId,
  username,
  roles: z.array(roleName).max(100),
  note: z.string().max(1000).optional(),
  /** The name has a certificate in use, which ends when the new one is proven. */
  replace: z.boolean(),
  /** The host the device is told to connect to, where the person chose one. */
  host: z.string().max(253).optional(),
  /** A device file, link or physical socket; whichever device is plugged in next when undefined. */
  port: z.string().max(500).optional(),
  batch: jobId.optional(),
  by: z.string().min(1).max(64),
  createdAt: moment,
  changedAt: moment,
  /** What tells a repeated order from a new one. */
  idempotency: z.strictObject({ key: z.string().max(200), digest: hex(64) }).optional(),
  state: z.enum(STATES),
  step: z.enum(STEPS),
  problem: problemSchema.optional(),
  question: questionSchema.optional(),
  answers: z.record(z.string(), z.string().max(200)),
  plug: plugSchema.optional(),
  device: deviceSchema.optional(),
  certificate: jobCertificate.optional(),
  /** When the port it first ran on had appeared, and when the device's own first connection was seen. */
  pluggedInAt: moment.optional(),
  provenAt: moment.optional(),
  /** How often its device was opened. */
  attempts: z.int().min(0),
})
export type Job = z.infer<typeof jobSchema>

export const PROVISIONING_FORMAT = "gatehouse-provisioning"

export const provisioningDocument = z.strictObject({
  format: z.literal(PROVISIONING_FORMAT),
  version: z.literal(1),
  jobs: z.array(jobSchema),
})
export type ProvisioningDocument = z.infer<typeof provisioningDocument>

export function noJobs(): ProvisioningDocument {
  return { format: PROVISIONING_FORMAT, version: 1, jobs: [] }
}

export function hasEnded({ state }: Pick<Job, "state">): boolean {
  return state === "done" || state === "cancelled"
}

/** Text from a device as it may be kept and shown: printable ASCII, at most 200 characters; undefined for none. */
export function shownText(text: string | undefined): string | undefined {
  const plain = text
    ?.replace(/[^\x20-\x7e]/g, "?")
    .slice(0, 200)
    .trim()
  return plain === "" ? undefined : plain
}
