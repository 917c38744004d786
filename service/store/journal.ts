import { constants, type FileHandle, open } from "node:fs/promises"
import { dirname } from "node:path"
import type { Journal } from "../document.ts"
import { GatewayError } from "../errors.ts"
import { syncFolder, writeAll } from "./durable-file.ts"
import { type JournalFormat, journalLine, readJournal } from "./journal-file.ts"

export interface JournalOptions<T> extends JournalFormat<T> {
  readonly path: string
  /** Told, in words, when an incomplete last line was set aside. */
  readonly onTorn?: (detail: string) => void
}

/**
 * Opens the journal at `path`, made when it is not there. An incomplete last line is what a crash leaves of a record
 * that was never acknowledged: it is set aside as `<name>.torn-<n>` and cut off. Damage anywhere else rejects with
 * `GatewayError("document-damaged")`. Nobody else may write the file meanwhile.
 */
export async function openJournal<T>(options: JournalOptions<T>): Promise<Journal<T> & AsyncDisposable> {
  const { path } = options
  const { records, length, torn, found } = await readJournal(path, options)
  const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600).catch((cause) => fail(path, cause))
  try {
    if (!found) await syncFolder(dirname(path))
    if (torn !== null) await cut(file, length)
  } catch (cause) {
    await file.close()
    fail(path, cause)
  }
  if (torn !== null) options.onTorn?.(torn)
  return new DurableJournal(path, file, records, length)
}

async function cut(file: FileHandle, length: number): Promise<void> {
  await file.truncate(length)
  await file.datasync()
}

function fail(path: string, cause: unknown): never {
  const message = `the journal ${path} could not be written: check its owner, and the disk for space and errors`
  throw new GatewayError("disk-failed", message, { cause })
}

interface Append {
  readonly line: Buffer
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

class DurableJournal<T> implements Journal<T>, AsyncDisposable {
  readonly records: readonly T[]
  readonly #path: string
  readonly #file: FileHandle
  /** Up to here every byte is acknowledged; what lies behind is a failed append. */
  #length: number
  #waiting: Append[] = []
  #turn: Promise<void> | null = null
  /** Why no more records are taken, if so. */
  #closed: string | null = null

  constructor(path: string, file: FileHandle, records: readonly T[], length: number) {
    this.#path = path
    this.#file = file
    this.records = records
    this.#length = length
  }

  append(record: T): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiting.push({ line: journalLine(record), resolve, reject })
    this.#turn ??= this.#writeWaiting()
    return promise
  }

  /** One write and one sync at a time, each for every record that waits when it begins. Never rejects. */
  async #writeWaiting(): Promise<void> {
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const appends = this.#waiting.splice(0)
      try {
        await this.#write(Buffer.concat(appends.map((append) => append.line)))
        for (const append of appends) append.resolve()
      } catch (error) {
        for (const append of appends) append.reject(error)
      }
    }
    this.#turn = null
  }

  async #write(bytes: Buffer): Promise<void> {
    if (this.#closed !== null) fail(this.#path, new Error(this.#closed))
    try {
      await writeAll(this.#file, bytes, this.#length)
      await this.#file.datasync()
      this.#length += bytes.length
    } catch (cause) {
      await this.#takeBack()
      fail(this.#path, cause)
    }
  }

  /** A refused record must not turn up after a restart, and a later one must not stand behind half a line. */
  async #takeBack(): Promise<void> {
    try {
      await cut(this.#file, this.#length)
    } catch {
      this.#closed = "a failed append could not be taken back, so nothing more is taken until the gateway is restarted"
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turn
    this.#closed ??= "it is closed"
    await this.#file.close()
  }
}
