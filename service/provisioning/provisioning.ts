import type { Accounts } from "../access/accounts.ts"
import type { Actor } from "../access/actor.ts"
import type { Directory } from "../access/directory.ts"
import type { Authority } from "../ca/authority.ts"
import { parseCsr } from "../ca/csr.ts"
import type { IssueLog } from "../ca/issue-log.ts"
import type { Clock } from "../clock.ts"
import { GatewayError } from "../errors.ts"
import { hasEnded, type Job, type JobCertificate } from "./job.ts"
import type { Jobs } from "./jobs.ts"
import {
  assertNotUnderWay,
  assertProvisionable,
  digestOf,
  draftsOf,
  newDevice,
  type Order,
  type OrderGround,
} from "./orders.ts"

export interface ProvisioningParts {
  readonly jobs: Jobs
  readonly directory: Directory
  readonly accounts: Accounts
  readonly authority: Pick<Authority, "issue" | "revoke">
  readonly issueLog: IssueLog
  readonly clock: Clock
  /** Every name and address of the broker that its certificate bears, the best for a device first. */
  readonly hosts: () => readonly string[]
  /** The port for mutual TLS; 0 while it is closed. */
  readonly port: () => number
}

/** How a certificate's record names a job; a log line that outlives the job. */
const through = (id: string) => `serial:${id}`

/**
 * Everything about a job that is not the line: who may order it, the user, the certificate, and its end. There is one
 * certificate for each job and key, and none outlives a job that came to nothing.
 */
export class Provisioning {
  readonly jobs: Jobs
  readonly #parts: ProvisioningParts
  #lastOrder: Promise<unknown> = Promise.resolve()

  constructor(parts: ProvisioningParts) {
    this.jobs = parts.jobs
    this.#parts = parts
  }

  get hosts(): readonly string[] {
    return this.#parts.hosts()
  }

  /**
   * New jobs, one for each name. An order with the key of an earlier one of the same person is that one again. Rejects
   * with `bad-request`, `forbidden`, `conflict`, `busy` or `disk-failed`.
   */
  order(actor: Actor, order: Order): Promise<readonly Job[]> {
    // one after another, so that an order that is sent twice at once is still one
    const made = this.#lastOrder.then(() => this.#order(actor, order))
    this.#lastOrder = made.catch(() => {})
    return made
  }

  async #order(actor: Actor, order: Order): Promise<readonly Job[]> {
    const known = this.jobs.list().filter(({ by, idempotency }) => {
      return by === actor.name && idempotency !== undefined && idempotency.key === order.idempotencyKey
    })
    if (known[0]?.idempotency?.digest === digestOf(order)) return known
    if (known.length > 0) {
      throw new GatewayError(
        "conflict",
        "this Idempotency-Key was used for another order; send a new one with a new order",
      )
    }
    if (this.#parts.port() === 0) {
      throw new GatewayError("conflict", "the listener mqtts is closed, so no device could connect; open it first")
    }
    const drafts = draftsOf(order, actor, this.#ground())
    return this.jobs.add(drafts, (current) => assertNotUnderWay(drafts, current))
  }

  /** What the person says to a job's question. Rejects with `conflict` when the job does not ask that. */
  async answer(actor: Actor, id: string, question: string, answer: string): Promise<Job> {
    this.#assertMay(actor, this.jobs.known(id))
    return this.jobs.change(id, (job) => {
      if (job.state !== "question" || job.question?.id !== question) {
        throw new GatewayError("conflict", `job ${id} does not ask "${question}" now; look at the job again`)
      }
      const { question: _, ...rest } = job
      return { ...rest, state: "interrupted", answers: { ...job.answers, [question]: answer } }
    })
  }

  /** Lets a job go on that was refused, interrupted, or whose device does not connect. Rejects with `conflict`. */
  async retry(actor: Actor, id: string): Promise<Job> {
    this.#assertMay(actor, this.jobs.known(id))
    return this.jobs.change(id, (job) => {
      if (hasEnded(job)) throw ended(job)
      if (job.state === "running") throw new GatewayError("conflict", `job ${id} is running; wait for its end`)
      const { problem: _, question: __, ...rest } = job
      return { ...rest, state: job.plug === undefined ? "waiting" : "interrupted", answers: {} }
    })
  }

  /** Ends a job; a certificate that nobody has used yet is revoked. Rejects with `conflict` and `disk-failed`. */
  async cancel(actor: Actor, id: string): Promise<Job> {
    this.#assertMay(actor, this.jobs.known(id))
    const job = await this.jobs.change(id, (current) => {
      if (hasEnded(current)) throw ended(current)
      const { question: _, ...rest } = current
      return { ...rest, state: "cancelled", answers: {} }
    })
    if (job.certificate !== undefined) await this.#revokeUnproven(job.certificate.serial, "job-cancelled", actor.name)
    return job
  }

  /**
   * The job with the certificate for its device's request: the one it has if that is for the same key and in force, or
   * else a new one. Rejects with `csr-refused`, `conflict`, `forbidden`, `not-found` or `disk-failed`.
   */
  async certify(id: string, csr: string | Buffer, keyOrigin: "device" | "gateway"): Promise<Job> {
    const job = this.jobs.known(id)
    const verdict = parseCsr(csr)
    if (!verdict.ok) throw new GatewayError("csr-refused", verdict.sentence)
    const { certificate } = job
    if (certificate?.spkiHash === verdict.spkiHash && certificate.chainPem !== undefined && this.inForce(certificate)) {
      return job
    }
    if (certificate !== undefined) await this.#revokeUnproven(certificate.serial, "key-replaced", job.by)
    const actor = this.#actorOf(job)
    assertProvisionable(job, actor, this.#ground())
    assertPinned(this.#parts.directory, job.username, verdict.spkiHash)
    await this.#makeUser(actor, job)
    const user = this.#parts.directory.users.get(job.username)!
    await this.#parts.authority.issue({
      commonName: job.username,
      csr,
      lifetimeDays: this.#parts.directory.certificateLifetime(user),
      keyOrigin,
      by: job.by,
      through: through(id),
      // on the disk before the certificate counts: a crash in between leaves a text that was never valid
      beforeRecord: async ({ serial, spkiHash, fingerprint, notAfter, certificatePem, chainPem, rootPem }) => {
        const made = { serial, spkiHash, fingerprint, notAfter, certificatePem, chainPem, rootPem }
        await this.jobs.change(id, (current) => {
          if (hasEnded(current)) throw ended(current)
          return { ...current, certificate: made }
        })
      },
    })
    return this.jobs.known(id)
  }

  /** Whether a job's certificate was recorded as issued and has not ended since. */
  inForce({ serial }: JobCertificate): boolean {
    const state = this.#parts.issueLog.find(serial)?.state
    return state === "pending" || state === "active"
  }

  /** Where a job's device is told to connect. */
  brokerOf(job: Job): { readonly host: string; readonly port: number } {
    return { host: job.host ?? this.hosts[0] ?? "localhost", port: this.#parts.port() }
  }

  /** A certificate made its first connection: the end of its job. Rejects with `disk-failed`. */
  async seen(serial: string): Promise<void> {
    const job = this.jobs.list().find((one) => one.certificate?.serial === serial && !hasEnded(one))
    if (job === undefined) return
    const provenAt = this.#parts.clock.now()
    await this.jobs.change(job.id, (current) => proven(current, provenAt))
    if (!job.replace) return
    for (const entry of this.#parts.issueLog.ofUser(job.username)) {
      const old = entry.serial !== serial && (entry.state === "active" || entry.state === "pending")
      if (old) await this.#parts.issueLog.supersede(entry.serial, job.by, provenAt)
    }
  }

  /** A certificate ended before its device was seen: its job has to begin anew. Rejects with `disk-failed`. */
  async lost(serial: string): Promise<void> {
    const job = this.jobs.list().find((one) => one.certificate?.serial === serial && one.state === "proving")
    if (job === undefined) return
    const sentence = "the certificate was revoked before the device had connected with it; retry to give it a new one"
    const problem = { code: "certificate-revoked", sentence, at: this.#parts.clock.now() }
    await this.jobs.change(job.id, (one) => (one.state === "proving" ? { ...one, state: "refused", problem } : one))
  }

  /**
   * Sets right what a crash left: running jobs are interrupted, jobs whose device has connected are done, a certificate
   * whose first connection only its job remembers is active, and one that no job knows of any more is revoked. To be
   * called once, before any port is opened. Rejects with `disk-failed`.
   */
  async recover(): Promise<void> {
    for (const job of this.jobs.list()) {
      // the log's mark of a first connection is not waited for, and may be lost
      if (job.state === "done" && job.certificate && job.provenAt !== undefined) {
        this.#parts.issueLog.activate(job.certificate.serial, job.provenAt)
      }
      if (hasEnded(job)) continue
      const state = job.certificate && this.#parts.issueLog.find(job.certificate.serial)?.state
      if (state === "active") await this.seen(job.certificate!.serial)
      else if (job.state === "running") await this.jobs.change(job.id, (one) => ({ ...one, state: "interrupted" }))
    }
    for (const entry of this.#parts.issueLog.pending()) {
      const id = /^serial:([a-z0-9]{10})$/.exec(entry.through)?.[1]
      const job = id === undefined ? undefined : this.jobs.find(id)
      const orphan = id !== undefined && (job?.certificate?.serial !== entry.serial || job.state === "cancelled")
      if (orphan) await this.#revokeUnproven(entry.serial, "job-lost", "gateway")
    }
  }

  async #revokeUnproven(serial: string, reason: string, by: string): Promise<void> {
    if (this.#parts.issueLog.find(serial)?.state === "pending") await this.#parts.authority.revoke(serial, reason, by)
  }

  async #makeUser(actor: Actor, { username, roles, note }: Job): Promise<void> {
    const { directory, accounts } = this.#parts
    if (!directory.users.has(username)) await accounts.create(actor, newDevice(username, roles, note) as NewDevice)
  }

  #assertMay(actor: Actor, job: Job): void {
    assertProvisionable({ ...job, replace: true }, actor, this.#ground())
  }

  /** Whoever ordered it, with the rights of now. */
  #actorOf({ by, id }: Job): Actor {
    const { directory } = this.#parts
    if (by === "local") return { name: by, rights: directory.roles.get("admin")!.permissions }
    const user = directory.users.get(by)
    if (user?.enabled) return { name: by, rights: directory.rights(user) }
    throw new GatewayError("forbidden", `${by}, who ordered job ${id}, may not any more; cancel it and order it anew`)
  }

  #ground(): OrderGround {
    const { directory, issueLog, clock } = this.#parts
    return { directory, issueLog, hosts: this.hosts, now: clock.now() }
  }
}

type NewDevice = Parameters<Accounts["create"]>[1]

function assertPinned(directory: Directory, username: string, spkiHash: string): void {
  const grant = directory.users.get(username)?.grant
  if (grant?.kind !== "certificate" || grant.publicKey === undefined || grant.publicKey === spkiHash) return
  throw new GatewayError("csr-refused", `user ${username} is pinned to another key; remove the pin, or use that device`)
}

function proven(job: Job, provenAt: number): Job {
  const { problem: _, question: __, certificate, ...rest } = job
  const { serial, spkiHash, fingerprint, notAfter } = certificate!
  const kept = { serial, spkiHash, fingerprint, notAfter }
  return { ...rest, state: "done", step: "prove", provenAt, certificate: kept, answers: {} }
}

function ended({ id, state }: Job): GatewayError {
  return new GatewayError("conflict", `job ${id} is ${state} already; order a new one`)
}
