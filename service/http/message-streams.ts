import type { ServerResponse } from "node:http"
import type { Messages, SeenMessage } from "../access/messages.ts"
import { speaksOf } from "../access/permission.ts"
import { Policy } from "../access/policy.ts"
import type { Clock } from "../clock.ts"
import type { SeenMessageAnswer, SeenMessagesAnswer } from "./contract-messages.ts"
import type { Asker } from "./identification.ts"
import { Problem } from "./problem.ts"
import { Streams } from "./streams.ts"
import { time } from "./time.ts"

/** A reader is told four times a second, of at most so many messages each time, whatever passes through. */
const PERIOD_MS = 250
const MOST_PER_PERIOD = 25
const MOST_RETAINED = 100
const PAYLOAD_BYTES = 256
const TOPIC_CHARACTERS = 512
/** Bytes waiting for a reader that does not read: until it has read, it is told nothing more. */
const WAITING = 64 * 1024

/** Messages to those who look on: of what they may read, a sample they can follow, and how many there were. */
export class MessageStreams implements Disposable {
  readonly #messages: Messages
  readonly #clock: Clock
  readonly #streams = new Streams({ most: 20, mostPerUser: 5 })

  constructor(messages: Messages, clock: Clock) {
    this.#messages = messages
    this.#clock = clock
  }

  /** Throws `busy` when too many look on already, and `forbidden` when this one may read no topic at all. */
  assertOpen({ actor }: Asker): void {
    if (!actor.rights.some((right) => speaksOf(right, "mqtt", "read"))) {
      throw new Problem("forbidden", `${actor.name} may read no topic; ask an administrator for a permission`)
    }
    this.#streams.assertRoom(actor.name)
  }

  /** Shows what passes the filter until the reader goes, or may no longer. */
  open(response: ServerResponse, admitted: () => Asker, filter: string): void {
    let policy = readingOf(admitted())
    const window = new MessageWindow(() => this.#clock.now())
    const stopWatching = this.#messages.watch(filter, (message) => {
      if (policy.mayRead(message.topic)) window.add(message)
    })
    const turn = setInterval(() => {
      if (response.writableEnded || window.isEmpty || response.writableLength > WAITING) return
      response.write(frame("messages", window.take()))
    }, PERIOD_MS)
    const judge = (asker: Asker) => {
      policy = readingOf(asker)
    }
    const closed = () => {
      clearInterval(turn)
      stopWatching()
    }
    this.#streams.hold(response, admitted, { judge, closed })
    const kept = this.#messages.retained(filter, MOST_RETAINED, (topic) => policy.mayRead(topic))
    const at = time(this.#clock.now())
    response.write(frame("retained", { total: kept.length, messages: kept.map((message) => preview(message, at)) }))
  }

  [Symbol.dispose](): void {
    this.#streams[Symbol.dispose]()
  }
}

/** What came since the last look: all of it counted, the first few kept. Beyond those a message costs an addition. */
class MessageWindow {
  readonly #now: () => number
  #total = 0
  #kept: SeenMessageAnswer[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  get isEmpty(): boolean {
    return this.#total === 0
  }

  add(message: SeenMessage): void {
    this.#total++
    if (this.#kept.length < MOST_PER_PERIOD) this.#kept.push(preview(message, time(this.#now())))
  }

  take(): SeenMessagesAnswer {
    const taken = { total: this.#total, messages: this.#kept }
    this.#total = 0
    this.#kept = []
    return taken
  }
}

function readingOf({ actor }: Asker): Policy {
  return Policy.compile(actor.rights, "mqtt", actor.name, undefined, undefined)
}

/** A message as it is shown: text where it is text, else the bytes in hex; never more than its beginning. */
export function preview({ topic, payload, qos, retain, publisher }: SeenMessage, at: string): SeenMessageAnswer {
  const bytes = payload.subarray(0, PAYLOAD_BYTES)
  const cut = bytes.length < payload.length
  const text = textOf(bytes, cut)
  return {
    ...{ at, topic: topic.slice(0, TOPIC_CHARACTERS), client: publisher.slice(0, 128), qos, retain },
    bytes: payload.length,
    encoding: text === undefined ? "hex" : "text",
    payload: text ?? bytes.toString("hex"),
    cut: cut || topic.length > TOPIC_CHARACTERS,
  }
}

/** Undefined when it is not UTF-8, or holds controls that no text has. A character that was cut in half is left out. */
function textOf(bytes: Uint8Array, cut: boolean): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, { stream: cut })
    return CONTROLS.test(text) ? undefined : text
  } catch {
    return undefined
  }
}

/** All but tab, line feed and carriage return. */
const CONTROLS = /(?![\t\n\r])\p{Cc}/u

function frame(event: string, data: SeenMessagesAnswer): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}
