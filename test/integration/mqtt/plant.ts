import assert from "node:assert/strict"
import { argon2Sync } from "node:crypto"
import { enableCompileCache } from "node:module"
import { type Clock, systemClock } from "../../../service/clock.ts"
import type { TestGateway } from "../../support/gateway.ts"
import { PacketClient, type Received, type Version } from "../../support/packet-client.ts"

// every test file is a process of its own; without the cache each would compile the whole gateway anew
enableCompileCache()
const { startTestGateway } = await import("../../support/gateway.ts")

type Permission = { context: "mqtt"; operation: "read" | "write" | "readWrite"; resource: string }

export const PASSWORD = "plant-secret-1"
/** The grant of that password, hashed once and as cheaply as the gateway takes it: every user costs a check. */
export const GRANT = { kind: "password", passwordHash: cheapHash(PASSWORD) } as const
export const BOTH_GENERATIONS = [4, 5] as const

export function grant(operation: Permission["operation"], ...resources: string[]): Permission[] {
  return resources.map((resource) => ({ context: "mqtt", operation, resource }))
}

/** What stands in CONNECT; what is missing is an unknown client of MQTT 5 with a clean start. */
export interface Coming {
  readonly version?: Version
  readonly id?: string
  readonly user?: string
  readonly password?: string
  readonly clean?: boolean
  /** MQTT 5: session expiry in seconds. */
  readonly expiry?: number
  readonly keepalive?: number
  readonly will?: object
  readonly properties?: object
}

/** A gateway with a user `worker` that may do anything, more users as a test wants them, and every client it made. */
export class Plant implements AsyncDisposable {
  readonly gateway: TestGateway
  readonly #clients = new Set<PacketClient>()
  #names = 0

  private constructor(gateway: TestGateway) {
    this.gateway = gateway
  }

  /** All users have the same password. */
  static async open(
    users: Readonly<Record<string, readonly Permission[]>> = {},
    config: Readonly<Record<string, unknown>> = {},
    fields: Readonly<Record<string, object>> = {},
    clock: Clock = systemClock,
  ): Promise<Plant> {
    const all = { worker: [...grant("readWrite", "#", "$plant/#"), ...grant("read", "$SYS/#")], ...users }
    const bootstrap = {
      users: Object.entries(all).map(([username, permissions]) => {
        return { username, grant: GRANT, permissions, ...fields[username] }
      }),
    }
    return new Plant(await startTestGateway({ bootstrap, config, clock }))
  }

  /** A topic or client identifier that nothing else in this file uses. */
  fresh(stem = "t"): string {
    return `${stem}${++this.#names}`
  }

  /** The broker's counters, as the page shows them. */
  async counters(): Promise<Record<string, number>> {
    return (await this.gateway.api.get("/status")).counters
  }

  /** A connection over plain TCP that has not said anything yet. */
  async line(version: Version = 5): Promise<PacketClient> {
    return this.adopt(await PacketClient.open(this.gateway.port("mqtt"), version))
  }

  adopt(client: PacketClient): PacketClient {
    this.#clients.add(client)
    return client
  }

  /** CONNECT and its answer. */
  async try(coming: Coming = {}): Promise<{ client: PacketClient; connack: Received<"connack"> }> {
    const client = await this.line(coming.version)
    client.send(this.connect(coming))
    client.connack = await client.next("connack")
    return { client, connack: client.connack }
  }

  /** A client that was let in. */
  async client(coming: Coming = {}): Promise<PacketClient> {
    const { client, connack } = await this.try(coming)
    assert.equal(connack.reasonCode ?? connack.returnCode, 0, JSON.stringify(connack))
    return client
  }

  /** A CONNECT packet for `send`. */
  connect({ version = 5, id = this.fresh("c"), user = "worker", clean = true, ...rest }: Coming = {}) {
    const { password = PASSWORD, expiry, keepalive = 0, will, properties } = rest
    const expiring = expiry === undefined ? {} : { sessionExpiryInterval: expiry }
    return {
      cmd: "connect",
      protocolVersion: version,
      protocolId: version === 3 ? "MQIsdp" : "MQTT",
      clientId: id,
      clean,
      keepalive,
      username: user,
      password: Buffer.from(password),
      ...(will === undefined ? {} : { will: { qos: 0, retain: false, payload: "", ...will } }),
      ...(version === 5 ? { properties: { ...expiring, ...properties } } : {}),
    } as const
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.stream.destroy()
    await this.gateway[Symbol.asyncDispose]()
  }
}

function cheapHash(password: string): string {
  const nonce = Buffer.alloc(16, 7)
  const tag = argon2Sync("argon2id", {
    message: password,
    nonce,
    memory: 8192,
    passes: 1,
    parallelism: 1,
    tagLength: 32,
  })
  const [salt, hash] = [nonce, tag].map((bytes) => bytes.toString("base64").replace(/=+$/, ""))
  return `$argon2id$v=19$m=8192,t=1,p=1$${salt}$${hash}`
}
