import { z } from "zod"
import { userFields } from "../access/user.ts"
import { time } from "./contract.ts"

/** The part of the contract that is about self-registration. */
export const candidateParams = z.strictObject({ id: z.string().regex(/^[0-9a-f]{32}$/, "an id from the list") })

export const registryAnswer = z.strictObject({
  open: z.boolean(),
  /** Until when; absent where it is closed. */
  until: time.optional(),
  candidates: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string(),
      /** How it proved who it is: by a certificate, a password, or a certificate request over HTTPS. */
      method: z.enum(["certificate", "password", "request"]),
      address: z.string(),
      fingerprint: z.string().optional(),
      publicKey: z.string().optional(),
      issuer: z.string().optional(),
      count: z.int(),
      first: time,
      last: time,
    }),
  ),
})

export const allowRequest = z.strictObject({
  roles: userFields.roles.default([]),
  permissions: userFields.permissions.default([]),
  note: userFields.note,
})

export const waitingAnswer = z.strictObject({ state: z.literal("waiting"), detail: z.string() })
