import { execFileSync } from "node:child_process"
import { accessSync, constants, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type Broker, type Population, Program } from "./broker.ts"
import { freePort } from "./free-port.ts"
import type { Door } from "./load/client.ts"
import type { Plant } from "./plant.ts"

const PLACES = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/usr/bin/mosquitto"]
const INSTALL = "install it with: apt-get install --yes --no-install-recommends mosquitto"

/** "Mosquitto 2.0.11", or undefined where it is not installed. */
export function mosquittoVersion(): string | undefined {
  const program = find()
  if (program === undefined) return undefined
  try {
    execFileSync(program, ["-h"], { stdio: "pipe" })
  } catch (error) {
    // it answers -h with exit code 1 or 3
    const said = String((error as { stdout?: Buffer }).stdout ?? "")
    return `Mosquitto ${/version (\S+)/.exec(said)?.[1] ?? "of unknown version"}`
  }
  return "Mosquitto"
}

/** Mosquitto with its files written, to be opened as often as wanted. */
export interface Mosquitto {
  readonly plain: Door
  readonly mutual: Door
  readonly open: () => Promise<Program>
}

/** Without what Gatehouse has not either: no persistence. With what it always has: passwords, an access list, a log. */
export async function prepareMosquitto(
  folder: string,
  { username, password, authority, devices }: Population,
  plant: Plant,
): Promise<Mosquitto> {
  const program = find()
  if (program === undefined) throw new Error(`mosquitto is not installed; ${INSTALL}`)
  const [plainPort, securePort] = [await freePort(), await freePort()]
  const file = (name: string, text: string) => {
    const path = join(folder, name)
    writeFileSync(path, text, { mode: 0o600 })
    return path
  }
  const server = plant.server()
  const passwords = file("passwords", `${username}:${password}\n`)
  execFileSync("mosquitto_passwd", ["-U", passwords])
  const config = [
    "persistence false",
    "log_dest stderr",
    "allow_anonymous false",
    `password_file ${passwords}`,
    `acl_file ${file("acl", "pattern readwrite bench/#\n")}`,
    // the first as Gatehouse has it by default; with any cap on the queue this version drops messages long before it
    "max_inflight_messages 100",
    "max_queued_messages 0",
    "set_tcp_nodelay true",
    ...(process.getuid?.() === 0 ? ["user root"] : []),
    `listener ${plainPort} 127.0.0.1`,
    `listener ${securePort} 127.0.0.1`,
    `cafile ${file("authority.pem", authority)}`,
    `certfile ${file("server.pem", server.cert)}`,
    `keyfile ${file("server.key", server.key)}`,
    "require_certificate true",
    "use_identity_as_username true",
  ]
  const path = file("mosquitto.conf", `${config.join("\n")}\n`)
  return {
    plain: { port: plainPort, login: { username, password } },
    mutual: { port: securePort, login: {}, tls: { ca: [plant.authority], devices } },
    open: () => Program.start(program, ["-c", path], securePort, join(folder, "mosquitto.log")),
  }
}

export async function startMosquitto(folder: string, population: Population, plant: Plant): Promise<Broker> {
  const { plain, mutual, open } = await prepareMosquitto(folder, population, plant)
  const running = await open()
  return {
    name: mosquittoVersion() ?? "Mosquitto",
    pid: running.pid,
    plain,
    mutual,
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  }
}

export function requireMosquitto(): void {
  if (find() === undefined) throw new Error(`mosquitto, which is measured beside Gatehouse, is missing; ${INSTALL}`)
}

function find(): string | undefined {
  return PLACES.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
