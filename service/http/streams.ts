import type { ServerResponse } from "node:http"
import type { Asker } from "./identification.ts"
import { Problem } from "./problem.ts"

/** Often enough that a page can say within five seconds that the gateway is gone. */
const HEARTBEAT_MS = 2000
/** How soon a stream notices that who reads it may no longer. */
const CHECK_MS = 1000

export interface Held {
  readonly judge: (asker: Asker) => void
  readonly closed: () => void
  readonly heartbeat?: () => string
}

export interface Bounds {
  readonly most: number
  readonly mostPerUser: number
}

/** Answers that go on: bounded in number, kept alive by a heartbeat, and ended when their reader may no longer read. */
export class Streams implements Disposable {
  readonly #bounds: Bounds
  readonly #open = new Map<ServerResponse, string>()

  constructor(bounds: Bounds) {
    this.#bounds = bounds
  }

  /** Throws `busy` when there are too many already. */
  assertRoom(username: string): void {
    const { most, mostPerUser } = this.#bounds
    const own = [...this.#open.values()].filter((name) => name === username).length
    if (own < mostPerUser && this.#open.size < most) return
    throw new Problem("busy", "too many event streams are open; close one", { headers: { "Retry-After": "5" } })
  }

  /**
   * Holds a response open until its reader goes or `admitted` throws. `judge` is told who reads, now and once a second;
   * `closed` is called once; `heartbeat` gives what is said in between.
   */
  hold(response: ServerResponse, admitted: () => Asker, { judge, closed, heartbeat = () => ":\n\n" }: Held): void {
    const asker = admitted()
    judge(asker)
    const check = setInterval(() => {
      try {
        judge(admitted())
      } catch {
        response.end()
      }
    }, CHECK_MS)
    const beat = setInterval(() => response.writableEnded || response.write(heartbeat()), HEARTBEAT_MS)
    this.#open.set(response, asker.actor.name)
    response.once("close", () => {
      clearInterval(check)
      clearInterval(beat)
      this.#open.delete(response)
      closed()
    })
    response.write("retry: 2000\n\n")
  }

  [Symbol.dispose](): void {
    for (const response of this.#open.keys()) response.end()
  }
}
