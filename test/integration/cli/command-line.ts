import { type SpawnOptions, spawn } from "node:child_process"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

export const PROGRAM = fileURLToPath(new URL("../../../scripts/gatehouse", import.meta.url))

/** How a child process ended, and what it printed. */
export interface Ended {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

export interface Typing {
  /** What comes in on standard input; nothing at all otherwise. */
  readonly input?: string | Buffer
  /** Or what is typed at each question, once it stands there. */
  readonly answers?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly uid?: number
  readonly cwd?: string
}

/** A person's command line, at the gateway whose state lies in `state`. */
export class CommandLine {
  readonly state: string

  constructor(state: string) {
    this.state = state
  }

  /** Whatever comes of it. */
  type(args: readonly string[], typing: Typing = {}): Promise<Ended> {
    return ended(PROGRAM, ["--state", this.state, ...args], typing)
  }

  /** What it prints; rejects unless it succeeds. */
  async does(args: readonly string[], typing: Typing = {}): Promise<string> {
    const { status, out, err } = await this.type(args, typing)
    if (status !== 0) throw new Error(`gatehouse ${args.join(" ")} ended with ${status}: ${err}${out}`)
    return out
  }

  /** Its answer for programs. */
  // biome-ignore lint/suspicious/noExplicitAny: an answer is whatever it is; each test says what it expects
  async json(args: readonly string[], typing: Typing = {}): Promise<any> {
    return JSON.parse(await this.does([...args, "--json"], typing))
  }

  /** The one line with which it fails, after `gatehouse: `, and its status. */
  async refusal(args: readonly string[], typing: Typing = {}): Promise<[status: number | null, line: string]> {
    const { status, out, err } = await this.type(args, typing)
    const [, line] = /^gatehouse: ([^\n]+)\n$/.exec(err) ?? []
    if (line === undefined || out !== "") throw new Error(`no refusal of one line but: ${out}${err}`)
    return [status, line]
  }
}

/** Runs a program to its end. Nothing here may block: the gateway lives in the same process. */
export function ended(program: string, args: readonly string[], typing: Typing = {}): Promise<Ended> {
  const { input, answers, env, uid, cwd } = typing
  const { GATEHOUSE_STATE: _state, NO_COLOR: _colour, ...inherited } = process.env
  const cache = { NODE_COMPILE_CACHE: join(tmpdir(), `gatehouse-compiled-${process.geteuid?.()}`) }
  const options: SpawnOptions = { env: { ...inherited, ...(uid === undefined ? cache : {}), ...env }, timeout: 60_000 }
  if (cwd !== undefined) options.cwd = cwd
  if (uid !== undefined) Object.assign(options, { uid, gid: uid })
  const { promise, resolve, reject } = Promise.withResolvers<Ended>()
  const child = spawn(program, args, options)
  let [out, err] = ["", ""]
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (out += text))
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (err += text))
  child.once("error", reject)
  child.once("close", (status) => resolve({ status, out, err }))
  child.stdin?.on("error", () => {}) // it may end before it has read what it was given
  if (answers === undefined) child.stdin?.end(input)
  const left = [...(answers ?? [])]
  child.stdout?.on("data", (text: string) => {
    if (text.endsWith(": ") && left.length > 0) child.stdin?.write(left.shift() ?? "")
  })
  return promise
}
