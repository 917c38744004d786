import type { TranscriptEntry, Transcripts } from "../provisioning/transcripts.ts"
import { Transcript } from "./transcript.ts"

/** Entries held until it is known which job they belong to. */
const MOST_HELD = 400
const FLUSH_MS = 250

/** The log of one time a port is open: held until its job is known, and from then on added to the job's. */
export class JobLog implements AsyncDisposable {
  readonly transcript: Transcript
  readonly #keeper: Transcripts
  readonly #timer: NodeJS.Timeout
  #held: TranscriptEntry[] = []
  #job: string | undefined

  constructor(keeper: Transcripts, now: () => number) {
    this.#keeper = keeper
    this.transcript = new Transcript((entry) => this.#add(entry), now)
    this.#timer = setInterval(() => void this.#flush(), FLUSH_MS)
    this.#timer.unref()
  }

  /** What has been written while no job was known. */
  get held(): readonly TranscriptEntry[] {
    return this.#held
  }

  assign(job: string): void {
    this.#job = job
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    this.transcript.flush()
    await this.#flush()
  }

  #add(entry: TranscriptEntry): void {
    this.#held.push(entry)
    if (this.#held.length > MOST_HELD) this.#held.shift()
  }

  async #flush(): Promise<void> {
    if (this.#job === undefined || this.#held.length === 0) return
    const entries = this.#held
    this.#held = []
    await this.#keeper.append(this.#job, entries)
  }
}
