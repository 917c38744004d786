import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, readSync, writeFileSync } from "node:fs"
import { request } from "node:https"
import { join, resolve } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { freePort } from "../bench/free-port.ts"
import { ALLOCATOR } from "../bench/gatehouse.ts"
import { Plant } from "../bench/plant.ts"
import type { Target } from "./lines.ts"
import type { Question, Weight } from "./scales.ts"

const ADMINISTRATOR = { username: "fuzz-administrator", password: "correct horse battery" } as const
const PASSWORD = "a rather dull phrase"
const PLANT_ID = "plant"
const DEVICES = 200

/** Small, so that every cap is reached within the warm-up: what grows after that is a leak. */
const LIMITS = {
  connections: 4000,
  connectionsPerAddress: 4000,
  connectionsPerUser: 4000,
  sessions: 3000,
  sessionsPerUser: 3000,
  handshakeSeconds: 5,
  connectSeconds: 5,
  sessionExpirySeconds: 20,
  subscriptionsPerClient: 50,
  queuedMessagesPerSession: 200,
  queuedBytesPerSession: 262_144,
  queuedBytesTotal: 16_777_216,
  retainedMessages: 2000,
  retainedBytes: 8_388_608,
  retainedPayloadBytes: 65_536,
  socketBytes: 262_144,
}

/** Log lines that are bugs of ours, whatever a client did. */
const FAULT =
  /fault while serving|fault in the core|delivery failed|gateway failed|[Uu]nhandled|Uncaught|TypeError|RangeError|ReferenceError|AssertionError|heap out of memory/

/** The real gateway as a process of its own, with all its doors, and what it says. */
export class Subject implements AsyncDisposable {
  readonly #process: ChildProcess
  readonly #log: string
  readonly target: Target
  #read = 0

  private constructor(process: ChildProcess, log: string, target: Target) {
    this.#process = process
    this.#log = log
    this.target = target
  }

  /** `checkout` is the folder whose service/main.ts is run. Resolves once it answers. */
  static async start(checkout: string, folder: string, flags: readonly string[] = []): Promise<Subject> {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const plant = new Plant("Fuzz Plant")
    const devices = plant.devices("device-", DEVICES)
    const ports = {
      mqtt: await freePort(),
      mqtts: await freePort(),
      ws: await freePort(),
      wss: await freePort(),
      https: await freePort(),
    }
    const bootstrap = join(folder, "bootstrap.json")
    writeFileSync(
      bootstrap,
      JSON.stringify(
        population(
          plant.authority,
          devices.map(({ name }) => name),
        ),
      ),
      { mode: 0o600 },
    )
    const listeners = Object.fromEntries(
      Object.entries(ports).map(([name, port]) => [name, { host: "127.0.0.1", port }]),
    )
    const config = join(folder, "gatehouse.json")
    const settings = {
      stateDirectory: join(folder, "state"),
      listeners,
      bootstrap,
      limits: LIMITS,
      log: { level: "info" },
    }
    writeFileSync(config, JSON.stringify(settings), { mode: 0o600 })
    const log = join(folder, "gatehouse.log")
    const file = openSync(log, "w", 0o600)
    const scales = `--import=${new URL("./scales.ts", import.meta.url).href}`
    const args = [...flags, scales, resolve(checkout, "service/main.ts"), "--config", config]
    const child = spawn(process.execPath, args, {
      stdio: ["ignore", file, file, "ipc"],
      env: { ...process.env, ...ALLOCATOR },
    })
    closeSync(file)
    process.once("exit", () => child.kill("SIGKILL")) // whatever ends us must not leave it behind
    const target = (authority: string): Target => ({ ports, authority, devices, password: PASSWORD })
    const starting = new Subject(child, log, target(""))
    for (let tries = 0; !(await starting.healthy()); tries++) {
      if (starting.exit !== null || tries > 600) {
        await starting[Symbol.asyncDispose]()
        throw new Error(`the gateway does not start:\n${readFileSync(log, "utf8")}`)
      }
      await delay(100)
    }
    return new Subject(child, log, target(readFileSync(join(folder, "state/ca/authority.pem"), "utf8")))
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** How it ended, in words; null while it runs. */
  get exit(): string | null {
    const { exitCode, signalCode } = this.#process
    return exitCode === null && signalCode === null ? null : `it ended with ${signalCode ?? exitCode}`
  }

  /** What it has logged since the last call that must not be in a log, stack traces and all. */
  faults(): string[] {
    const file = openSync(this.#log, "r")
    try {
      const bytes = Buffer.alloc(Math.min(16_777_216, fstatSync(file).size - this.#read))
      const text = bytes.subarray(0, readSync(file, bytes, 0, bytes.length, this.#read)).toString()
      const whole = text.slice(0, text.lastIndexOf("\n") + 1)
      this.#read += Buffer.byteLength(whole)
      return whole.split("\n").filter((line) => FAULT.test(line))
    } finally {
      closeSync(file)
    }
  }

  /** The last lines that name this client. */
  saidOf(client: string): string {
    const file = openSync(this.#log, "r")
    try {
      const bytes = Buffer.alloc(1_048_576)
      const from = Math.max(0, fstatSync(file).size - bytes.length)
      const text = bytes.subarray(0, readSync(file, bytes, 0, bytes.length, from)).toString()
      const lines = text.split("\n").filter((line) => line.includes(`client=${client} `))
      return lines.length === 0 ? "nothing" : lines.slice(-3).join(" | ")
    } finally {
      closeSync(file)
    }
  }

  /** What the process holds after a collection; undefined once it is gone. `snapshot` is a file for its heap. */
  weigh(snapshot?: string): Promise<Weight | undefined> {
    const { promise, resolve } = Promise.withResolvers<Weight | undefined>()
    const child = this.#process
    if (!child.connected) return Promise.resolve(undefined)
    child.once("message", resolve)
    child.once("disconnect", resolve)
    child.send({ snapshot } satisfies Question)
    return promise.finally(() => child.off("message", resolve).off("disconnect", resolve))
  }

  async healthy(): Promise<boolean> {
    const answer = await this.#call("GET", "/healthz")
    return answer?.status === 200
  }

  /** The broker's counters. */
  async counters(): Promise<Readonly<Record<string, number>>> {
    const signedIn = await this.#call("POST", "/api/v1/tokens", ADMINISTRATOR)
    const { token } = JSON.parse(signedIn?.body ?? "{}") as { token?: string }
    const status = await this.#call("GET", "/api/v1/status", undefined, token)
    return (JSON.parse(status?.body ?? "{}") as { counters?: Record<string, number> }).counters ?? {}
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.exit !== null) return
    const gone = once(this.#process, "exit")
    this.#process.kill("SIGTERM")
    const late = setTimeout(() => this.#process.kill("SIGKILL"), 15_000)
    await gone
    clearTimeout(late)
  }

  #call(
    method: string,
    path: string,
    body?: object,
    token?: string,
  ): Promise<{ status: number; body: string } | undefined> {
    const { port, timeout } = { port: this.target.ports.https, timeout: 30_000 }
    const headers = {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    }
    return new Promise((resolve) => {
      const call = request(
        {
          host: "127.0.0.1",
          port,
          path,
          method,
          headers,
          timeout,
          rejectUnauthorized: false,
          agent: false,
        },
        (response) => {
          let text = ""
          response.setEncoding("utf8").on("data", (chunk: string) => {
            text += chunk
          })
          response.on("end", () => resolve({ status: response.statusCode ?? 0, body: text }))
        },
      )
      call.on("timeout", () => call.destroy())
      call.on("error", () => resolve(undefined))
      call.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }
}

function population(authority: string, devices: readonly string[]): object {
  const role = (name: string, ...resources: string[]) => ({
    name,
    permissions: resources.map((resource) => ({ context: "mqtt", operation: "readWrite", resource })),
  })
  const grant = { kind: "password", password: PASSWORD }
  const people = ["fuzz", "state", "canary"].map((username) => ({ username, grant, roles: [username] }))
  const machines = devices.map((username) => ({
    username,
    grant: { kind: "certificate", issuer: PLANT_ID },
    roles: ["fuzz"],
  }))
  return {
    administrator: ADMINISTRATOR,
    roles: [role("fuzz", "fuzz/#"), role("state", "state/#"), role("canary", "canary/#")],
    users: [...people, ...machines],
    authorities: [{ id: PLANT_ID, certificate: authority, scope: "*" }],
  }
}
