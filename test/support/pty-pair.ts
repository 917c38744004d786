import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** A serial cable made of two pseudo-terminals by socat; pulling it is the end of socat, as for a real driver. */
export class PtyPair implements AsyncDisposable {
  readonly #folder: string
  #socat: ChildProcess | undefined

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** Plugged in, unless asked otherwise. */
  static async make({ plugged = true } = {}): Promise<PtyPair> {
    const pair = new PtyPair(await mkdtemp(join(tmpdir(), "gatehouse-pty-")))
    if (plugged) await pair.plug()
    return pair
  }

  /** The gateway's end. */
  get host(): string {
    return join(this.#folder, "ttyHOST")
  }

  /** The device's end. */
  get device(): string {
    return join(this.#folder, "ttyDEVICE")
  }

  get plugged(): boolean {
    return this.#socat !== undefined
  }

  /** Resolves when both ends are there. */
  async plug(): Promise<void> {
    const end = (link: string) => `pty,raw,echo=0,link=${link}`
    const socat = spawn("socat", ["-d", "-d", end(this.device), end(this.host)], {
      stdio: ["ignore", "ignore", "pipe"],
    })
    this.#socat = socat
    let printed = ""
    for await (const chunk of socat.stderr.iterator({ destroyOnReturn: false })) {
      printed += chunk
      if (/starting data transfer loop/.test(printed)) break
    }
    socat.stderr.resume()
    if (socat.exitCode !== null) throw new Error(`socat ended: ${printed}`)
  }

  /** The ends are gone when this resolves, links and all. */
  async pull(): Promise<void> {
    const socat = this.#socat
    if (socat === undefined) return
    this.#socat = undefined
    const gone = once(socat, "exit")
    socat.kill("SIGKILL")
    await gone
    // killed outright it leaves its links behind, which point nowhere
    await Promise.all([this.host, this.device].map((link) => rm(link, { force: true })))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pull()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
