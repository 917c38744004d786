import { isTimeout, type Line } from "../dialect.ts"

/** What a modem answered to a command (3GPP TS 27.007 clause 9, ITU-T V.250 clause 5.7). */
export interface AtAnswer {
  readonly ok: boolean
  /** The information lines, without echo and empty lines. Messages that nobody asked for may be among them. */
  readonly lines: readonly string[]
  /** The number behind +CME ERROR; undefined for a plain ERROR, a text, silence, and for OK. */
  readonly code: number | undefined
  /** The final line as it came, or "silence". */
  readonly final: string
}

interface Call {
  readonly timeoutMs?: number
  readonly secret?: boolean
}

const FINAL = /^(?:OK|ERROR|\+CM[ES] ERROR: ?.*|NO CARRIER)$/
/** Lines looked at for one answer: a modem that never stops talking is no modem. */
const MOST_LINES = 300
const ANSWER_MS = 2000

/**
 * One command after the other, each waited for. Echo may be on or off. `wrap` is for modems behind a shell, which want
 * the command in a form of their own.
 */
export class AtCommands {
  readonly #line: Line
  readonly #wrap: (command: string) => string
  readonly #end: string

  /** A carriage return ends a command; a line feed after it, only for who is known to want one. */
  constructor(line: Line, wrap: (command: string) => string = (command) => command, end = "\r") {
    this.#line = line
    this.#wrap = wrap
    this.#end = end
  }

  /** Whether anything at the other end answers AT: asked twice, as the first may end a line somebody else began. */
  async isThere(): Promise<boolean> {
    for (let tries = 0; tries < 2; tries++) {
      await this.#line.write(this.#end) // ends whatever was sent before
      await this.#line.wait(20)
      if ((await this.command("AT", { timeoutMs: 300 })).ok) return true
    }
    return false
  }

  async command(command: string, { timeoutMs = ANSWER_MS, secret = false }: Call = {}): Promise<AtAnswer> {
    this.#line.discard()
    await this.#line.write(this.#wrap(command) + this.#end, { secret })
    return this.#answer(command, timeoutMs)
  }

  /** The first information line of a query that was answered with OK. */
  async query(command: string): Promise<string | undefined> {
    const { ok, lines } = await this.command(command)
    return ok ? lines[0] : undefined
  }

  /**
   * A command that takes data: waits for the modem's invitation, sends exactly these bytes, and answers what it then
   * says. Modems do not echo data.
   */
  async upload(command: string, invitation: RegExp, data: Buffer, { secret = false }: Call = {}): Promise<AtAnswer> {
    this.#line.discard()
    await this.#line.write(command + this.#end)
    const invited = await this.#until(
      new RegExp(`${invitation.source}|(?:^|\\n)(?:ERROR|\\+CM[ES] ERROR: ?[^\\r\\n]*)\\r`),
    )
    if (invited === undefined) return silence()
    const refusal = /(?:^|\n)(ERROR|\+CM[ES] ERROR: ?[^\r\n]*)\r$/.exec(invited)
    if (refusal !== null) return answerOf(refusal[1]!, [])
    await this.#line.write(data, { secret })
    return this.#answer("", UPLOAD_MS)
  }

  async #answer(command: string, timeoutMs: number): Promise<AtAnswer> {
    const lines: string[] = []
    const until = performance.now() + timeoutMs
    for (let count = 0; count < MOST_LINES; count++) {
      const line = await this.#nextLine(until - performance.now())
      if (line === undefined) break
      if (FINAL.test(line)) return answerOf(line, lines)
      if (line !== "" && !line.endsWith(command || "\0") && lines.length < 64) lines.push(line)
    }
    return { ...silence(), lines }
  }

  async #nextLine(timeoutMs: number): Promise<string | undefined> {
    if (timeoutMs <= 0) return undefined
    try {
      return plain(await this.#line.readLine({ timeoutMs }))
    } catch (error) {
      if (isTimeout(error)) return undefined
      throw error
    }
  }

  async #until(wanted: RegExp): Promise<string | undefined> {
    try {
      return await this.#line.readUntil(wanted, { timeoutMs: UPLOAD_MS })
    } catch (error) {
      if (isTimeout(error)) return undefined
      throw error
    }
  }
}

/** Flash takes its time. */
const UPLOAD_MS = 10_000

/** A line without colours, and without the prompt of a shell before it. */
export function plain(line: string): string {
  return line
    .replace(ANSI, "")
    .replace(/^(?:[a-z0-9_-]+:~\$ )+/i, "")
    .trim()
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one (ECMA-48)
const ANSI = /\x1b\[[0-9;?]*[A-Za-z]/g

function answerOf(final: string, lines: readonly string[]): AtAnswer {
  const code = /^\+CME ERROR: ?(\d{1,5})$/.exec(final)?.[1]
  return { ok: final === "OK", lines, code: code === undefined ? undefined : Number(code), final }
}

function silence(): AtAnswer {
  return { ok: false, lines: [], code: undefined, final: "silence" }
}
