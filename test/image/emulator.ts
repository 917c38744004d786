import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { Qmp } from "./qmp.ts"

/** Of /proc, a second (sysconf(_SC_CLK_TCK) on every Linux). */
const CLOCK_TICKS = 100

/** What was opened of a running emulator. */
export interface Opened<T> {
  readonly running: ChildProcess
  readonly qmp: Qmp
  readonly more: T
}

/** A QEMU process that writes its serial console into `console.log` of its folder. Killed when disposed. */
export class Emulator implements AsyncDisposable {
  readonly folder: string
  readonly qmp: Qmp
  readonly #process: ChildProcess

  protected constructor(folder: string, { running, qmp }: Opened<unknown>) {
    this.folder = folder
    this.qmp = qmp
    this.#process = running
  }

  /** Starts it in an empty folder and opens its control socket, and whatever more there is to open. */
  protected static async launch<T>(
    folder: string,
    args: readonly string[],
    open: () => Promise<T>,
  ): Promise<Opened<T>> {
    const log = openSync(join(folder, "qemu.log"), "w")
    const control = join(folder, "qmp.sock")
    // emulation takes whatever it gets: people who work on this machine come first
    const all = ["-n", "10", "qemu-system-aarch64", ...args, "-qmp", `unix:${control},server=on,wait=off`]
    const running = spawn("nice", all, { stdio: ["ignore", log, log] })
    closeSync(log)
    const ended = once(running, "exit").then(() => {
      throw new Error(`qemu has ended:\n${readFileSync(join(folder, "qemu.log"), "utf8")}`)
    })
    try {
      const [qmp, more] = await Promise.race([Promise.all([Qmp.open(control), open()]), ended])
      ended.catch(() => {})
      return { running, qmp, more }
    } catch (error) {
      running.kill("SIGKILL")
      throw error
    }
  }

  /** Processor time that emulating it has taken, in seconds. */
  get processorSeconds(): number {
    const times = readFileSync(`/proc/${this.#process.pid}/stat`, "latin1").split(") ")[1]!.split(" ")
    return (Number(times[11]) + Number(times[12])) / CLOCK_TICKS
  }

  get hasEnded(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null
  }

  get console(): string {
    const path = join(this.folder, "console.log")
    return existsSync(path) ? readFileSync(path, "latin1") : ""
  }

  /** Waits until the console says something after `from`, and answers where it ends. */
  async says(pattern: RegExp, seconds: number, from = 0): Promise<RegExpExecArray> {
    const until = performance.now() + seconds * 1000
    while (performance.now() < until) {
      const found = pattern.exec(this.console.slice(from))
      if (found !== null) return found
      if (this.hasEnded) break
      await sleep(250)
    }
    throw new Error(
      `the console did not say ${pattern} within ${seconds} s; it ends with:\n${this.console.slice(-1500)}`,
    )
  }

  /** Ends at once, with whatever was under way. */
  async cutPower(): Promise<void> {
    this.qmp[Symbol.dispose]()
    if (this.hasEnded) return
    const ended = once(this.#process, "exit")
    this.#process.kill("SIGKILL")
    await ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cutPower()
  }
}

export function emptyFolder(path: string): void {
  rmSync(path, { recursive: true, force: true })
  mkdirSync(path, { recursive: true })
}
