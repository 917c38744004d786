import assert from "node:assert/strict"
import type { Api } from "../../support/api.ts"
import { ADMIN } from "../../support/gateway.ts"
import { PacketClient, type Received } from "../../support/packet-client.ts"
import { type GatewayProcess, Place } from "../../support/process.ts"
import { type Coming, GRANT, grant, PASSWORD } from "../mqtt/plant.ts"

/** The last of what a start prints. */
const UP = /Gatehouse is up\..*It is in service/s
/** These tests start a gateway again and again, on machines that have other things to do. */
const START_MS = 60_000

type Environment = Readonly<Record<string, string>>

/** One box with one state directory whose gateway is started, killed and started again; `worker` may do anything. */
export class Box implements AsyncDisposable {
  readonly place: Place
  gateway: GatewayProcess
  readonly #config: Readonly<Record<string, unknown>>
  readonly #env: Environment

  private constructor(
    place: Place,
    gateway: GatewayProcess,
    config: Readonly<Record<string, unknown>>,
    env: Environment,
  ) {
    this.place = place
    this.gateway = gateway
    this.#config = config
    this.#env = env
  }

  /** `prepare` may put files into the place, and answers the environment of every gateway started there. */
  static async open(
    config: Readonly<Record<string, unknown>> = {},
    prepare: (place: Place) => Environment = () => ({}),
  ): Promise<Box> {
    const place = await Place.make()
    const env = prepare(place)
    const users = [{ username: "worker", grant: GRANT, permissions: grant("readWrite", "#") }]
    await place.configure({ bootstrap: place.bootstrap, ...config })
    await place.writeBootstrap({ users })
    const gateway = place.spawn({ env })
    const box = new Box(place, gateway, config, env)
    await gateway.prints(UP, START_MS)
    await box.signIn()
    return box
  }

  get api(): Api {
    return this.gateway.api
  }

  async signIn(): Promise<void> {
    await this.api.signIn(ADMIN.username, ADMIN.password)
  }

  /** kill -9, and a new start. */
  async crash(): Promise<void> {
    await this.gateway.stop("SIGKILL")
    await this.start()
  }

  /** A clean stop, and a new start. */
  async restart(): Promise<void> {
    const { code } = await this.gateway.stop()
    assert.equal(code, 0, this.gateway.printed)
    await this.start()
  }

  async start(): Promise<void> {
    await this.place.configure(this.#config)
    this.gateway = this.place.spawn({ env: this.#env })
    await this.gateway.prints(UP, START_MS)
  }

  /** A client that was let in, with its CONNACK. */
  async client({ version = 5, id = "c", clean = false, expiry = 3600, will, keepalive = 0 }: Coming = {}) {
    const client = await PacketClient.open(this.gateway.port("mqtt"), version)
    client.send({
      cmd: "connect",
      protocolVersion: version,
      protocolId: "MQTT",
      clientId: id,
      clean,
      keepalive,
      username: "worker",
      password: Buffer.from(PASSWORD),
      ...(will === undefined ? {} : { will: { qos: 0, retain: false, payload: "", ...will } }),
      ...(version === 5 ? { properties: { sessionExpiryInterval: expiry } } : {}),
    })
    client.connack = await client.next("connack")
    assert.equal(client.connack.reasonCode ?? client.connack.returnCode, 0, JSON.stringify(client.connack))
    return client
  }

  /** Everything that has happened so far is on the disk. */
  async settle(): Promise<void> {
    const client = await this.client({ id: "settle" })
    await client.publish("settled", "", { retain: true })
    await client.leave()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway[Symbol.asyncDispose]()
    await this.place[Symbol.asyncDispose]()
  }
}

export function texts(messages: readonly Received<"publish">[]): string[] {
  return messages.map(({ payload }) => payload.toString())
}
