import type { DeviceKey } from "../ca/device-key.ts"
import { reasonOf } from "../errors.ts"
import { hasEnded, type Job } from "../provisioning/job.ts"
import { expectedOn, jobOf } from "./choice.ts"
import { LineFault } from "./dialect.ts"
import { Dialogue } from "./dialogue.ts"
import { JobLog } from "./job-log.ts"
import { SerialLine } from "./line.ts"
import { PortFault } from "./port-fault.ts"
import { candidateOf, type Present } from "./present.ts"
import { type Recognised, recognise } from "./recognition.ts"
import type { StationParts } from "./station.ts"

export interface VisitParts extends StationParts {
  readonly port: Present
  /** Jobs that no port is busy with and that were not tried on this one. */
  readonly jobs: () => readonly Job[]
  /** Whether the port is still there and the gateway goes on. */
  readonly goesOn: () => boolean
  readonly changed: () => void
  readonly ownKey: (job: Job) => DeviceKey
}

/** Speed to open a port with before anything is known. */
const FIRST_BAUD_RATE = 115_200
/** A board that was being cleared when it hung is left alone. */
const CLEAR_MS = 20_000
const NO_JOB = "no job is for this device: it has its certificate already, or it is not the one that was begun with"

/** One time that a port is opened: who is there, the job of that device, and a port that is free again. */
export class Visit {
  readonly #parts: VisitParts
  readonly #log: JobLog
  /** False: only to see who is there. */
  readonly #forJob: boolean

  private constructor(parts: VisitParts, log: JobLog, forJob: boolean) {
    this.#parts = parts
    this.#log = log
    this.#forJob = forJob
  }

  /** Resolves when there is nothing more to do; how it went stands with the port and the job. */
  static async pay(parts: VisitParts, forJob: boolean): Promise<void> {
    await using log = new JobLog(parts.transcripts, () => parts.clock.now())
    await new Visit(parts, log, forJob).#run()
  }

  async #run(): Promise<void> {
    const { port } = this.#parts
    try {
      const recognised = await this.#session()
      if (recognised !== undefined) await this.#takeBack(recognised)
    } catch (error) {
      if (error instanceof PortFault) await this.#notFound(error)
      else if (!(error instanceof LineFault)) throw error
    } finally {
      if (port.job === undefined) port.log = this.#log.held.slice(-100)
    }
  }

  /** Opens the port, finds out what is on it, and does what there is to do. */
  async #session(): Promise<Recognised | undefined> {
    const { port, dialects, patienceMs, jobs } = this.#parts
    await using line = await this.#openLine()
    const likely = port.device ?? expectedOn(jobs(), candidateOf(port))[0]?.device
    const outcome = await recognise(line, { dialects, patienceMs, likely })
    if (!outcome.ok) {
      await this.#notFound({ code: outcome.code, message: outcome.sentence })
      return undefined
    }
    const recognised = outcome.value
    port.device = recognised.device
    port.problem = undefined
    this.#log.transcript.note(`recognised: ${recognised.device.title} at ${recognised.device.baudRate} baud`)
    this.#parts.changed()
    if (!this.#forJob) return undefined
    return (await this.#converse(line, recognised)) ? recognised : undefined
  }

  async #openLine(): Promise<SerialLine> {
    const { listed, stop, device } = this.#parts.port
    const baudRate = device?.baudRate ?? FIRST_BAUD_RATE
    const port = await this.#parts.binding.open(listed.plug.path, baudRate)
    return new SerialLine({ port, baudRate, transcript: this.#log.transcript, signal: stop.signal })
  }

  /** False when no job is for the device that was found. */
  async #converse(line: SerialLine, recognised: Recognised): Promise<boolean> {
    const { port, provisioning, clock, proveMs, ownKey } = this.#parts
    const wanted = this.#parts.jobs()
    const job = jobOf(wanted, provisioning.jobs.list(), candidateOf(port), recognised.identity)
    if (job === undefined) {
      for (const { id } of expectedOn(wanted, candidateOf(port))) port.tried.add(id)
      port.fresh = false
      port.problem = { code: "no-job", sentence: NO_JOB }
      return false
    }
    Object.assign(port, { fresh: false, use: "job", job: job.id })
    port.tried.add(job.id)
    this.#log.assign(job.id)
    await provisioning.jobs.change(job.id, (current) => begun(current, port, recognised))
    this.#parts.changed()
    await new Dialogue(job.id, {
      provisioning,
      line,
      transcript: this.#log.transcript,
      recognised,
      ownKey: () => ownKey(job),
      proveMs,
      now: () => clock.now(),
    }).run()
    return true
  }

  /** After a cancelled job the device may hold what nobody will ever use. */
  async #takeBack({ dialect, device }: Recognised): Promise<void> {
    const { port, provisioning, clock, patienceMs, goesOn } = this.#parts
    const job = provisioning.jobs.find(port.job ?? "")
    if (job?.state !== "cancelled" || dialect.discard === undefined || !goesOn()) return
    port.stop = new AbortController()
    const limit = setTimeout(
      () => port.stop.abort(new LineFault("aborted", "the device was not cleared in time")),
      CLEAR_MS,
    )
    try {
      await using line = await this.#openLine()
      await recognise(line, { dialects: [dialect], likely: device, patienceMs })
      await dialect.discard(line, {
        job: job.id,
        commonName: job.username,
        now: () => clock.now(),
        answer: () => undefined,
        note: (sentence) => this.#log.transcript.note(sentence),
      })
    } catch (error) {
      this.#log.transcript.note(`what the job left in the device could not be taken back: ${reasonOf(error)}`)
    } finally {
      clearTimeout(limit)
    }
  }

  /** The port cannot be opened, or what is on it is not understood: whoever waits for it is told. */
  async #notFound({ code, message }: { readonly code: string; readonly message: string }): Promise<void> {
    const { port, provisioning, clock, jobs } = this.#parts
    port.device = undefined
    port.problem = { code, sentence: message }
    this.#log.transcript.note(message)
    if (!this.#forJob) return
    port.fresh = false
    for (const { id } of expectedOn(jobs(), candidateOf(port))) {
      port.tried.add(id)
      this.#log.assign(id)
      const problem = { code, sentence: message, at: clock.now() }
      await provisioning.jobs.change(id, (job) => {
        if (hasEnded(job)) return job
        return { ...job, state: job.state === "waiting" ? "refused" : "interrupted", problem }
      })
    }
  }
}

function begun(job: Job, { listed, appearedAt }: Present, { device }: Recognised): Job {
  if (hasEnded(job)) throw new LineFault("aborted", "the job was cancelled")
  const { problem: _, question: __, ...rest } = job
  const pluggedInAt = job.pluggedInAt ?? appearedAt
  return { ...rest, state: "running", plug: listed.plug, device, pluggedInAt, attempts: job.attempts + 1 }
}
