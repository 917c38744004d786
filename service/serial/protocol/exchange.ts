import { randomInt } from "node:crypto"
import { isTimeout, type Line } from "../dialect.ts"
import { encodeFrame, LONGEST_FRAME, type Message, parseFrame } from "./frame.ts"

/** How patient the gateway is; docs/serial-protocol.md, "Time-outs". Milliseconds. */
export interface Patience {
  /** For the answer to one sending. */
  readonly answerMs: number
  /** How often the same request is sent before the device counts as silent. */
  readonly tries: number
  /** How long a device may put us off with "wait", in all. */
  readonly waitMs: number
}

export const PATIENCE: Patience = { answerMs: 1000, tries: 6, waitMs: 120_000 }

const LARGEST_ID = 0x7fff_ffff
/** Longer than any frame: a frame may follow a log message that no line feed ended. */
const LONGEST_LINE = 4 * LONGEST_FRAME

/**
 * Stop and wait: one request at a time, sent again with the same identifier until its own answer comes. Identifiers
 * begin anywhere, so that an answer to a gateway that was killed is not taken for one to its successor.
 */
export class Exchange {
  readonly #line: Line
  readonly #patience: Patience
  #id = randomInt(1, LARGEST_ID)

  constructor(line: Line, patience: Patience = PATIENCE) {
    this.#line = line
    this.#patience = patience
  }

  /**
   * The device's answer: with `err` when it refuses. Undefined when it stays silent, or answers "wait" for too long.
   * Rejects with the line's `LineFault` when the line goes.
   */
  async ask(op: string, members: Message = {}, options: { readonly secret?: boolean } = {}) {
    for (let waited = 0; waited <= this.#patience.waitMs; ) {
      const answer = await this.#askOnce({ id: this.#nextId(), op, ...members }, options)
      if (answer?.err !== "wait") return answer
      const pause = Math.min(Math.max(Number(answer.ms) || 0, 100), 5000)
      await this.#line.wait(pause)
      waited += pause
    }
    return undefined
  }

  async #askOnce(request: Message, options: { readonly secret?: boolean }): Promise<Message | undefined> {
    for (let tries = 0; tries < this.#patience.tries; tries++) {
      // ended by carriage returns: a stranger that waits for a line feed, to take it for an answer, gets none from us
      await this.#line.write(`\r${encodeFrame(request)}\r`, options)
      const answer = await this.#answerTo(request.id as number)
      if (answer !== undefined) return answer
    }
    return undefined
  }

  async #answerTo(id: number): Promise<Message | undefined> {
    const until = performance.now() + this.#patience.answerMs
    for (let left = this.#patience.answerMs; left > 0; left = until - performance.now()) {
      const line = await this.#nextLine(left)
      if (line === undefined) return undefined
      const message = parseFrame(line)
      if (message !== undefined && message.id === id && isAnswer(message)) return message
    }
    return undefined
  }

  async #nextLine(timeoutMs: number): Promise<string | undefined> {
    try {
      return await this.#line.readLine({ timeoutMs, longest: LONGEST_LINE })
    } catch (error) {
      if (isTimeout(error)) return undefined
      throw error
    }
  }

  #nextId(): number {
    this.#id = this.#id === LARGEST_ID ? 1 : this.#id + 1
    return this.#id
  }
}

/** A device that echoes what it receives sends our own requests back; those are no answers. */
function isAnswer(message: Message): boolean {
  return message.op === undefined && (message.ok === 1 || typeof message.err === "string")
}
