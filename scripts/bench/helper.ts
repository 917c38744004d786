import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"

/** What a helper process can be asked to do, each with one order and one answer that fit into a message. */
// biome-ignore lint/suspicious/noExplicitAny: the widest function type; the verbs themselves are typed
export type Verbs = Readonly<Record<string, (order: any) => Promise<unknown>>>

interface Question {
  readonly id: number
  readonly verb: string
  readonly order: unknown
}

interface Answer {
  readonly id: number
  readonly result?: unknown
  readonly failure?: string
}

/** A process of its own that does the work of `Verbs`: the load must not share a loop with what is measured. */
export class Helper<V extends Verbs> implements AsyncDisposable {
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  #id = 0

  /** `program` is a file that calls `serve`. */
  constructor(program: URL) {
    this.#process = fork(program, { serialization: "advanced", execArgv: [] })
    this.#process.on("message", (message) => this.#settle(message as Answer))
    this.#process.on("exit", (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the load generator ended (${code})`))
    })
  }

  ask<K extends keyof V & string>(verb: K, order: Parameters<V[K]>[0]): Promise<Awaited<ReturnType<V[K]>>> {
    const id = ++this.#id
    const answer = Promise.withResolvers<unknown>()
    this.#waiting.set(id, answer)
    this.#process.send({ id, verb, order } satisfies Question)
    return answer.promise as Promise<Awaited<ReturnType<V[K]>>>
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const gone = once(this.#process, "exit")
    this.#process.kill()
    await gone
  }

  #settle({ id, result, failure }: Answer): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (failure === undefined) waiting?.resolve(result)
    else waiting?.reject(new Error(failure))
  }
}

/** The helper's side: answers until the process that started it goes away. */
export function serve(verbs: Verbs): void {
  const send = (answer: Answer) => process.send?.(answer)
  process.on("disconnect", () => process.exit())
  process.on("message", ({ id, verb, order }: Question) => {
    const work = verbs[verb]?.(order) ?? Promise.reject(new Error(`there is no verb ${verb}`))
    work.then(
      (result) => send({ id, result }),
      (error) => send({ id, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    )
  })
}
