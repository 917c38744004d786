import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { closeSync, openSync, readFileSync } from "node:fs"
import { connect } from "node:net"
import type { Device, Door } from "./load/client.ts"

/** A broker under test, started for the benchmark and ended with it. */
export interface Broker extends AsyncDisposable {
  readonly name: string
  readonly pid: number
  /** Passwords over plain TCP. */
  readonly plain: Door
  /** Certificates over TLS. */
  readonly mutual: Door
}

/** What both brokers are told alike: a password user, devices with certificates, and `bench/#` for all of them. */
export interface Population {
  readonly username: string
  readonly password: string
  /** PEM; who signed the devices. */
  readonly authority: string
  readonly devices: readonly Device[]
}

const START_MS = 60_000

/** What node is told beside the gateway's own configuration. */
export interface Tuning {
  /** Such as --cpu-prof. */
  readonly flags: readonly string[]
  /** Environment variables. */
  readonly variables: Readonly<Record<string, string>>
}

export const UNTUNED: Tuning = { flags: [], variables: {} }

/** From command line options: flags, and `NAME=VALUE`, each with blanks between them. */
export function tuningOf(flags: string, variables: string): Tuning {
  const words = (text: string) => text.split(" ").filter((word) => word !== "")
  const pairs = words(variables).map((word): [string, string] => {
    const at = word.indexOf("=")
    return [word.slice(0, at), word.slice(at + 1)]
  })
  return { flags: words(flags), variables: Object.fromEntries(pairs) }
}

/** A program that runs until it is stopped; what it says goes to a file, as it would to a journal. */
export class Program implements AsyncDisposable {
  readonly #process: ChildProcess
  readonly #log: string

  private constructor(process: ChildProcess, log: string) {
    this.#process = process
    this.#log = log
  }

  /** Resolves once `port` accepts connections; rejects with the end of its log when it does not. */
  static async start(
    command: string,
    args: readonly string[],
    port: number,
    log: string,
    variables: Readonly<Record<string, string>> = {},
  ): Promise<Program> {
    const file = openSync(log, "w", 0o600)
    const env = { ...process.env, ...variables }
    const program = new Program(spawn(command, [...args], { stdio: ["ignore", file, file], env }), log)
    closeSync(file)
    try {
      await program.#listening(port)
    } catch (error) {
      await program[Symbol.asyncDispose]()
      throw error
    }
    return program
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null || this.#process.pid === undefined) return
    const gone = once(this.#process, "exit")
    this.#process.kill("SIGTERM")
    const late = setTimeout(() => this.#process.kill("SIGKILL"), 5000)
    await gone
    clearTimeout(late)
  }

  async #listening(port: number): Promise<void> {
    const failed = new Promise<never>((_resolve, reject) => {
      this.#process.once("error", reject)
      this.#process.once("exit", (code) => reject(new Error(`it ended with ${code}:\n${this.#tail()}`)))
    })
    failed.catch(() => {})
    const until = performance.now() + START_MS
    while (!(await Promise.race([accepts(port), failed]))) {
      if (performance.now() > until) throw new Error(`nobody listens on port ${port}:\n${this.#tail()}`)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }

  #tail(): string {
    return readFileSync(this.#log, "utf8").split("\n").slice(-15).join("\n")
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port })
    socket.once("connect", () => {
      socket.destroy()
      resolve(true)
    })
    socket.once("error", () => resolve(false))
  })
}
