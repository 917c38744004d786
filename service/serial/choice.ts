import { hasEnded, type Job, type Plug } from "../provisioning/job.ts"
import type { Identity } from "./dialect.ts"

/** A port as far as it matters for whose device is on it. */
export interface Candidate {
  readonly plug: Plug
  /** It appeared while the gateway was running, and no job has run on it since. */
  readonly fresh: boolean
  /** Milliseconds since the epoch. */
  readonly appearedAt: number
}

/** Jobs that could go on with a device on this port, before anyone has asked the device who it is. */
export function isWanted(jobs: readonly Job[], port: Candidate): boolean {
  return jobs.some((job) => mayResume(job, port.plug) || isOrderedFor(job, port.plug) || isNext(job, port))
}

/**
 * The job of the device that was found on a port. A job under way is known again by what the device says of itself, then
 * by where it is plugged in; then comes the one ordered for the port, then the first that takes any device. `jobs` are
 * those that nothing runs for, `all` are all.
 */
export function jobOf(jobs: readonly Job[], all: readonly Job[], port: Candidate, identity: Identity): Job | undefined {
  const underWay = jobs.filter((job) => mayResume(job, port.plug))
  const said = underWay.find((job) => job.id === identity.job)
  if (said !== undefined) return said
  const same = underWay.find((job) => identity.uid !== undefined && job.device?.uid === identity.uid)
  if (same !== undefined) return same
  const nameless = underWay.find((job) => isSamePlug(job.plug, port.plug) && mayBe(job, identity))
  if (nameless !== undefined) return nameless
  // with a batch on one port the last device is still there until somebody exchanges it
  const ordered = jobs.find(
    (job) => isOrderedFor(job, port.plug) && !(job.batch !== undefined && isKnown(all, identity)),
  )
  if (ordered !== undefined) return ordered
  if (identity.state === "active" || isKnown(all, identity)) return undefined
  return jobs.find((job) => isNext(job, port))
}

/** Left in the middle: whatever process left it there. */
function isUnderWay({ state }: Job): boolean {
  return state === "interrupted" || state === "running" || state === "question"
}

/** A device with a serial number of its own may come back on any port; one without, where it was. */
function mayResume(job: Job, plug: Plug): boolean {
  return isUnderWay(job) && (job.device?.uid !== undefined || isSamePlug(job.plug, plug))
}

/** Unless both say who they are and it is somebody else. */
function mayBe(job: Job, identity: Identity): boolean {
  return job.device?.uid === undefined || identity.uid === undefined || job.device.uid === identity.uid
}

function isSamePlug(a: Plug | undefined, b: Plug): boolean {
  if (a === undefined) return false
  if (a.serialNumber !== undefined && b.serialNumber !== undefined) {
    return a.serialNumber === b.serialNumber && a.vendorId === b.vendorId && a.productId === b.productId
  }
  return a.location !== undefined ? a.location === b.location : a.path === b.path
}

function isOrderedFor({ state, port }: Job, plug: Plug): boolean {
  return state === "waiting" && port !== undefined && namesPort(plug, port)
}

function isNext({ state, port, createdAt }: Job, candidate: Candidate): boolean {
  return state === "waiting" && port === undefined && candidate.fresh && candidate.appearedAt >= createdAt
}

/** A device that is or was given its name by another job. */
function isKnown(jobs: readonly Job[], { uid }: Identity): boolean {
  return (
    uid !== undefined &&
    jobs.some((job) => job.device?.uid === uid && (job.state === "proving" || job.state === "done"))
  )
}

/** Whether a person means this port: its device file, the by-id link to it, or its physical socket. */
export function namesPort({ path, byId, location }: Plug, name: string): boolean {
  return name === path || (byId !== undefined && name === byId) || (location !== undefined && name === location)
}

/** Jobs whose device was expected on this port, for when none is found there. */
export function expectedOn(jobs: readonly Job[], port: Candidate): readonly Job[] {
  return jobs.filter(
    (job) => !hasEnded(job) && (isOrderedFor(job, port.plug) || (isUnderWay(job) && isSamePlug(job.plug, port.plug))),
  )
}
