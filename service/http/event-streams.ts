import type { ServerResponse } from "node:http"
import { Policy } from "../access/policy.ts"
import type { EventHub, GatewayEvent } from "../events.ts"
import type { Pulse } from "./contract-page.ts"
import type { Asker } from "./identification.ts"
import type { Gateway } from "./ports.ts"
import { Streams } from "./streams.ts"
import { time } from "./time.ts"

/** Bytes waiting for a reader that does not read; it comes back and is told what it missed. */
const WAITING = 256 * 1024

/** Server-sent events to those who look on: each is told what it may read, for as long as it may. */
export class EventStreams implements Disposable {
  readonly #events: EventHub
  readonly #pulse: () => Pulse
  readonly #streams = new Streams({ most: 100, mostPerUser: 10 })

  constructor(gateway: Pick<Gateway, "events" | "clients" | "door" | "health" | "clock">) {
    this.#events = gateway.events
    this.#pulse = () => pulseOf(gateway)
  }

  /** Throws `busy` when there are too many already. */
  assertRoom(username: string): void {
    this.#streams.assertRoom(username)
  }

  /** Writes events to a response until its reader goes or `admitted` throws. `after` is the last id that it had. */
  open(response: ServerResponse, admitted: () => Asker, after: string | undefined): void {
    let mayRead = (_resource: string) => false
    const tell = (event: GatewayEvent) => {
      if (!mayRead(event.resource) || response.writableEnded) return // the last words are said before the close is seen
      response.write(frame(event))
      if (response.writableLength > WAITING) response.destroy()
    }
    this.#streams.hold(response, admitted, {
      judge(asker) {
        mayRead = readingOf(asker)
      },
      closed: this.#events.listen(tell),
      heartbeat: () => `event: pulse\ndata: ${JSON.stringify(mayRead("/status") ? this.#pulse() : {})}\n\n`,
    })
    if (after !== undefined) this.#repeat(response, tell, after)
  }

  #repeat(response: ServerResponse, tell: (event: GatewayEvent) => void, after: string): void {
    const missed = this.#events.since(after)
    if (missed === undefined) response.write("event: gap\ndata: {}\n\n")
    for (const event of missed ?? []) tell(event)
  }

  [Symbol.dispose](): void {
    this.#streams[Symbol.dispose]()
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
