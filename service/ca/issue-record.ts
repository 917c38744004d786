import { z } from "zod"

const hex = (length: number) => z.string().regex(new RegExp(`^[0-9a-f]{${length}}$`), `${length} lower-case hex digits`)
const moment = z.int().min(0)
const words = z.string().min(1).max(200)

/** A certificate that was signed, written before it was handed out. Times are milliseconds since the epoch. */
export const issuedRecord = z.object({
  record: z.literal("issued"),
  /** 16 octets, lower-case hex. */
  serial: hex(32),
  /** SHA-256 of the DER. */
  sha256: hex(64),
  /** SHA-256 of the SubjectPublicKeyInfo. */
  spkiHash: hex(64),
  commonName: z.string().min(1).max(64),
  /** Where the private key was made: in the device that holds it, or here, which is second best. */
  keyOrigin: z.enum(["device", "gateway"]),
  kind: z.enum(["device", "server"]),
  notAfter: moment,
  /** The person or part that asked for it. */
  by: words,
  /** The way it was asked for: api, serial, mqtt … */
  through: words,
  at: moment,
  /** Subject key identifier of the issuing authority. */
  authority: hex(40),
  /** Serial number of the certificate that it takes the place of. */
  renews: hex(32).optional(),
  /** The certificate itself, DER in base64; the first version did not keep it. */
  der: z.base64().max(8192).optional(),
})

/** A change of a certificate's state. */
export const changedRecord = z.object({
  record: z.literal("changed"),
  serial: hex(32),
  state: z.enum(["active", "superseded", "revoked"]),
  reason: words,
  by: words,
  at: moment,
})

/** One line of the issue log. */
export const issueRecord = z.discriminatedUnion("record", [issuedRecord, changedRecord])

/** A later version may write kinds of records that this one does not know; of those it does, it only adds members. */
export function isLaterRecord(value: unknown): boolean {
  const kind = typeof value === "object" && value !== null && "record" in value ? value.record : undefined
  return typeof kind === "string" && kind !== "issued" && kind !== "changed"
}

export type IssueRecord = z.infer<typeof issueRecord>
export type IssuedRecord = z.infer<typeof issuedRecord>
export type ChangedRecord = z.infer<typeof changedRecord>

/** What the log says of a certificate's life. `expired` is not written: `stateAt` derives it from the date. */
export type State = "pending" | ChangedRecord["state"]

/** A certificate with its latest change. Immutable: a change puts another entry in its place. */
export interface IssueEntry extends Omit<IssuedRecord, "record"> {
  readonly state: State
  /** Of the latest change; undefined while there was none. */
  readonly change: Omit<ChangedRecord, "record" | "serial" | "state"> | undefined
}

/** A server's certificate has nobody to prove itself to: it is active from the start. */
export function entryOf({ record: _, ...issued }: IssuedRecord): IssueEntry {
  return { ...issued, state: issued.kind === "server" ? "active" : "pending", change: undefined }
}

const RANK: Record<State, number> = { pending: 0, active: 1, superseded: 2, revoked: 3 }

/** A life runs one way: pending, active, superseded, revoked; steps may be left out. Undefined when this is no step. */
export function changedEntry(entry: IssueEntry, { state, reason, by, at }: ChangedRecord): IssueEntry | undefined {
  return RANK[state] > RANK[entry.state] ? { ...entry, state, change: { reason, by, at } } : undefined
}

/** The state as a person wants to see it, at a moment: past its notAfter a certificate in force has expired. */
export function stateAt(entry: IssueEntry, now: number): State | "expired" {
  const inForce = entry.state === "pending" || entry.state === "active"
  return inForce && now > entry.notAfter ? "expired" : entry.state
}
