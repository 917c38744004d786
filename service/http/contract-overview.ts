import { z } from "zod"
import { statusAnswer, time } from "./contract.ts"
import { ratesAnswer } from "./contract-system.ts"

/** The part of the contract that says at a glance how the gateway is. */
export const overviewAnswer = statusAnswer.omit({ counters: true }).extend({
  now: time,
  devices: z.strictObject({ all: z.int(), connected: z.int(), attention: z.int() }),
  certificates: z.strictObject({
    /** Of devices, expired or ending within 30 days, the soonest first; at most ten. */
    ending: z.array(z.strictObject({ username: z.string(), notAfter: time })),
    endingCount: z.int(),
  }),
  /** Of the disk that the state lies on. */
  storage: z.strictObject({ freeBytes: z.int(), totalBytes: z.int() }),
  /** Under what a device or a browser can reach this gateway. */
  reach: z.strictObject({ names: z.array(z.string()), addresses: z.array(z.string()) }),
  /** Of the page's authority: SHA-256 as hex pairs, and the same in words, as on the console. */
  fingerprint: z.strictObject({ sha256: z.string(), words: z.array(z.string()) }),
  /** The last ten minutes, the oldest first. */
  rates: ratesAnswer,
})
