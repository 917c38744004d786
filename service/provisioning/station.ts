import type { Device, Plug } from "./job.ts"
import type { TranscriptEntry } from "./transcripts.ts"

/** A serial port that is there now. */
export interface SerialPortState {
  readonly plug: Plug
  /** Milliseconds since the epoch; of the start of the gateway for one that was there before. */
  readonly appearedAt: number
  /** free: nobody uses it. recognising: a device is being looked for. job: a job runs on it. */
  readonly use: "free" | "recognising" | "job"
  readonly job?: string | undefined
  /** What was found on it since it appeared. */
  readonly device?: Device | undefined
  /** Why nothing was found, or why it cannot be opened; with the remedy. */
  readonly problem?: { readonly code: string; readonly sentence: string } | undefined
  /** What was said on it when it was last looked at without a job. */
  readonly log: readonly TranscriptEntry[]
}

/** Port: what the API may ask of the place where devices are plugged in. */
export interface Station {
  ports(): readonly SerialPortState[]
  /**
   * Looks for a device on a port, without anything permanent; boards may restart on it. Rejects with `not-found` and, when
   * the port is in use, `conflict`. What is found, or why nothing was, stands in the answer.
   */
  recognise(path: string): Promise<SerialPortState>
  /** Told when a port appears, vanishes or changes. Answers how to stop listening. */
  onPorts(listener: (port: SerialPortState, change: "appeared" | "changed" | "vanished") => void): () => void
}
