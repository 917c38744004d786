import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { type Broker, type Population, Program, type Tuning, UNTUNED } from "./broker.ts"
import { freePort } from "./free-port.ts"
import type { MemoryGroup } from "./memory-group.ts"

export const ADMINISTRATOR = { username: "bench-administrator", password: "correct horse battery" } as const

/** As the systemd unit has it: without, the C allocator keeps what argon2 and the sockets' buffers have used. */
export const ALLOCATOR = { MALLOC_ARENA_MAX: "2", MALLOC_TRIM_THRESHOLD_: "131072" } as const

/** The outside authority's id in the trust bundle. */
export const PLANT_ID = "plant"

export interface GatehouseOptions {
  /** The checkout whose service/main.ts is run. */
  readonly checkout: string
  readonly tuning?: Tuning
  /** Where it runs; on the bare machine when left out. */
  readonly group?: MemoryGroup
  /** Goes into the bootstrap file; the administrator comes by itself. */
  readonly bootstrap: Readonly<Record<string, unknown>>
  /** Limits that are not at their default. */
  readonly limits?: Readonly<Record<string, number>>
}

/** A gateway of its own, with its ports, files and state in `folder`. */
export interface Gatehouse extends AsyncDisposable {
  readonly pid: number
  readonly ports: { readonly mqtt: number; readonly mqtts: number; readonly https: number }
  /** PEM; what clients must trust. */
  readonly authority: string
  /** PEM; what users of the API must trust. */
  readonly pageAuthority: string
}

/** Starts the gateway that was prepared; resolves once it listens at this door, of which the page's is the last. */
export type OpenGatehouse = (until?: "mqtts" | "https") => Promise<Gatehouse>

/** Writes configuration and bootstrap file. The answer may be called again once the gateway it opened is closed. */
export async function prepareGatehouse(folder: string, options: GatehouseOptions): Promise<OpenGatehouse> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const ports = { mqtt: await freePort(), mqtts: await freePort(), https: await freePort() }
  const at = (port: number) => ({ host: "127.0.0.1", port })
  const bootstrap = join(folder, "bootstrap.json")
  writeFileSync(bootstrap, JSON.stringify({ administrator: ADMINISTRATOR, ...options.bootstrap }), { mode: 0o600 })
  const config = join(folder, "gatehouse.json")
  const listeners = {
    mqtt: at(ports.mqtt),
    mqtts: at(ports.mqtts),
    https: at(ports.https),
    ws: { enabled: false },
    wss: { enabled: false },
  }
  const settings = { stateDirectory: join(folder, "state"), listeners, limits: options.limits ?? {} }
  writeFileSync(config, JSON.stringify({ ...settings, bootstrap }), { mode: 0o600 })
  const main = resolve(options.checkout, "service/main.ts")
  return async (until = "mqtts") => {
    const { flags, variables } = options.tuning ?? UNTUNED
    const args = [...flags, main, "--config", config]
    const node = options.group?.within(process.execPath, args) ?? { command: process.execPath, args }
    const running = await Program.start(node.command, node.args, ports[until], join(folder, "gatehouse.log"), variables)
    writeFileSync(config, JSON.stringify(settings), { mode: 0o600 }) // the bootstrap file is used up
    return {
      pid: running.pid,
      ports,
      authority: readFileSync(join(folder, "state/ca/authority.pem"), "utf8"),
      pageAuthority: readFileSync(join(folder, "state/page/page-ca.pem"), "utf8"),
      [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
    }
  }
}

/** Gatehouse as it comes, every limit at its default. */
export async function startGatehouse(
  name: string,
  folder: string,
  checkout: string,
  { username, password, authority, devices }: Population,
  tuning: Tuning,
): Promise<Broker> {
  const role = { name: "bench", permissions: [{ context: "mqtt", operation: "readWrite", resource: "bench/#" }] }
  const grants = devices.map((device) => ({
    username: device.name,
    grant: { kind: "certificate", issuer: PLANT_ID },
    roles: [role.name],
  }))
  const bootstrap = {
    roles: [role],
    users: [{ username, grant: { kind: "password", password }, roles: [role.name] }, ...grants],
    authorities: [{ id: PLANT_ID, certificate: authority, scope: "*" }],
  }
  const open = await prepareGatehouse(folder, { checkout, bootstrap, tuning })
  const running = await open()
  return {
    name,
    pid: running.pid,
    plain: { port: running.ports.mqtt, login: { username, password } },
    mutual: { port: running.ports.mqtts, login: {}, tls: { ca: [running.authority], devices } },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  }
}
