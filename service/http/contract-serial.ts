import { z } from "zod"
import { roleName } from "../access/role.ts"
import { username } from "../access/user.ts"
import { deviceSchema, jobId, plugSchema, questionSchema, STATES, STEPS } from "../provisioning/job.ts"
import { pageQuery, time } from "./contract.ts"

/** Provisioning over USB serial, as it goes over the API. Times are RFC 3339 in UTC. */

const problem = z.strictObject({ code: z.string(), sentence: z.string() })

const logEntry = z.strictObject({ at: time, way: z.enum(["in", "out", "note"]), text: z.string() })
export const logAnswer = z.strictObject({ entries: z.array(logEntry) })

export const portAnswer = z.strictObject({
  plug: plugSchema,
  appearedAt: time,
  use: z.enum(["free", "recognising", "job"]),
  job: jobId.optional(),
  device: deviceSchema.optional(),
  problem: problem.optional(),
  /** What was said on it when it was last looked at without a job. */
  log: z.array(logEntry),
})

/** `hosts` are what a device may be told to connect to, the one it is told by default first. */
export const portsAnswer = z.strictObject({
  enabled: z.boolean(),
  ports: z.array(portAnswer),
  hosts: z.array(z.string()),
})

/** A device file, its by-id link, or a physical socket such as 1-1.2. */
const port = z.string().min(1).max(500)

export const recogniseRequest = z.strictObject({ port })

const wishes = {
  /** For names without a user; a user who exists keeps its roles. */
  roles: z.array(roleName).max(100).default(["device"]),
  /** The name's certificate in use ends when the new device has connected. */
  replace: z.boolean().default(false),
  host: z.string().min(1).max(253).optional(),
  /** Whichever device is plugged in next when absent. */
  port: port.optional(),
}

export const jobRequest = z.strictObject({ username, note: z.string().max(1000).optional(), ...wishes })

export const batchRequest = z.strictObject({
  names: z.union([
    z.strictObject({
      /** One run of # stands for the number: pump-### */
      pattern: z.string().min(1).max(64),
      from: z.int().min(0).max(999_999_999).default(1),
      count: z.int().min(1).max(500),
    }),
    /** Columns name, roles, note; a head that says `name` may order them. */
    z.strictObject({ csv: z.string().min(1).max(60_000) }),
  ]),
  ...wishes,
})

export const jobParams = z.strictObject({ job: jobId })
export const jobsQuery = pageQuery.extend({ batch: jobId.optional(), open: z.literal("true").optional() })

export const jobAnswer = z.strictObject({
  id: jobId,
  username,
  roles: z.array(roleName),
  note: z.string().optional(),
  replace: z.boolean(),
  host: z.string().optional(),
  port: z.string().optional(),
  batch: jobId.optional(),
  by: z.string(),
  createdAt: time,
  changedAt: time,
  state: z.enum(STATES),
  step: z.enum(STEPS),
  problem: problem.optional(),
  question: questionSchema.optional(),
  plug: plugSchema.optional(),
  device: deviceSchema.optional(),
  /** Serial number, SHA-256 of the certificate and of its public key. */
  certificate: z
    .strictObject({ serial: z.string(), fingerprint: z.string(), publicKey: z.string(), notAfter: time })
    .optional(),
  pluggedInAt: time.optional(),
  provenAt: time.optional(),
  attempts: z.int(),
})
export const jobsAnswer = z.strictObject({ jobs: z.array(jobAnswer), next: z.string().nullable() })
export const batchAnswer = z.strictObject({ jobs: z.array(jobAnswer) })

export const questionAnswer = z.strictObject({
  question: z.string().min(1).max(64),
  /** "yes" or "no" to something irreversible; the code that stands on the device. */
  answer: z.string().min(1).max(200),
})
