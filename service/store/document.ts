import { Low } from "lowdb"
import type { Document } from "../document.ts"
import { DocumentFile, type DocumentFormat } from "./document-file.ts"

export interface DocumentOptions<T> extends DocumentFormat<T> {
  readonly path: string
  /** The value of a gateway that never wrote this document. */
  readonly initial: () => T
}

/**
 * Opens the document at `path`. Where there is no file yet the value is `initial()`, and nothing is written before the
 * first update. Rejects with `GatewayError("document-damaged")` when the file is torn, empty, foreign or missing
 * beside its previous generation; the message says how to go back. Nobody else may write the file meanwhile.
 */
export async function openDocument<T extends object>(options: DocumentOptions<T>): Promise<Document<T>> {
  const file = new DocumentFile(options.path, options)
  const kept = await file.read()
  return new DurableDocument(new Low<T>(file, kept ?? options.initial()), kept !== null)
}

interface Update<T> {
  readonly change: (current: T) => T
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void
}

class DurableDocument<T extends object> implements Document<T> {
  /** Its data runs ahead while a write is under way; `#value` never does. */
  readonly #low: Low<T>
  #value: T
  #onDisk: boolean
  #waiting: Update<T>[] = []
  #writing = false

  constructor(low: Low<T>, onDisk: boolean) {
    this.#low = low
    this.#value = low.data
    this.#onDisk = onDisk
  }

  get value(): T {
    return this.#value
  }

  update(change: (current: T) => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    this.#waiting.push({ change, resolve, reject })
    if (!this.#writing) void this.#writeWaiting()
    return promise
  }

  /** One write at a time, each for every update that waits when it begins. Never rejects. */
  async #writeWaiting(): Promise<void> {
    this.#writing = true
    // the other updates of this turn of the event loop come along in the first write
    await Promise.resolve()
    while (this.#waiting.length > 0) await this.#writeTogether(this.#waiting.splice(0))
    this.#writing = false
  }

  async #writeTogether(updates: readonly Update<T>[]): Promise<void> {
    let next = this.#value
    const made: { update: Update<T>; outcome: T }[] = []
    for (const update of updates) {
      try {
        next = update.change(next)
        made.push({ update, outcome: next })
      } catch (error) {
        update.reject(error)
      }
    }
    if (made.length === 0) return
    try {
      await this.#write(next)
      for (const { update, outcome } of made) update.resolve(outcome)
    } catch (error) {
      for (const { update } of made) update.reject(error)
    }
  }

  async #write(next: T): Promise<void> {
    if (next === this.#value && this.#onDisk) return
    try {
      this.#low.data = next
      await this.#low.write()
      this.#value = next
      this.#onDisk = true
    } catch (error) {
      this.#low.data = this.#value
      throw error
    }
  }
}
