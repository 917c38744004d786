import type { SerialPortState } from "../provisioning/station.ts"
import type { TranscriptEntry } from "../provisioning/transcripts.ts"
import type { Candidate } from "./choice.ts"
import type { Listed } from "./listing.ts"

/** A port that is there, and what goes on on it. */
export interface Present {
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

export function presentAt(listed: Listed, appearedAt: number, fresh: boolean): Present {
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

export function candidateOf({ listed, fresh, appearedAt }: Present): Candidate {
  return { plug: listed.plug, fresh, appearedAt }
}

export function stateOf({ listed, appearedAt, use, job, device, problem, log }: Present): SerialPortState {
  return { plug: listed.plug, appearedAt, use, job, device, problem, log }
}
