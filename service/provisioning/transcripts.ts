/** One line of a job's log. */
export interface TranscriptEntry {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** From the device, to it, or what the gateway has to say. */
  readonly way: "in" | "out" | "note"
  /** Printable ASCII, without secrets; everything else is escaped as in C. */
  readonly text: string
}

/** Port: where the logs of jobs are kept. Each is bounded; the oldest lines go first. */
export interface Transcripts {
  /** Never rejects: a log that cannot be written stops no device. */
  append(job: string, entries: readonly TranscriptEntry[]): Promise<void>
  read(job: string): Promise<readonly TranscriptEntry[]>
  /** Removes the logs of all other jobs. */
  keepOnly(jobs: ReadonlySet<string>): Promise<void>
}
