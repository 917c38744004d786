import type { Readable } from "node:stream"
import { z } from "zod"

/**
 * What the service and the appliance's one root unit say to each other (docs/root-requests.md), and the port through
 * which the API reaches it. On any other machine there is no such unit, and none of this is offered.
 */
export const STATUS_FORMAT = "gatehouse-root-status/1"
export const ANSWER_FORMAT = "gatehouse-root-answer/1"
export const REQUEST_FORMAT = "gatehouse-root-request/1"

const time = z.iso.datetime()

// root's files are trusted, and may be of the version before or the next: members not known here are left out

const ipv4 = z.discriminatedUnion("method", [
  z.strictObject({ method: z.literal("dhcp") }),
  z.strictObject({ method: z.literal("static"), address: z.cidrv4(), gateway: z.ipv4().optional() }),
])
const ipv6 = z.discriminatedUnion("method", [
  z.strictObject({ method: z.literal("automatic") }),
  z.strictObject({ method: z.literal("off") }),
  z.strictObject({ method: z.literal("static"), address: z.cidrv6(), gateway: z.ipv6().optional() }),
])
const servers = z.array(z.union([z.ipv4(), z.ipv6()])).max(5)

/** How the box is to be reached. Without an interface it is for every wired one. */
export const networkSettings = z.strictObject({
  interface: z
    .string()
    .regex(/^[a-z][a-z0-9]{0,14}$/, "the name of a network interface, such as eth0")
    .optional(),
  ipv4,
  ipv6: ipv6.optional(),
  dns: servers.optional(),
  ntp: servers.optional(),
})

export const rootStatus = z.object({
  format: z.literal(STATUS_FORMAT),
  version: z.string(),
  compatible: z.string(),
  slot: z.string(),
  /** The version runs for the first time, and goes back by itself unless it proves good. */
  trial: z.boolean(),
  /** No bundle below this version is taken. */
  floor: z.string(),
  /** Eight hex digits that name this box. */
  id: z.string(),
  other: z.object({ slot: z.string(), version: z.string().optional(), canRollBack: z.boolean() }),
  lastUpdate: z
    .object({ from: z.string(), to: z.string(), outcome: z.string(), message: z.string(), at: time })
    .optional(),
  expectedDowntimeSeconds: z.number(),
  network: z.looseObject({}).optional(),
})
export type RootStatus = z.infer<typeof rootStatus>

export const REQUEST_KINDS = [
  "check",
  "install",
  "roll-back",
  "set-clock",
  "set-network",
  "confirm-network",
  "factory-reset",
  "restart",
] as const

export const rootAnswer = z.object({
  format: z.literal(ANSWER_FORMAT),
  id: z.string(),
  kind: z.enum(REQUEST_KINDS),
  state: z.enum(["working", "done", "refused", "failed"]),
  step: z.string().optional(),
  percent: z.number().optional(),
  code: z.string().optional(),
  message: z.string(),
  at: time,
  /** Until when a change of the network must be confirmed. */
  confirmBy: time.optional(),
  bundle: z
    .object({ version: z.string(), notes: z.string(), compatible: z.string(), bytes: z.number() })
    .partial()
    .optional(),
})
export type RootAnswer = z.infer<typeof rootAnswer>

export type RootRequest =
  | { readonly kind: "check" | "install"; readonly bundle: string; readonly bytes: number }
  | { readonly kind: "roll-back" | "restart" }
  | { readonly kind: "set-clock"; readonly time: string }
  | ({ readonly kind: "set-network" } & z.infer<typeof networkSettings>)
  | { readonly kind: "confirm-network"; readonly request: string }
  | { readonly kind: "factory-reset"; readonly scope: "settings" | "everything" }

/** What became of a request: root's answer, or that root has not taken it yet. */
export type Outcome = Omit<RootAnswer, "format" | "state"> & { readonly state: RootAnswer["state"] | "waiting" }

export interface Appliance {
  status(): Promise<RootStatus>
  /** The latest requests, the newest first. */
  outcomes(): Promise<Outcome[]>
  /** Undefined when there is none of that id. */
  outcome(id: string): Promise<Outcome | undefined>
  /**
   * Puts the request where root finds it. Rejects with `GatewayError("conflict")` while something is under way that it
   * would meet, with `disk-failed` when it could not be written.
   */
  ask(request: RootRequest): Promise<Outcome>
  /**
   * Takes an update bundle of exactly `bytes` bytes, in place of any earlier one. Rejects with `GatewayError` `busy`
   * (another is being taken), `no-room`, `bad-request` (it ended early) and `disk-failed`; nothing is left behind.
   */
  receive(bundle: Readable, bytes: number): Promise<UploadedBundle>
  /** The bundle that lies ready, if any. */
  bundle(): Promise<UploadedBundle | undefined>
}

export interface UploadedBundle {
  /** Its file name. */
  readonly bundle: string
  readonly bytes: number
}
