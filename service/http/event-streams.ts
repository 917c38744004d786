import type { ServerResponse } from "node:http"
import { Policy } from "../access/policy.ts"
import type { EventHub, GatewayEvent } from "../events.ts"
import type { Pulse } from "./contract-page.ts"
import type { Asker } from "./identification.ts"
import type { Gateway } from "./ports.ts"
import { Problem } from "./problem.ts"
import { time } from "./time.ts"

const MOST = 100
const MOST_PER_USER = 10
/** How often a stream shows that the gateway is there: a page tells its reader within five seconds that it is not. */
const PULSE_MS = 2000
/** How soon a stream notices that who reads it may no longer. */
const CHECK_MS = 1000
/** Bytes waiting for a reader that does not read; it comes back and is told what it missed. */
const WAITING = 256 * 1024

/** Server-sent events to those who look on: each is told what it may read, for as long as it may. */
export class EventStreams implements Disposable {
  readonly #events: EventHub
  readonly #pulse: () => Pulse
  readonly #open = new Map<ServerResponse, string>()

  constructor(gateway: Pick<Gateway, "events" | "clients" | "door" | "health" | "clock">) {
    this.#events = gateway.events
    this.#pulse = () => pulseOf(gateway)
  }

  /** Throws `busy` when there are too many already. */
  assertRoom(username: string): void {
    const own = [...this.#open.values()].filter((name) => name === username).length
    if (own < MOST_PER_USER && this.#open.size < MOST) return
    throw new Problem("busy", "too many event streams are open; close one", { headers: { "Retry-After": "5" } })
  }

  /** Writes events to a response until its reader goes or `admitted` throws. `after` is the last id that it had. */
  open(response: ServerResponse, admitted: () => Asker, after: string | undefined): void {
    const asker = admitted()
    let mayRead = readingOf(asker)
    const tell = (event: GatewayEvent) => {
      if (!mayRead(event.resource) || response.writableEnded) return // the last words are said before the close is seen
      response.write(frame(event))
      if (response.writableLength > WAITING) response.destroy()
    }
    const check = setInterval(() => {
      try {
        mayRead = readingOf(admitted())
      } catch {
        response.end()
      }
    }, CHECK_MS)
    const beat = setInterval(() => {
      if (response.writableEnded) return
      response.write(`event: pulse\ndata: ${JSON.stringify(mayRead("/status") ? this.#pulse() : {})}\n\n`)
    }, PULSE_MS)
    const stopListening = this.#events.listen(tell)
    this.#open.set(response, asker.actor.name)
    response.once("close", () => {
      clearInterval(check)
      clearInterval(beat)
      stopListening()
      this.#open.delete(response)
    })
    response.write("retry: 2000\n\n")
    if (after !== undefined) this.#repeat(response, tell, after)
  }

  #repeat(response: ServerResponse, tell: (event: GatewayEvent) => void, after: string): void {
    const missed = this.#events.since(after)
    if (missed === undefined) response.write("event: gap\ndata: {}\n\n")
    for (const event of missed ?? []) tell(event)
  }

  [Symbol.dispose](): void {
    for (const response of this.#open.keys()) response.end()
  }
}

function pulseOf({ clients, door, health, clock }: Pick<Gateway, "clients" | "door" | "health" | "clock">): Pulse {
  const { messagesIn = 0, messagesOut = 0 } = clients.counters()
  const [at, alarms] = [time(clock.now()), health.alarms.length]
  return { at, clients: clients.count, refused: door.total, alarms, messagesIn, messagesOut }
}

function readingOf({ actor }: Asker): (resource: string) => boolean {
  const policy = Policy.compile(actor.rights, "http", actor.name, undefined, undefined)
  return (resource) => policy.mayRead(resource)
}

/** JSON has no line break of its own, so nothing in it can begin another field. */
function frame({ id, kind, at, data }: GatewayEvent): string {
  return `id: ${id}\nevent: ${kind}\ndata: ${JSON.stringify({ at: time(at), ...data })}\n\n`
}
