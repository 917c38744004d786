import { once } from "node:events"
import { Worker } from "node:worker_threads"
import { GatewayError } from "../../errors.ts"
import type { Answer, Order, Outcome } from "./protocol.ts"
import type { Numbers, StoredEntry, StoredSession } from "./reading.ts"
import type { Hearer } from "./recovery.ts"

/**
 * MiB for the young objects of the thread, of which nearly none lives on; V8 would take ten times that on a machine with
 * much memory, and hold on to it.
 */
const YOUNG_MIB = 16

/** Who hears what a start finds on the disk. */
export interface Found extends Hearer {
  onSession(session: StoredSession): void
  onRetained(record: Uint8Array): void
}

/** The disk as the event loop sees it: orders go to a thread of their own, and their answers come back in order. */
export class Store implements AsyncDisposable {
  readonly #worker: Worker
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  readonly #onDamage: (what: string) => void
  #orders = 0
  #closing = false
  #written = 0

  private constructor(worker: Worker, onDamage: (what: string) => void) {
    this.#worker = worker
    this.#onDamage = onDamage
    worker.on("message", (answer: Answer) => this.#take(answer))
    worker.on("error", (error) => {
      throw error // a bug: what was acknowledged is on the disk, and the next start goes on from there
    })
  }

  /**
   * Opens the store's file and hands on what it holds, queued messages left out. Rejects with
   * `GatewayError("disk-failed")` when the file can be neither opened nor begun anew.
   */
  static async open(path: string, found: Found): Promise<{ store: Store; numbers: Numbers }> {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), {
      workerData: { path },
      name: "store",
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    })
    const { promise, resolve, reject } = Promise.withResolvers<Numbers>()
    const hear = (answer: Answer) => {
      if (answer.kind === "sessions") for (const session of answer.sessions) found.onSession(session)
      else if (answer.kind === "retained") for (const record of answer.records) found.onRetained(record)
      else if (answer.kind === "damage") found.onDamage(answer.what)
      else if (answer.kind === "reverted") found.onReverted(answer.what)
      else if (answer.kind === "open") resolve(answer.numbers)
      else if (answer.kind === "failed") reject(unopened(path, answer.reason))
    }
    worker.on("message", hear)
    worker.once("error", reject)
    try {
      const numbers = await promise
      worker.off("message", hear)
      worker.off("error", reject)
      return { store: new Store(worker, found.onDamage), numbers }
    } catch (error) {
      await worker.terminate()
      throw error
    }
  }

  /** Bytes written to the device since the start. */
  get written(): number {
    return this.#written
  }

  /** Both buffers are given away. */
  async commit(state: Buffer<ArrayBuffer>, content: Buffer<ArrayBuffer>): Promise<Outcome> {
    const id = ++this.#orders
    const answer = await this.#ask({ kind: "commit", id, state, content }, [state.buffer, content.buffer])
    if (answer.kind !== "committed") throw new Error(`the store answered ${answer.kind} to a commit`)
    this.#written = answer.written
    return answer
  }

  /** Up to `limit` entries of a session's queue behind the place `after`. */
  async page(session: number, after: number, limit: number): Promise<readonly StoredEntry[]> {
    const answer = await this.#ask({ kind: "page", id: ++this.#orders, session, after, limit })
    if (answer.kind !== "page") throw new Error(`the store answered ${answer.kind} for a page`)
    return answer.entries
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing) return
    this.#closing = true
    const gone = once(this.#worker, "exit")
    await this.#ask({ kind: "close", id: ++this.#orders })
    await gone
  }

  #ask(order: Order, transfer: ArrayBuffer[] = []): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>()
    this.#waiting.set(order.id, resolve)
    this.#worker.postMessage(order, transfer)
    return promise
  }

  #take(answer: Answer): void {
    if (answer.kind === "damage") return this.#onDamage(answer.what)
    if (!("id" in answer)) return
    const resolve = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    resolve?.(answer)
  }
}

function unopened(path: string, reason: string): GatewayError {
  return new GatewayError("disk-failed", `${path} could not be opened (${reason}): check the disk for space and errors`)
}
