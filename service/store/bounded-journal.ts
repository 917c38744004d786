import { rename } from "node:fs/promises"
import { dirname } from "node:path"
import type { Journal } from "../document.ts"
import { GatewayError } from "../errors.ts"
import { syncFolder } from "./durable-file.ts"
import { type JournalOptions, openJournal } from "./journal.ts"
import { readJournal } from "./journal-file.ts"

export interface BoundedJournalOptions<T> extends JournalOptions<T> {
  /** Records of one file; there are at most two. */
  readonly most: number
}

/**
 * A journal that forgets: full, the file at `path` becomes `<path>.1`, in place of the one before, and a new one begins.
 * So it always holds the last `most` records, and at most twice as many. Otherwise as `openJournal`.
 */
export async function openBoundedJournal<T>(options: BoundedJournalOptions<T>): Promise<Journal<T> & AsyncDisposable> {
  const older = await readJournal(`${options.path}.1`, options)
  const current = await openJournal(options)
  return new BoundedJournal(options, [...older.records, ...current.records], current)
}

class BoundedJournal<T> implements Journal<T>, AsyncDisposable {
  readonly records: readonly T[]
  readonly #options: BoundedJournalOptions<T>
  #current: Journal<T> & AsyncDisposable
  #count: number
  /** The end of the change to a new file that is under way, if any. */
  #turning: Promise<void> | undefined

  constructor(options: BoundedJournalOptions<T>, records: readonly T[], current: Journal<T> & AsyncDisposable) {
    this.#options = options
    this.records = records
    this.#current = current
    this.#count = current.records.length
  }

  async append(record: T): Promise<void> {
    if (this.#count >= this.#options.most) this.#turning ??= this.#turn()
    while (this.#turning !== undefined) await this.#turning
    this.#count++
    await this.#current.append(record)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turning?.catch(() => {})
    await this.#current[Symbol.asyncDispose]()
  }

  async #turn(): Promise<void> {
    const { path } = this.#options
    try {
      await this.#current[Symbol.asyncDispose]()
      await rename(path, `${path}.1`).catch((cause) => {
        throw new GatewayError("disk-failed", `${path} could not be renamed: check the disk for space and errors`, {
          cause,
        })
      })
      await syncFolder(dirname(path))
    } finally {
      // also when it could not be put aside: then it goes on growing, and the next append tries again
      this.#current = await openJournal(this.#options)
      this.#count = this.#current.records.length
      this.#turning = undefined
    }
  }
}
