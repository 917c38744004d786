import { z } from "zod"
import { networkSettings, REQUEST_KINDS } from "../appliance.ts"
import { time } from "./contract.ts"

/** The part of the contract that is about the machine itself: updates, network, clock, reset. */
export const requestParams = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]{1,40}$/, "an id from the list"),
})

const outcome = {
  id: z.string(),
  kind: z.enum(REQUEST_KINDS),
  /** `waiting`: not taken yet; `refused`: the request is at fault; `failed`: the box is. */
  state: z.enum(["waiting", "working", "done", "refused", "failed"]),
  step: z.string().optional(),
  percent: z.number().optional(),
  /** With `refused` and `failed`; stable. */
  code: z.string().optional(),
  /** For a person. */
  message: z.string(),
  at: time,
  confirmBy: time.optional(),
  bundle: z
    .strictObject({ version: z.string(), notes: z.string(), compatible: z.string(), bytes: z.number() })
    .partial()
    .optional(),
}
export const requestAnswer = z.strictObject(outcome)
export type ApplianceRequest = z.infer<typeof requestAnswer>

export const applianceAnswer = z.strictObject({
  /** False on a machine that is no appliance; then there is nothing else. */
  appliance: z.boolean(),
  version: z.string().optional(),
  compatible: z.string().optional(),
  slot: z.string().optional(),
  trial: z.boolean().optional(),
  floor: z.string().optional(),
  id: z.string().optional(),
  other: z.strictObject({ slot: z.string(), version: z.string().optional(), canRollBack: z.boolean() }).optional(),
  lastUpdate: z
    .strictObject({ from: z.string(), to: z.string(), outcome: z.string(), message: z.string(), at: time })
    .optional(),
  expectedDowntimeSeconds: z.number().optional(),
  network: z.looseObject({}).optional(),
  /** An update bundle that lies ready. */
  bundle: z.strictObject({ bundle: z.string(), bytes: z.int() }).optional(),
  requests: z.array(requestAnswer),
})

/** 2 GiB; a bundle has a tenth of that. */
export const LARGEST_BUNDLE = 2 * 1024 ** 3

export const clockRequest = z.strictObject({ time })
export { networkSettings as networkRequest }
export const confirmNetworkRequest = z.strictObject({ request: requestParams.shape.id })

/** `name`: the gateway's host name, typed by the person, so that no slip resets the wrong box. */
export const resetRequest = z.strictObject({
  scope: z.enum(["settings", "everything"]),
  name: z.string().min(1).max(253),
})
