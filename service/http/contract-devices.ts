import { z } from "zod"
import { permissionSchema } from "../access/permission.ts"
import { REFUSAL_CAUSES } from "../access/refusal-cause.ts"
import { username } from "../access/user.ts"
import { clientAnswer, searchQuery, time } from "./contract.ts"

/** The part of the contract that is about devices as a technician sees them: user, connection, certificate in one. */
/** `never` was not connected since it was made; `disabled` is whatever else it was before that. */
export const DEVICE_STATES = ["connected", "offline", "never", "disabled"] as const

/** What a device needs somebody for: the most urgent thing. A refusal counts until the device has come in again. */
export const DEVICE_NEEDS = ["refused", "certificate-expired", "certificate-missing", "certificate-ending"] as const

/** A certificate that ends within so many days is worth a look. */
export const ENDING_DAYS = 30

const refusal = z.strictObject({
  cause: z.enum(REFUSAL_CAUSES),
  sentence: z.string(),
  address: z.string(),
  count: z.int(),
  first: time,
  last: time,
})

export const device = z.strictObject({
  username,
  grant: z.enum(["password", "certificate"]),
  state: z.enum(DEVICE_STATES),
  /** Since when it is connected, or when it was seen last; absent when it never was. */
  since: time.optional(),
  address: z.string().optional(),
  /** How the latest connection ended, where the gateway still knows; absent while it is connected. */
  ended: z.strictObject({ at: time, cause: z.string(), detail: z.string() }).optional(),
  roles: z.array(z.string()),
  note: z.string().optional(),
  /** The one in force that ends last. */
  certificate: z.strictObject({ serial: z.string(), notAfter: time }).optional(),
  needs: z.enum(DEVICE_NEEDS).optional(),
  /** The latest since it was connected last. */
  refusal: refusal.optional(),
})
export type Device = z.infer<typeof device>

export const deviceFilters = ["all", "connected", "offline", "never", "disabled", "attention"] as const
export const devicesQuery = searchQuery.extend({ show: z.enum(deviceFilters).default("all") })

/** `counts` are of everything that the search found, whatever is shown of it. */
export const devicesAnswer = z.strictObject({
  devices: z.array(device),
  counts: z.record(z.enum(deviceFilters), z.int()),
  next: z.string().nullable(),
})

export const deviceAnswer = z.strictObject({
  device,
  clients: z.array(clientAnswer),
  /** What it may do, each with the role it has that from; absent where it is the device's own. */
  rights: z.array(z.strictObject({ permission: permissionSchema, role: z.string().optional() })),
  publishPrefix: z.string().optional(),
  /** Everything of it that was refused, the latest first, since the gateway started. */
  refusals: z.array(refusal),
})
