import { randomInt } from "node:crypto"
import type { Clock } from "../clock.ts"
import type { Document } from "../document.ts"
import { GatewayError } from "../errors.ts"
import { hasEnded, type Job, type ProvisioningDocument } from "./job.ts"

/** Jobs that have ended are shown as long as there are not so many newer ones. */
const MOST_ENDED = 500
/** Jobs that go on; a batch of 500 and a few more. */
const MOST_OPEN = 2000

/** What a new job is told; the rest follows. */
export type Draft = Pick<Job, "username" | "roles" | "replace" | "by"> &
  Partial<Pick<Job, "note" | "host" | "port" | "idempotency">>

/** Every job there is, on the disk and in memory. Listeners are told of each change once it is on the disk. */
export class Jobs {
  readonly #document: Document<ProvisioningDocument>
  readonly #clock: Clock
  readonly #listeners = new Set<(job: Job, before: Job | undefined) => void>()

  constructor(document: Document<ProvisioningDocument>, clock: Clock) {
    this.#document = document
    this.#clock = clock
  }

  /** The oldest first. */
  list(): readonly Job[] {
    return this.#document.value.jobs
  }

  find(id: string): Job | undefined {
    return this.list().find((job) => job.id === id)
  }

  /** Throws `not-found`. */
  known(id: string): Job {
    const job = this.find(id)
    if (job === undefined) throw new GatewayError("not-found", `there is no job ${id}; see the list of jobs`)
    return job
  }

  /**
   * Puts down new jobs, all or none; `judge` may refuse with a look at those there are, in the same turn. Several are a
   * batch. Rejects with what `judge` threw, `busy` and `disk-failed`.
   */
  async add(drafts: readonly Draft[], judge: (current: readonly Job[]) => void = () => {}): Promise<Job[]> {
    const now = this.#clock.now()
    const batch = drafts.length > 1 ? newId() : undefined
    const added = drafts.map(
      (draft): Job => ({
        ...draft,
        id: newId(),
        ...(batch === undefined ? {} : { batch }),
        createdAt: now,
        changedAt: now,
        state: "waiting",
        step: "recognise",
        answers: {},
        attempts: 0,
      }),
    )
    await this.#document.update((current) => {
      judge(current.jobs)
      if (current.jobs.filter((job) => !hasEnded(job)).length + added.length > MOST_OPEN) {
        throw new GatewayError("busy", `more than ${MOST_OPEN} devices are waiting; finish or cancel some first`)
      }
      return { ...current, jobs: [...withoutOldest(current.jobs), ...added] }
    })
    for (const job of added) this.#tell(job, undefined)
    return added
  }

  /**
   * Changes a job. `change` sees the job as it is when its turn comes, and throws to leave it so. Rejects with what it
   * threw, `not-found` and `disk-failed`.
   */
  async change(id: string, change: (job: Job) => Job): Promise<Job> {
    let before: Job | undefined
    let after: Job | undefined
    await this.#document.update((current) => {
      const index = current.jobs.findIndex((job) => job.id === id)
      before = current.jobs[index]
      if (before === undefined) throw new GatewayError("not-found", `there is no job ${id}; see the list of jobs`)
      after = change(before)
      if (after === before) return current
      after = { ...after, changedAt: this.#clock.now() }
      return { ...current, jobs: current.jobs.with(index, after) }
    })
    if (after !== before) this.#tell(after!, before)
    return after!
  }

  /** Told of each change, with the job as it was; of a new one without. Answers how to stop listening. */
  onChange(listener: (job: Job, before: Job | undefined) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #tell(job: Job, before: Job | undefined): void {
    for (const listener of this.#listeners) listener(job, before)
  }
}

function withoutOldest(jobs: readonly Job[]): readonly Job[] {
  let surplus = jobs.filter(hasEnded).length - MOST_ENDED
  return surplus <= 0 ? jobs : jobs.filter((job) => !hasEnded(job) || surplus-- <= 0)
}

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"

/** 51 bits at random: nobody hits another's job by guessing, and a device can keep it. */
function newId(): string {
  return Array.from({ length: 10 }, () => LETTERS[randomInt(LETTERS.length)]).join("")
}
