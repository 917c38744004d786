import type { DeviceKey } from "../ca/device-key.ts"
import { GatewayError } from "../errors.ts"
import { hasEnded, type Job, type Step } from "../provisioning/job.ts"
import type { Provisioning } from "../provisioning/provisioning.ts"
import {
  type Dialect,
  type KeyRequest,
  LineFault,
  type Material,
  type Outcome,
  type Question,
  type Refused,
  refused,
  type Task,
} from "./dialect.ts"
import type { SerialLine } from "./line.ts"
import type { Recognised } from "./recognition.ts"
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

/** Tries of a step that fails for now, in one plug-in. */
const TRIES = 4
const PAUSE_MS = 300

/** The end of a dialogue that a person, or another plug-in, has to do something about. */
class Stopped extends Error {
  readonly refusal: Refused

  constructor(refusal: Refused) {
    super(refusal.sentence)
    this.refusal = refusal
  }
}

/**
 * One job with its device on the line, from where the job was left. Every step is on the disk before it is begun, and
 * may be begun again; so the line, the process or the power may end at any moment. Resolves when there is nothing more
 * to do on this line; how it went stands in the job. Rejects with `GatewayError("disk-failed")`.
 */
export class Dialogue {
  readonly #parts: DialogueParts
  readonly #id: string
  readonly #task: Task

  constructor(id: string, parts: DialogueParts) {
    this.#id = id
    this.#parts = parts
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
    const stored = await this.#step("store", (line) => this.#dialect.store(line, this.#task, this.#material()))
    if (!stored.ok) {
      await this.#certify()
      this.#assert(await this.#step("store", (line) => this.#dialect.store(line, this.#task, this.#material())))
    }
    const verify = await this.#step("verify", (line) => this.#dialect.verify(line, this.#task, this.#material()))
    if (!this.#assert(verify).proven)
      this.#task.note("the device cannot say what it holds: its first connection will show")
    const connect = await this.#step("connect", (line) => this.#dialect.connect(line, this.#task, this.#material()))
    const { told, remedy } = this.#assert(connect)
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
    const { csr } = this.#assert(await this.#step("request", (line) => this.#request(line)))
    await this.#advance("certify")
    const { certificate } = await this.#parts.provisioning.certify(this.#id, csr, keyOrigin)
    this.#task.note(`certificate ${certificate?.serial} is for the key ${certificate?.spkiHash}`)
  }

  async #request(line: SerialLine): Promise<Outcome<KeyRequest>> {
    if (this.#dialect.request !== undefined) return this.#dialect.request(line, this.#task)
    this.#task.note("the gateway makes the key, since this device can only be given one")
    return { ok: true, value: { csr: this.#parts.ownKey().csrPem } }
  }

  /**
   * Does a step as often as it fails for now, and as often as the person has to be asked first. What is answered is
   * success, or that the key is lost; everything else is thrown.
   */
  async #step<T>(step: Step, work: (line: SerialLine) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    await this.#advance(step)
    for (let tried = 1; ; ) {
      const outcome = await this.#outcomeOf(work)
      if (outcome.ok || outcome.code === "key-lost") return outcome
      if (outcome.question !== undefined) {
        await this.#ask(outcome.question)
        continue
      }
      if (!outcome.passing || tried++ >= TRIES) throw new Stopped(outcome)
      this.#task.note(`${outcome.sentence}; trying again`)
      await this.#parts.line.wait(PAUSE_MS)
    }
  }

  async #outcomeOf<T>(work: (line: SerialLine) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    try {
      return await work(this.#parts.line)
    } catch (error) {
      if (!(error instanceof LineFault) || error.code !== "timeout") throw error
      const sentence = `the device stopped answering (${error.message}): plug it in again, and it goes on where it was`
      return { ok: false, code: "silent", sentence, passing: true }
    }
  }

  #assert<T>(outcome: Outcome<T>): T {
    if (!outcome.ok) throw new Stopped(outcome)
    return outcome.value
  }

  /** Shows the question and waits, with the line open, for the answer. Rejects when the line goes first. */
  async #ask(question: Question): Promise<void> {
    const { jobs } = this.#parts.provisioning
    const { signal } = this.#parts.line
    const answered = Promise.withResolvers<void>()
    const stop = jobs.onChange((job) => {
      if (job.id === this.#id && job.answers[question.id] !== undefined) answered.resolve()
    })
    const end = () => answered.reject(signal.reason)
    signal.addEventListener("abort", end)
    try {
      await this.#change((job) => ({ ...job, state: "question", question: { ...question } }))
      this.#task.note(`asked: ${question.sentence}`)
      if (signal.aborted) end()
      await answered.promise
      await this.#change((job) => ({ ...job, state: "running" }))
    } finally {
      answered.promise.catch(() => {})
      stop()
      signal.removeEventListener("abort", end)
    }
  }

  async #advance(step: Step): Promise<void> {
    this.#parts.line.signal.throwIfAborted()
    await this.#change((job) => ({ ...job, step }))
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
      const job = await this.#change((one) => ({
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
    else await this.#change((job) => ({ ...job, problem: notSeen(job, provisioning, this.#parts.now()) }))
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

  /** A job that has ended meanwhile stays as it is. */
  #change(change: (job: Job) => Job): Promise<Job> {
    return this.#parts.provisioning.jobs.change(this.#id, (job) => (hasEnded(job) ? job : change(job)))
  }

  async #end(error: unknown): Promise<void> {
    const at = this.#parts.now()
    const { transcript } = this.#parts
    if (error instanceof LineFault) {
      transcript.note(error.message)
      const problem = { code: error.code, sentence: error.message, at }
      await this.#change((job) => {
        // a question stays open, and a device that is to connect by itself needs no cable
        if (job.state !== "running") return job
        return error.code === "aborted" ? { ...job, state: "interrupted" } : { ...job, state: "interrupted", problem }
      })
    } else if (error instanceof Stopped) {
      const { code, sentence, passing } = error.refusal
      transcript.note(sentence)
      await this.#change((job) => ({
        ...job,
        state: passing ? "interrupted" : "refused",
        problem: { code, sentence, at },
      }))
    } else if (error instanceof GatewayError) {
      transcript.note(error.message)
      const problem = { code: error.code, sentence: error.message.slice(0, 2000), at }
      await this.#change((job) => ({ ...job, state: "refused", problem }))
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
