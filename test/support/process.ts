import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { chmod, mkdtemp, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Api } from "./api.ts"
import { ADMIN } from "./gateway.ts"

const REPOSITORY = fileURLToPath(new URL("../../", import.meta.url))
/** What `npm start` runs. */
export const GATEWAY = [join(REPOSITORY, "node_modules/.bin/node"), join(REPOSITORY, "service/main.ts")] as const
/** Compiled code is kept between the many starts, per user: half of each would else be spent on it. */
const compiled = (uid = process.geteuid?.()) => join(tmpdir(), `gatehouse-compiled-${uid}`)
const PATIENCE_MS = 60_000
const LOOPBACK = { host: "127.0.0.1", port: 0 } as const
export const LISTENERS = ["mqtt", "mqtts", "ws", "wss", "https", "http"] as const

/** How a process ended, and after how many milliseconds. */
export interface End {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly ms: number
}

export interface SpawnOptions {
  readonly env?: Readonly<Record<string, string>>
  /** User and group it runs as. */
  readonly uid?: number
  /** A program and its first arguments, which runs the gateway's command line; it must end as the gateway does. */
  readonly through?: readonly string[]
}

/** A folder of its own for one gateway at a time: configuration, bootstrap file, state. */
export class Place implements AsyncDisposable {
  readonly folder: string
  readonly state: string
  readonly config: string
  readonly bootstrap: string

  private constructor(folder: string) {
    this.folder = folder
    this.state = join(folder, "state")
    this.config = join(folder, "gatehouse.json")
    this.bootstrap = join(folder, "bootstrap.json")
  }

  /** With a configuration that takes port 0 everywhere on loopback, and `config` merged over its top level. */
  static async make(config: Readonly<Record<string, unknown>> = {}): Promise<Place> {
    const place = new Place(await mkdtemp(join(tmpdir(), "gatehouse-process-")))
    await chmod(place.folder, 0o755)
    await place.configure(config)
    return place
  }

  configure({ listeners = {}, ...config }: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const everywhere = Object.fromEntries(LISTENERS.map((name) => [name, LOOPBACK]))
    const settings = { stateDirectory: this.state, listeners: { ...everywhere, ...(listeners as object) }, ...config }
    return writeFile(this.config, JSON.stringify(settings))
  }

  /** Writes the bootstrap file with the administrator of the tests, and `content` merged over its top level. */
  async writeBootstrap(content: Readonly<Record<string, unknown>> = {}, mode = 0o600): Promise<void> {
    await writeFile(this.bootstrap, JSON.stringify({ administrator: ADMIN, ...content }))
    await chmod(this.bootstrap, mode)
  }

  spawn(options: SpawnOptions = {}): GatewayProcess {
    return new GatewayProcess([...GATEWAY, "--config", this.config], options)
  }

  /** A gateway that has told that it is up. */
  async start(options: SpawnOptions = {}): Promise<GatewayProcess> {
    const gateway = this.spawn(options)
    try {
      await gateway.ready()
      return gateway
    } catch (error) {
      await gateway[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Takes it into service by a bootstrap file, at its next start. */
  async startClaimed(content: Readonly<Record<string, unknown>> = {}, config: object = {}): Promise<GatewayProcess> {
    await this.configure({ bootstrap: this.bootstrap, ...config })
    await this.writeBootstrap(content)
    const gateway = await this.start()
    await gateway.api.signIn(ADMIN.username, ADMIN.password)
    return gateway
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** Ports of every interface and family on which a process listens. */
export async function listeningPorts(pid: number): Promise<number[]> {
  const names = await readdir(`/proc/${pid}/fd`)
  const links = await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => "")))
  const tables = await Promise.all(["tcp", "tcp6"].map((table) => readFile(`/proc/${pid}/net/${table}`, "utf8")))
  const ports: number[] = []
  for (const line of tables.flatMap((table) => table.split("\n").slice(1))) {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/)
    const isListening = state === "0A" && links.includes(`socket:[${inode}]`)
    if (isListening) ports.push(Number.parseInt(local?.split(":")[1] ?? "0", 16))
  }
  return ports
}

const live = new Set<ChildProcess>()
process.once("exit", () => {
  for (const child of live) child.kill("SIGKILL")
})

/** A gateway as a process of its own, and everything it printed. */
export class GatewayProcess implements AsyncDisposable {
  readonly child: ChildProcess
  readonly ended: Promise<End>
  out = ""
  err = ""
  #api: Api | undefined
  readonly #waiting = new Set<() => void>()

  constructor(command: readonly string[], { env = {}, uid, through = [] }: SpawnOptions = {}) {
    const [program, ...args] = [...through, ...command]
    const { NOTIFY_SOCKET: _socket, WATCHDOG_USEC: _period, GATEHOUSE_CONFIG: _config, ...inherited } = process.env
    this.child = spawn(program ?? "", args, {
      env: { ...inherited, NODE_COMPILE_CACHE: compiled(uid), ...env },
      ...(uid === undefined ? {} : { uid, gid: uid }),
    })
    live.add(this.child)
    this.child.stdout?.on("data", (chunk: Buffer) => {
      this.out += chunk
      this.#look()
    })
    this.child.stderr?.on("data", (chunk: Buffer) => {
      this.err += chunk
      this.#look()
    })
    const began = performance.now()
    this.ended = once(this.child, "close").then(([code, signal]) => {
      live.delete(this.child)
      this.#look()
      return { code, signal, ms: performance.now() - began }
    })
  }

  get printed(): string {
    return this.out + this.err
  }

  /** Resolves once the addresses are printed. */
  ready(): Promise<void> {
    return this.prints(/Gatehouse is up\..*(npm run demo|It is in service)/s)
  }

  /** Resolves once the output matches; rejects when the process ends before, or has not printed it for long. */
  prints(pattern: RegExp, ms = PATIENCE_MS): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const fail = (why: string) => reject(new Error(`${why} ${pattern}; it printed:\n${this.printed}`))
    const look = () => {
      if (pattern.test(this.printed)) resolve()
      else if (!live.has(this.child)) fail("the gateway ended without")
    }
    const timer = setTimeout(() => fail("the gateway did not print in time"), ms)
    this.#waiting.add(look)
    look()
    return promise.finally(() => {
      clearTimeout(timer)
      this.#waiting.delete(look)
    })
  }

  /** The port that was printed for a listener; 0 when none was. */
  port(listener: (typeof LISTENERS)[number]): number {
    return Number(new RegExp(`\\b${listener}://[^ \\n]*?:(\\d+)`).exec(this.out)?.[1] ?? 0)
  }

  /** Where clients' `--cafile` lies. */
  get cafile(): string {
    return /authority\s+(\S+)/.exec(this.out)?.[1] ?? ""
  }

  get api(): Api {
    this.#api ??= new Api(this.port("https"))
    return this.#api
  }

  /** How it ended, by itself; rejects when it goes on for long. */
  async end(ms = PATIENCE_MS): Promise<End> {
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => late.reject(new Error(`the gateway goes on; it printed:\n${this.printed}`)), ms)
    return Promise.race([this.ended, late.promise]).finally(() => clearTimeout(timer))
  }

  /** Sends a signal and waits for the end; `ms` counts from the signal. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<End> {
    const began = performance.now()
    this.child.kill(signal)
    return { ...(await this.end()), ms: performance.now() - began }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (live.has(this.child)) this.child.kill("SIGKILL")
    await this.ended
  }

  #look(): void {
    for (const look of this.#waiting) look()
  }
}
