import { z } from "zod"
import { time } from "./contract.ts"

/** The part of the contract that only the page has a use for. */
export type { RefusalCause } from "../access/refusal-cause.ts"
export type { EventKind } from "../events.ts"
export type { Condition } from "../health.ts"
export type { OutwardCode } from "./problem.ts"

/**
 * What a stream says every two seconds to whoever may read the status; to others it says the same event without
 * anything in it, so that a page notices when the gateway is gone. Counts are since the start of the process.
 */
export const pulse = z.strictObject({
  at: time,
  clients: z.int(),
  refused: z.int(),
  alarms: z.int(),
  messagesIn: z.int(),
  messagesOut: z.int(),
})
export type Pulse = z.infer<typeof pulse>
