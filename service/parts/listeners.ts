import type { Broker } from "../broker/broker.ts"
import type { TlsMaterial } from "../broker/listen/listener.ts"
import type { Config } from "../config.ts"
import type { Greetable } from "../console.ts"

type Listener = keyof Config["listeners"]

const MQTT = ["mqtt", "mqtts", "ws", "wss"] as const

/** Opens each that the configuration wants, also after one has failed, unless `failed` throws. */
export async function openListeners(
  config: Config,
  broker: Broker,
  material: TlsMaterial,
  failed: (error: unknown) => void,
): Promise<void> {
  for (const name of MQTT) {
    const { enabled, host, port } = config.listeners[name]
    if (enabled) await broker.listen(name, { host, port }, material).catch(failed)
  }
}

/** For `openListeners` at a start, which fails with the first. */
export function raise(error: unknown): never {
  throw error
}

/** Those that are bound, the page first. `web` holds the ports of the page and of the port beside it. */
export function openPorts(
  config: Config,
  broker: Broker,
  web: Readonly<Partial<Record<"https" | "http", number>>>,
): Greetable["listeners"] {
  const bound = [...Object.entries(web), ...broker.listeners.map(({ name, port }) => [name, port] as const)]
  return bound.map(([name, port]) => ({ name, port, host: config.listeners[name as Listener].host }))
}

/** All that can be configured, bound or not. */
export function listenerStates(config: Config, open: Greetable["listeners"]) {
  return Object.entries(config.listeners).map(([name, { host, port }]) => {
    const bound = open.find((listener) => listener.name === name)
    return { name, host, port: bound?.port ?? port, open: bound !== undefined }
  })
}
