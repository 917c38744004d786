import { hasEnded, type Job, type Step } from "../provisioning/job.ts"
import type { Jobs } from "../provisioning/jobs.ts"
import { LineFault, type Outcome, type Question, type Refused } from "./dialect.ts"
import type { SerialLine } from "./line.ts"
import type { Transcript } from "./transcript.ts"

/** Tries of a step that fails for now, in one plug-in. */
const TRIES = 4
const PAUSE_MS = 300

/** The end of a dialogue that a person, or another plug-in, has to do something about. */
export class Stopped extends Error {
  readonly refusal: Refused

  constructor(refusal: Refused) {
    super(refusal.sentence)
    this.refusal = refusal
  }
}

/** The steps of one job on one line: each is on the disk before it is begun, and tried as often as it may be. */
export class Steps {
  readonly #id: string
  readonly #jobs: Jobs
  readonly #line: SerialLine
  readonly #transcript: Transcript

  constructor(id: string, jobs: Jobs, line: SerialLine, transcript: Transcript) {
    this.#id = id
    this.#jobs = jobs
    this.#line = line
    this.#transcript = transcript
  }

  /**
   * Does a step as often as it fails for now, and as often as the person has to be asked first. What is answered is
   * success, or that the key is lost; everything else is thrown.
   */
  async take<T>(step: Step, work: (line: SerialLine) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    await this.advance(step)
    for (let tried = 1; ; ) {
      const outcome = await this.#outcomeOf(work)
      if (outcome.ok || outcome.code === "key-lost") return outcome
      if (outcome.question !== undefined) {
        await this.#ask(outcome.question)
        continue
      }
      if (!outcome.passing || tried++ >= TRIES) throw new Stopped(outcome)
      this.#transcript.note(`${outcome.sentence}; trying again`)
      await this.#line.wait(PAUSE_MS)
    }
  }

  async #outcomeOf<T>(work: (line: SerialLine) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    try {
      return await work(this.#line)
    } catch (error) {
      if (!(error instanceof LineFault) || error.code !== "timeout") throw error
      const sentence = `the device stopped answering (${error.message}): plug it in again, and it goes on where it was`
      return { ok: false, code: "silent", sentence, passing: true }
    }
  }

  /** Shows the question and waits, with the line open, for the answer. Rejects when the line goes first. */
  async #ask(question: Question): Promise<void> {
    const { signal } = this.#line
    const answered = Promise.withResolvers<void>()
    const stop = this.#jobs.onChange((job) => {
      if (job.id === this.#id && job.answers[question.id] !== undefined) answered.resolve()
    })
    const end = () => answered.reject(signal.reason)
    signal.addEventListener("abort", end)
    try {
      await this.change((job) => ({ ...job, state: "question", question: { ...question } }))
      this.#transcript.note(`asked: ${question.sentence}`)
      if (signal.aborted) end()
      await answered.promise
      await this.change((job) => ({ ...job, state: "running" }))
    } finally {
      answered.promise.catch(() => {})
      stop()
      signal.removeEventListener("abort", end)
    }
  }

  async advance(step: Step): Promise<void> {
    this.#line.signal.throwIfAborted()
    await this.change((job) => ({ ...job, step }))
  }

  /** A job that has ended meanwhile stays as it is. */
  change(change: (job: Job) => Job): Promise<Job> {
    return this.#jobs.change(this.#id, (job) => (hasEnded(job) ? job : change(job)))
  }
}

/** The value of what went well; throws `Stopped` for everything else. */
export function achieved<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Stopped(outcome)
  return outcome.value
}
