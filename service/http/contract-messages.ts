import { z } from "zod"
import { isTopicFilter } from "../access/topic.ts"
import { time } from "./contract.ts"

/** The part of the contract that is about messages: looking at them, and sending one by hand. */
export const watchQuery = z.strictObject({
  filter: z
    .string()
    .min(1)
    .max(1024)
    .refine(
      (text) => isTopicFilter(text) && !text.startsWith("$share/"),
      "a topic filter, such as devices/+/temperature",
    )
    .default("#"),
})

const PAYLOAD_CHARACTERS = 32 * 1024

export const publishRequest = z.strictObject({
  topic: z.string().min(1).max(1024),
  payload: z.string().max(PAYLOAD_CHARACTERS).default(""),
  /** How the payload is written here. */
  encoding: z.enum(["text", "hex", "base64"]).default("text"),
  qos: z.union([z.literal(0), z.literal(1), z.literal(2)]).default(0),
  retain: z.boolean().default(false),
})

/** `topic` is what it was sent as, prefix included; `receivers` how many sessions it went to. */
export const publishAnswer = z.strictObject({ topic: z.string(), receivers: z.int() })

/** A message in the stream. `payload` is its beginning; `cut` says that topic or payload go on. */
export const seenMessage = z.strictObject({
  at: time,
  topic: z.string(),
  client: z.string(),
  qos: z.int(),
  retain: z.boolean(),
  bytes: z.int(),
  encoding: z.enum(["text", "hex"]),
  payload: z.string(),
  cut: z.boolean(),
})

/** Data of the events `messages` and `retained`: how many passed since the last event, and some of them. */
export const seenMessages = z.strictObject({ total: z.int(), messages: z.array(seenMessage) })

export type SeenMessageAnswer = z.infer<typeof seenMessage>
export type SeenMessagesAnswer = z.infer<typeof seenMessages>
