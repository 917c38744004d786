import { createHash } from "node:crypto"
import { type Actor, assertMayTouch } from "../access/actor.ts"
import type { Directory } from "../access/directory.ts"
import { OWN_ISSUER, type User } from "../access/user.ts"
import { type IssueLog, stateAt } from "../ca/issue-log.ts"
import { GatewayError } from "../errors.ts"
import { hasEnded, type Job } from "./job.ts"
import type { Draft } from "./jobs.ts"

/** What a person asks for: one device, or one for each name. */
export interface Order {
  readonly names: readonly { readonly username: string; readonly roles?: readonly string[]; readonly note?: string }[]
  /** For names without roles of their own. A user who exists already keeps what it has. */
  readonly roles: readonly string[]
  /** Names that have a certificate in use: it ends when the new one is proven. */
  readonly replace: boolean
  readonly host?: string | undefined
  readonly port?: string | undefined
  readonly idempotencyKey?: string | undefined
}

export interface OrderGround {
  readonly directory: Directory
  readonly issueLog: Pick<IssueLog, "ofUser">
  /** Every name and address that a device may be told to connect to. */
  readonly hosts: readonly string[]
  readonly now: number
}

/** The jobs of an order, or a refusal that is thrown: `bad-request`, `forbidden` or `conflict`. */
export function draftsOf(order: Order, actor: Actor, ground: OrderGround): Draft[] {
  if (order.host !== undefined && !ground.hosts.includes(order.host)) {
    throw new GatewayError(
      "bad-request",
      `the broker's certificate does not bear ${order.host}; choose one of ${ground.hosts.join(", ")}, or add it to "names" in the configuration`,
    )
  }
  const idempotency =
    order.idempotencyKey === undefined ? undefined : { key: order.idempotencyKey, digest: digestOf(order) }
  return order.names.map(({ username, roles = order.roles, note }) => {
    assertProvisionable({ username, roles, replace: order.replace }, actor, ground)
    return {
      username,
      roles: [...roles],
      replace: order.replace,
      by: actor.name,
      ...(note === undefined ? {} : { note }),
      ...(order.host === undefined ? {} : { host: order.host }),
      ...(order.port === undefined ? {} : { port: order.port }),
      ...(idempotency === undefined ? {} : { idempotency }),
    }
  })
}

export function digestOf(order: Order): string {
  return createHash("sha256").update(JSON.stringify(order)).digest("hex")
}

/** A name for a device, as it is judged. `certificate` is the job's own, which is in nobody's way. */
export interface Wanted extends Pick<Job, "username" | "replace"> {
  readonly roles: readonly string[]
  readonly certificate?: Job["certificate"]
}

/** Throws unless a device may be given this name by this person. Asked again before the certificate is signed. */
export function assertProvisionable(
  { username, roles, replace, certificate }: Wanted,
  actor: Actor,
  { directory, issueLog, now }: OrderGround,
): void {
  const missing = roles.find((role) => !directory.roles.has(role))
  if (missing !== undefined) throw new GatewayError("bad-request", `there is no role ${missing}; create it first`)
  const existing = directory.users.get(username)
  const user = existing ?? newDevice(username, roles)
  assertMayTouch(actor, directory, user) // its certificate carries its rights
  if (directory.rights(user).some(({ context }) => context === "http")) {
    throw new GatewayError("forbidden", `${username} may use this API and is no device; choose another name or role`)
  }
  if (existing !== undefined) assertTakesCertificates(existing)
  const inUse = issueLog.ofUser(username).find((entry) => {
    const state = stateAt(entry, now)
    return (state === "active" || state === "pending") && entry.serial !== certificate?.serial
  })
  if (inUse !== undefined && !replace) {
    throw new GatewayError(
      "conflict",
      `${username} has certificate ${inUse.serial.slice(0, 8)}… already; choose another name, or order with "replace" to end it when the new device has connected`,
    )
  }
}

function assertTakesCertificates({ username, grant, enabled }: User): void {
  if (grant.kind !== "certificate" || grant.issuer !== OWN_ISSUER) {
    const has = grant.kind === "password" ? "a password" : `certificates of ${grant.issuer}`
    throw new GatewayError("conflict", `user ${username} has ${has}; change its grant to a certificate of this gateway`)
  }
  if (!enabled)
    throw new GatewayError("conflict", `user ${username} is disabled and could not connect; enable it first`)
}

export function newDevice(username: string, roles: readonly string[], note?: string): User {
  const grant = { kind: "certificate", issuer: OWN_ISSUER } as const
  return { username, grant, roles, permissions: [], enabled: true, ...(note === undefined ? {} : { note }) }
}

/** Throws `conflict` when a name of the drafts is being given to a device already. */
export function assertNotUnderWay(drafts: readonly Draft[], jobs: readonly Job[]): void {
  const open = new Map(jobs.filter((job) => !hasEnded(job)).map((job) => [job.username, job]))
  const twice = drafts.map(({ username }) => open.get(username)).find((job) => job !== undefined)
  if (twice === undefined) return
  throw new GatewayError("conflict", `job ${twice.id} is giving the name ${twice.username} already; cancel it first`)
}
