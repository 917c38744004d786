import { type DeviceKey, makeDeviceKey } from "../ca/device-key.ts"
import type { Clock } from "../clock.ts"
import { GatewayError, reasonOf } from "../errors.ts"
import type { Logger } from "../log.ts"
import { hasEnded, type Job } from "../provisioning/job.ts"
import type { Provisioning } from "../provisioning/provisioning.ts"
import type { SerialPortState, Station } from "../provisioning/station.ts"
import type { TranscriptEntry, Transcripts } from "../provisioning/transcripts.ts"
import type { SerialBinding } from "./binding.ts"
import { type Candidate, expectedOn, isWanted, jobOf, namesPort } from "./choice.ts"
import { type Dialect, LineFault } from "./dialect.ts"
import { Dialogue } from "./dialogue.ts"
import { JobLog } from "./job-log.ts"
import { SerialLine } from "./line.ts"
import type { Listed } from "./listing.ts"
import { PortFault } from "./port-fault.ts"
import { type Recognised, recognise } from "./recognition.ts"

export interface StationParts {
  readonly provisioning: Provisioning
  readonly transcripts: Transcripts
  readonly binding: SerialBinding
  readonly dialects: readonly Dialect[]
  readonly clock: Clock
  readonly log: Logger
  /** How long a device may take to start, and to make its first connection while the line is open. */
  readonly patienceMs: number
  readonly proveMs: number
}

/** Speed to open a port with before anything is known. */
const FIRST_BAUD_RATE = 115_200

/** A port that is there, and what goes on on it. */
interface Present {
  readonly listed: Listed
  readonly appearedAt: number
  /** Jobs that were begun on it, or looked for their device on it, since it appeared or a person asked for more. */
  readonly tried: Set<string>
  fresh: boolean
  use: SerialPortState["use"]
  job: string | undefined
  /** Ends what goes on. */
  stop: AbortController
  work: Promise<void>
  device: SerialPortState["device"]
  problem: SerialPortState["problem"]
  log: readonly TranscriptEntry[]
}

/**
 * The place where devices are plugged in: brings each port together with the job of its device, one thing at a time on
 * each port, any number of ports at once.
 */
export class SerialStation implements Station, AsyncDisposable {
  readonly #parts: StationParts
  readonly #present = new Map<string, Present>()
  readonly #listeners = new Set<(port: SerialPortState, change: "appeared" | "changed" | "vanished") => void>()
  /** Keys made here, for devices that cannot; never on the disk. */
  readonly #ownKeys = new Map<string, DeviceKey>()
  readonly #stopListening: () => void
  #open = true
  /** What there is when the gateway starts was not plugged in for anyone. */
  #started = false

  constructor(parts: StationParts) {
    this.#parts = parts
    this.#stopListening = parts.provisioning.jobs.onChange((job) => this.#jobChanged(job))
  }

  /** From now on a port that appears is a device that somebody has plugged in. */
  start(): void {
    this.#started = true
  }

  appeared(listed: Listed): void {
    const { clock, log } = this.#parts
    const port = presentAt(listed, clock.now(), this.#started)
    this.#present.set(listed.plug.path, port)
    log.info("serial port appeared", { path: listed.plug.path, location: listed.plug.location })
    this.#tell(port, "appeared")
    this.#consider(port)
  }

  vanished({ plug }: Listed): void {
    const port = this.#present.get(plug.path)
    if (port === undefined) return
    this.#present.delete(plug.path)
    port.stop.abort(new LineFault("gone", PortFault.gone(plug.path).message))
    this.#parts.log.info("serial port vanished", { path: plug.path })
    this.#tell(port, "vanished")
  }

  ports(): readonly SerialPortState[] {
    return [...this.#present.values()].map(stateOf)
  }

  onPorts(listener: (port: SerialPortState, change: "appeared" | "changed" | "vanished") => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async recognise(name: string): Promise<SerialPortState> {
    const port = [...this.#present.values()].find(({ listed }) => namesPort(listed.plug, name))
    if (port === undefined) throw new GatewayError("not-found", "there is no such serial port; see the list of ports")
    if (port.use !== "free")
      throw new GatewayError("conflict", `${port.listed.plug.path} is in use by a job; wait for its end`)
    this.#begin(port, false)
    await port.work
    return stateOf(port)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#open = false
    this.#stopListening()
    const ports = [...this.#present.values()]
    for (const { stop } of ports)
      stop.abort(new LineFault("aborted", "the gateway stops; the job goes on when it is back"))
    await Promise.all(ports.map(({ work }) => work))
  }

  #jobChanged(job: Job): void {
    if (hasEnded(job)) {
      this.#ownKeys.delete(job.id)
      if (job.state !== "cancelled") return
      const running = [...this.#present.values()].find((port) => port.job === job.id)
      running?.stop.abort(new LineFault("aborted", "the job was cancelled"))
    } else if (job.problem === undefined && (job.state === "waiting" || job.state === "interrupted")) {
      for (const port of this.#present.values()) port.tried.delete(job.id)
      // not in the same turn: whoever changed the job may be the one who still has the port
      setImmediate(() => this.#considerAll())
    }
  }

  #considerAll(): void {
    for (const port of this.#present.values()) this.#consider(port)
  }

  /** Opens a free port when there is a job that its device might be of. */
  #consider(port: Present): void {
    if (!this.#open || port.use !== "free" || this.#present.get(port.listed.plug.path) !== port) return
    if (isWanted(this.#jobsFor(port), candidateOf(port))) this.#begin(port, true)
  }

  /** Jobs that no port is busy with and that were not tried on this one. */
  #jobsFor(port: Present): Job[] {
    const busy = new Set([...this.#present.values()].map(({ job }) => job))
    return this.#parts.provisioning.jobs.list().filter(({ id }) => !busy.has(id) && !port.tried.has(id))
  }

  #begin(port: Present, forJob: boolean): void {
    port.use = "recognising"
    port.stop = new AbortController()
    this.#tell(port, "changed")
    port.work = this.#work(port, forJob)
      .catch((error) =>
        this.#parts.log.error("serial port failed", { path: port.listed.plug.path, reason: reasonOf(error) }),
      )
      .finally(() => {
        port.use = "free"
        port.job = undefined
        this.#tell(port, "changed")
        setImmediate(() => this.#considerAll())
      })
  }

  async #work(port: Present, forJob: boolean): Promise<void> {
    await using log = new JobLog(this.#parts.transcripts, () => this.#parts.clock.now())
    try {
      const recognised = await this.#session(port, log, forJob)
      if (recognised !== undefined) await this.#takeBack(port, log, recognised)
    } catch (error) {
      if (error instanceof PortFault) await this.#notFound(port, log, error, forJob)
      else if (!(error instanceof LineFault)) throw error
    } finally {
      if (port.job === undefined) port.log = log.held.slice(-100)
    }
  }

  /** Opens the port, finds out what is on it, and does what there is to do. */
  async #session(port: Present, log: JobLog, forJob: boolean): Promise<Recognised | undefined> {
    await using line = await this.#openLine(port, log)
    const { dialects, patienceMs } = this.#parts
    const likely = port.device ?? expectedOn(this.#jobsFor(port), candidateOf(port))[0]?.device
    const outcome = await recognise(line, { dialects, patienceMs, likely })
    if (!outcome.ok) {
      await this.#notFound(port, log, { code: outcome.code, message: outcome.sentence }, forJob)
      return undefined
    }
    const recognised = outcome.value
    port.device = recognised.device
    port.problem = undefined
    log.transcript.note(`recognised: ${recognised.device.title} at ${recognised.device.baudRate} baud`)
    this.#tell(port, "changed")
    if (!forJob) return undefined
    return (await this.#converse(port, log, line, recognised)) ? recognised : undefined
  }

  async #openLine({ listed, stop, device }: Present, log: JobLog): Promise<SerialLine> {
    const baudRate = device?.baudRate ?? FIRST_BAUD_RATE
    const port = await this.#parts.binding.open(listed.plug.path, baudRate)
    return new SerialLine({ port, baudRate, transcript: log.transcript, signal: stop.signal })
  }

  /** False when no job is for the device that was found. */
  async #converse(port: Present, log: JobLog, line: SerialLine, recognised: Recognised): Promise<boolean> {
    const { provisioning, clock, proveMs } = this.#parts
    const wanted = this.#jobsFor(port)
    const job = jobOf(wanted, provisioning.jobs.list(), candidateOf(port), recognised.identity)
    if (job === undefined) {
      for (const { id } of expectedOn(wanted, candidateOf(port))) port.tried.add(id)
      port.fresh = false
      port.problem = { code: "no-job", sentence: NO_JOB }
      return false
    }
    Object.assign(port, { fresh: false, use: "job", job: job.id })
    port.tried.add(job.id)
    log.assign(job.id)
    await provisioning.jobs.change(job.id, (current) => begun(current, port, recognised))
    this.#tell(port, "changed")
    await new Dialogue(job.id, {
      provisioning,
      line,
      transcript: log.transcript,
      recognised,
      ownKey: () => this.#ownKey(job),
      proveMs,
      now: () => clock.now(),
    }).run()
    return true
  }

  /** After a cancelled job the device may hold what nobody will ever use. */
  async #takeBack(port: Present, log: JobLog, { dialect, device }: Recognised): Promise<void> {
    const job = this.#parts.provisioning.jobs.find(port.job ?? "")
    if (job?.state !== "cancelled" || dialect.discard === undefined || !this.#open) return
    if (this.#present.get(port.listed.plug.path) !== port) return
    port.stop = new AbortController()
    const limit = setTimeout(
      () => port.stop.abort(new LineFault("aborted", "the device was not cleared in time")),
      CLEAR_MS,
    )
    try {
      await using line = await this.#openLine(port, log)
      await recognise(line, { dialects: [dialect], likely: device, patienceMs: this.#parts.patienceMs })
      await dialect.discard(line, {
        job: job.id,
        commonName: job.username,
        now: () => this.#parts.clock.now(),
        answer: () => undefined,
        note: (sentence) => log.transcript.note(sentence),
      })
    } catch (error) {
      log.transcript.note(`what the job left in the device could not be taken back: ${reasonOf(error)}`)
    } finally {
      clearTimeout(limit)
    }
  }

  /** The port cannot be opened, or what is on it is not understood: whoever waits for it is told. */
  async #notFound(
    port: Present,
    log: JobLog,
    { code, message }: { code: string; message: string },
    forJob: boolean,
  ): Promise<void> {
    port.device = undefined
    port.problem = { code, sentence: message }
    log.transcript.note(message)
    if (!forJob) return
    port.fresh = false
    const waiting = expectedOn(this.#jobsFor(port), candidateOf(port))
    for (const { id } of waiting) {
      port.tried.add(id)
      log.assign(id)
      const problem = { code, sentence: message, at: this.#parts.clock.now() }
      await this.#parts.provisioning.jobs.change(id, (job) => {
        if (hasEnded(job)) return job
        return { ...job, state: job.state === "waiting" ? "refused" : "interrupted", problem }
      })
    }
  }

  #ownKey({ id, username }: Job): DeviceKey {
    const key = this.#ownKeys.get(id) ?? makeDeviceKey(username)
    this.#ownKeys.set(id, key)
    return key
  }

  #tell(port: Present, change: "appeared" | "changed" | "vanished"): void {
    for (const listener of this.#listeners) listener(stateOf(port), change)
  }
}

/** A board that was being cleared when it hung is left alone. */
const CLEAR_MS = 20_000
const NO_JOB = "no job is for this device: it has its certificate already, or it is not the one that was begun with"

function presentAt(listed: Listed, appearedAt: number, fresh: boolean): Present {
  return {
    listed,
    appearedAt,
    fresh,
    tried: new Set(),
    use: "free",
    job: undefined,
    stop: new AbortController(),
    work: Promise.resolve(),
    device: undefined,
    problem: undefined,
    log: [],
  }
}

function candidateOf({ listed, fresh, appearedAt }: Present): Candidate {
  return { plug: listed.plug, fresh, appearedAt }
}

function begun(job: Job, { listed, appearedAt }: Present, { device }: Recognised): Job {
  if (hasEnded(job)) throw new LineFault("aborted", "the job was cancelled")
  const { problem: _, question: __, ...rest } = job
  const pluggedInAt = job.pluggedInAt ?? appearedAt
  return { ...rest, state: "running", plug: listed.plug, device, pluggedInAt, attempts: job.attempts + 1 }
}

function stateOf({ listed, appearedAt, use, job, device, problem, log }: Present): SerialPortState {
  return { plug: listed.plug, appearedAt, use, job, device, problem, log }
}
