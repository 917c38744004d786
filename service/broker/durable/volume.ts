import type { DatabaseSync } from "node:sqlite"
import { reasonOf } from "../../errors.ts"
import { Database } from "./database.ts"
import { EntryBit } from "./operation.ts"
import type { Failure, Outcome } from "./protocol.ts"
import { Reading, type StoredEntry } from "./reading.ts"
import { type Hearer, isDamage, openWhole, repaired } from "./recovery.ts"

/** A disk that does not recover may need its file to be opened anew. */
const FAILURES_BEFORE_ANEW = 20
const EMPTY = new Uint8Array()

/** SQLite's primary result codes (sqlite.org/rescode.html). */
const Code = { readOnly: 8, ioError: 10, corrupt: 11, full: 13, cannotOpen: 14, notADatabase: 26 } as const

interface OpenFile {
  readonly file: DatabaseSync
  readonly database: Database
  readonly reading: Reading
}

/** The store's file as long as the process lives: opened anew where the disk goes on failing, repaired when it is damaged. */
export class Volume {
  readonly #path: string
  readonly #hearer: Hearer
  #open: OpenFile | undefined
  /** In a row. */
  #failures = 0

  /** Throws what SQLite and the file system throw when the file can be neither opened nor begun anew. */
  constructor(path: string, hearer: Hearer) {
    this.#path = path
    this.#hearer = hearer
    this.#opened()
  }

  /** Throws what SQLite throws, but for damage, which is repaired. */
  read<T>(work: (reading: Reading) => T): T {
    return this.#mending((open) => work(open.reading))
  }

  /** Everything in one transaction, or, when the disk does not take that, at least `state`: it may free space. */
  commit(state: Uint8Array, content: Uint8Array): Outcome {
    const failure = this.#try((database) => database.commit(state, content))
    if (failure === undefined) return { state: undefined, content: undefined }
    if (state.length === 0) return { state: undefined, content: failure }
    if (content.length === 0) return { state: failure, content: undefined }
    return { state: this.#try((database) => database.commit(state, EMPTY)), content: failure }
  }

  /** Up to `limit` entries of a session's queue behind the place `after`; damaged messages are put aside. */
  page(session: number, after: number, limit: number): StoredEntry[] {
    const entries = this.read((reading) => reading.page(session, after, limit))
    const damaged = entries.filter(({ record }) => record === undefined)
    if (damaged.length > 0) {
      const places = damaged.map(({ sequence, message, bits }) => {
        return { session, sequence, message, shared: (bits & EntryBit.shared) !== 0 }
      })
      this.#try((database) => database.setAside(places))
    }
    return entries
  }

  /** Clears away a little of what ended sessions left; true: there is more. */
  tidy(): boolean {
    let more = false
    const failure = this.#try((database) => {
      if (database.hasRest) database.clearRest()
      more = database.hasRest
    })
    return failure === undefined && more
  }

  close(): void {
    try {
      // leaves one file: a flipped byte in a journal would go unnoticed
      this.#open?.file.exec("PRAGMA wal_checkpoint(TRUNCATE)")
    } finally {
      this.#open?.file.close()
      this.#open = undefined
    }
  }

  #opened(): OpenFile {
    return this.#open ?? this.#take(openWhole(this.#path, this.#hearer))
  }

  #take(file: DatabaseSync): OpenFile {
    this.#open = { file, database: new Database(file), reading: new Reading(file, this.#hearer.onDamage) }
    return this.#open
  }

  #try(work: (database: Database) => void): Failure | undefined {
    try {
      this.#mending((open) => work(open.database))
      this.#failures = 0
      return undefined
    } catch (error) {
      // to open it anew at once could bring back what was just refused: the failed commit may stand in the journal
      if (++this.#failures % FAILURES_BEFORE_ANEW === 0) this.#letGo()
      return failureOf(error)
    }
  }

  /** Where damage shows only now, the file is repaired and the work done again. */
  #mending<T>(work: (open: OpenFile) => T): T {
    try {
      return work(this.#opened())
    } catch (error) {
      if (!isDamage(error)) throw error
      this.#letGo()
      this.#take(repaired(this.#path, reasonOf(error), this.#hearer.onDamage))
      return work(this.#opened())
    }
  }

  /** The next commit opens it anew. */
  #letGo(): void {
    try {
      this.#open?.file.close()
    } catch {
      // it was of no use any more
    }
    this.#open = undefined
  }
}

function failureOf(error: unknown): Failure {
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : 0
  const reason = reasonOf(error)
  if (code === Code.full) return { kind: "full", reason }
  if (code === Code.readOnly) return { kind: "read-only", reason }
  if (code === Code.corrupt || code === Code.notADatabase) return { kind: "damaged", reason }
  if (code === Code.ioError || code === Code.cannotOpen) return { kind: "failed", reason }
  const errno = error instanceof Error && "code" in error ? error.code : undefined
  if (errno === "ENOSPC") return { kind: "full", reason }
  if (errno === "EROFS") return { kind: "read-only", reason }
  if (typeof errno === "string" && errno.startsWith("E")) return { kind: "failed", reason }
  throw error
}
