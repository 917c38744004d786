import type { DeviceKey } from "../ca/device-key.ts"
import { GatewayError } from "../errors.ts"
import { hasEnded, type Job } from "../provisioning/job.ts"
import type { Provisioning } from "../provisioning/provisioning.ts"
import { type Dialect, type KeyRequest, LineFault, type Material, type Outcome, refused, type Task } from "./dialect.ts"
import type { SerialLine } from "./line.ts"
import type { Recognised } from "./recognition.ts"
import { achieved, Steps, Stopped } from "./steps.ts"
import type { Transcript } from "./transcript.ts"

export interface DialogueParts {
  readonly provisioning: Provisioning
  readonly line: SerialLine
  readonly transcript: Transcript
  readonly recognised: Recognised
  /** Where the dialect has the gateway make keys: the one of this job, in memory only. */
  readonly ownKey: () => DeviceKey
  /** How long the line stays open for the device's first connection. */
  readonly proveMs: number
  readonly now: () => number
}

/**
 * One job with its device on the line, from where the job was left. Every step is on the disk before it is begun, and
 * may be begun again; so the line, the process or the power may end at any moment. Resolves when there is nothing more
 * to do on this line; how it went stands in the job. Rejects with `GatewayError("disk-failed")`.
 */
export class Dialogue {
  readonly #parts: DialogueParts
  readonly #id: string
  readonly #steps: Steps
  readonly #task: Task

  constructor(id: string, parts: DialogueParts) {
    this.#id = id
    this.#parts = parts
    this.#steps = new Steps(id, parts.provisioning.jobs, parts.line, parts.transcript)
    this.#task = {
      job: id,
      commonName: this.#job.username,
      now: parts.now,
      answer: (question) => this.#job.answers[question],
      note: (sentence) => parts.transcript.note(sentence),
    }
  }

  async run(): Promise<void> {
    try {
      await this.#speak()
    } catch (error) {
      await this.#end(error)
    }
  }

  get #job(): Job {
    return this.#parts.provisioning.jobs.known(this.#id)
  }

  get #dialect(): Dialect {
    return this.#parts.recognised.dialect
  }

  async #speak(): Promise<void> {
    this.#assertOwnName()
    if (!this.#holdsKey()) await this.#certify()
    const stored = await this.#steps.take("store", (line) => this.#dialect.store(line, this.#task, this.#material()))
    if (!stored.ok) {
      await this.#certify()
      achieved(await this.#steps.take("store", (line) => this.#dialect.store(line, this.#task, this.#material())))
    }
    const verify = await this.#steps.take("verify", (line) => this.#dialect.verify(line, this.#task, this.#material()))
    if (!achieved(verify).proven) this.#task.note("the device cannot say what it holds: its first connection will show")
    const connect = await this.#steps.take("connect", (line) =>
      this.#dialect.connect(line, this.#task, this.#material()),
    )
    const { told, remedy } = achieved(connect)
    this.#task.note(told ? "the device was told to connect" : (remedy ?? "restart the device so that it connects"))
    await this.#prove(told ? undefined : remedy)
  }

  /** A device that bears a name already is not given another in passing. */
  #assertOwnName(): void {
    const { commonName } = this.#parts.recognised.identity
    const { username, replace } = this.#job
    if (commonName === undefined || commonName === username || replace) return
    throw new Stopped(
      refused(
        "other-name",
        `this device says it is ${commonName}, the job is for ${username}: plug in the right one, or order ${username} with "replace" to rename this one`,
      ),
    )
  }

  /** Whether the certificate that the job has is for a key that the device, or this process, still holds. */
  #holdsKey(): boolean {
    const { certificate } = this.#job
    if (certificate?.chainPem === undefined || !this.#parts.provisioning.inForce(certificate)) return false
    if (this.#dialect.keyOrigin === "gateway") return this.#parts.ownKey().spkiHash === certificate.spkiHash
    const { job, state } = this.#parts.recognised.identity
    return state !== "blank" && (job === undefined || job === this.#id)
  }

  async #certify(): Promise<void> {
    const { keyOrigin } = this.#dialect
    const { csr } = achieved(await this.#steps.take("request", (line) => this.#request(line)))
    await this.#steps.advance("certify")
    const { certificate } = await this.#parts.provisioning.certify(this.#id, csr, keyOrigin)
    this.#task.note(`certificate ${certificate?.serial} is for the key ${certificate?.spkiHash}`)
  }

  async #request(line: SerialLine): Promise<Outcome<KeyRequest>> {
    if (this.#dialect.request !== undefined) return this.#dialect.request(line, this.#task)
    this.#task.note("the gateway makes the key, since this device can only be given one")
    return { ok: true, value: { csr: this.#parts.ownKey().csrPem } }
  }

  #material(): Material {
    const job = this.#job
    const { certificatePem, chainPem, rootPem, serial, spkiHash } = job.certificate ?? {}
    if (!certificatePem || !chainPem || !rootPem || !serial || !spkiHash) throw new Error("a job is certified first")
    const own = this.#dialect.keyOrigin === "gateway" ? { privateKeyPem: this.#parts.ownKey().keyPem } : {}
    const broker = this.#parts.provisioning.brokerOf(job)
    const settings = { clientId: job.username, topic: `devices/${job.username}` }
    return { certificatePem, chainPem, rootPem, serial, spkiHash, broker, settings, ...own }
  }

  /** Everything is in the device. What is still missing is its own connection, which needs no line. */
  async #prove(remedy: string | undefined): Promise<void> {
    const { provisioning, line, proveMs } = this.#parts
    const proven = Promise.withResolvers<void>()
    const stop = provisioning.jobs.onChange((job) => {
      if (job.id === this.#id && hasEnded(job)) proven.resolve()
    })
    try {
      // it may have connected before this is written
      const job = await this.#steps.change((one) => ({
        ...one,
        state: "proving",
        step: "prove",
        ...note(remedy, this.#parts.now()),
      }))
      if (hasEnded(job)) return
      await Promise.race([proven.promise, this.#listen(line, proveMs)])
    } finally {
      stop()
    }
    if (hasEnded(this.#job)) this.#task.note("the device's own connection was seen: done")
    else await this.#steps.change((job) => ({ ...job, problem: notSeen(job, provisioning, this.#parts.now()) }))
  }

  /** What the device says meanwhile goes into the log. Ends with the time, or with the line: nothing depends on it. */
  async #listen(line: SerialLine, ms: number): Promise<void> {
    const until = performance.now() + ms
    try {
      while (performance.now() < until) {
        line.discard()
        await line.wait(200)
      }
    } catch (error) {
      if (!(error instanceof LineFault)) throw error
    }
  }

  async #end(error: unknown): Promise<void> {
    const at = this.#parts.now()
    const { transcript } = this.#parts
    if (error instanceof LineFault) {
      transcript.note(error.message)
      const problem = { code: error.code, sentence: error.message, at }
      await this.#steps.change((job) => {
        // a question stays open, and a device that is to connect by itself needs no cable
        if (job.state !== "running") return job
        return error.code === "aborted" ? { ...job, state: "interrupted" } : { ...job, state: "interrupted", problem }
      })
    } else if (error instanceof Stopped) {
      const { code, sentence, passing } = error.refusal
      transcript.note(sentence)
      await this.#steps.change((job) => ({
        ...job,
        state: passing ? "interrupted" : "refused",
        problem: { code, sentence, at },
      }))
    } else if (error instanceof GatewayError) {
      transcript.note(error.message)
      const problem = { code: error.code, sentence: error.message.slice(0, 2000), at }
      await this.#steps.change((job) => ({ ...job, state: "refused", problem }))
    } else throw error
  }
}

function note(remedy: string | undefined, at: number): Partial<Pick<Job, "problem">> {
  return remedy === undefined ? {} : { problem: { code: "by-hand", sentence: remedy, at } }
}

function notSeen(job: Job, provisioning: Provisioning, at: number): NonNullable<Job["problem"]> {
  const { host, port } = provisioning.brokerOf(job)
  const sentence = `everything is in the device, but it has not connected to ${host}:${port} yet: check its network, look at the list of refused clients, or restart it; the job ends by itself when it connects`
  return { code: "not-connected", sentence, at }
}
