import { type DeviceKey, makeDeviceKey } from "../ca/device-key.ts"
import type { Clock } from "../clock.ts"
import { GatewayError, reasonOf } from "../errors.ts"
import type { Logger } from "../log.ts"
import { hasEnded, type Job } from "../provisioning/job.ts"
import type { Provisioning } from "../provisioning/provisioning.ts"
import type { SerialPortState, Station } from "../provisioning/station.ts"
import type { Transcripts } from "../provisioning/transcripts.ts"
import type { SerialBinding } from "./binding.ts"
import { isWanted, namesPort } from "./choice.ts"
import { type Dialect, LineFault } from "./dialect.ts"
import type { Listed } from "./listing.ts"
import { PortFault } from "./port-fault.ts"
import { candidateOf, type Present, presentAt, stateOf } from "./present.ts"
import { Visit, type VisitParts } from "./visit.ts"

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
    port.work = Visit.pay(this.#visitTo(port), forJob)
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

  #visitTo(port: Present): VisitParts {
    return {
      ...this.#parts,
      port,
      jobs: () => this.#jobsFor(port),
      goesOn: () => this.#open && this.#present.get(port.listed.plug.path) === port,
      changed: () => this.#tell(port, "changed"),
      ownKey: (job) => this.#ownKey(job),
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
