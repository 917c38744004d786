import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Clock, systemClock } from "../../service/clock.ts"
import { loadConfig } from "../../service/config.ts"
import { type Gateway, startGateway } from "../../service/gateway.ts"
import { type Logger, openLog } from "../../service/log.ts"
import { Api } from "./api.ts"

export const ADMIN = { username: "root-admin", password: "correct horse battery" } as const

/** A real gateway in this process: port 0 everywhere on loopback, a state directory of its own, real everything. */
export interface TestGateway extends AsyncDisposable {
  readonly folder: string
  readonly api: Api
  readonly gateway: Gateway
  /** Path of the file that clients trust. */
  readonly cafile: string
  /** What was logged so far. */
  readonly logged: () => string
  port(listener: "mqtt" | "mqtts" | "ws" | "wss" | "https" | "http"): number
}

export interface TestGatewayOptions {
  /** Goes into the bootstrap file beside the administrator. */
  readonly bootstrap?: Readonly<Record<string, unknown>>
  /** Merged over the configuration's top level. */
  readonly config?: Readonly<Record<string, unknown>>
  /** False: nobody takes it into service. */
  readonly claimed?: boolean
  /** The system's, unless a test sets the time. */
  readonly clock?: Clock
}

export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-test-"))
  const file = await writeFiles(folder, options)
  const lines: string[] = []
  const log: Logger = openLog("debug", (line) => lines.push(line))
  const gateway = await startGateway(await loadConfig({}, ["--config", file]), {}, options.clock ?? systemClock, log)
  const port = (name: string) => gateway.listeners.find((listener) => listener.name === name)?.port ?? 0
  const api = new Api(port("https"))
  if (options.claimed !== false) await api.signIn(ADMIN.username, ADMIN.password)
  return {
    folder,
    api,
    gateway,
    cafile: gateway.authorityFile,
    logged: () => lines.join(""),
    port,
    [Symbol.asyncDispose]: async () => {
      await gateway[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function writeFiles(folder: string, { bootstrap, config, claimed }: TestGatewayOptions): Promise<string> {
  const listener = { host: "127.0.0.1", port: 0 }
  const settings: Record<string, unknown> = {
    stateDirectory: join(folder, "state"),
    listeners: { mqtt: listener, mqtts: listener, ws: listener, wss: listener, https: listener, http: listener },
    ...config,
  }
  if (claimed !== false) {
    settings.bootstrap = join(folder, "bootstrap.json")
    await writeFile(join(folder, "bootstrap.json"), JSON.stringify({ administrator: ADMIN, ...bootstrap }))
    await chmod(join(folder, "bootstrap.json"), 0o600)
  }
  const file = join(folder, "gatehouse.json")
  await writeFile(file, JSON.stringify(settings))
  return file
}

export function readText(path: string): Promise<string> {
  return readFile(path, "utf8")
}
