import mqtt, { type MqttClient } from "mqtt"
import { configurationIn } from "./firmware.ts"
import type { Slot, Storage } from "./storage.ts"

/** The device's own connection, made of nothing but what lies in its storage. */
export class Network implements AsyncDisposable {
  readonly #storage: Storage
  readonly #host: string | undefined
  readonly #say: (sentence: string) => void
  #client: MqttClient | undefined

  /** `host` stands in for the broker's address in the configuration, where the device cannot reach that one. */
  constructor(storage: Storage, host: string | undefined, say: (sentence: string) => void) {
    this.#storage = storage
    this.#host = host
    this.#say = say
  }

  /** Connects with a slot and keeps at it until it is told otherwise. Publishes once it is through. */
  connect(slot: Slot): void {
    this.#client?.end(true)
    const text = (file: string) => this.#storage.read(slot, file).toString("latin1")
    const { host, port, cn = "" } = configurationIn(text("cfg"))
    const url = `mqtts://${this.#host ?? host}:${port}`
    this.#say(`connects to ${url} as ${cn}`)
    const client = mqtt.connect(url, {
      ca: text("ca"),
      cert: text("chain"),
      key: text("key.pem"),
      clientId: cn,
      protocolVersion: 5,
      reconnectPeriod: 1000,
      will: { topic: `devices/${cn}/status`, payload: Buffer.from("offline"), qos: 1, retain: true },
    })
    client.on("connect", () => {
      this.#say(`is connected over mutual TLS and publishes devices/${cn}/status`)
      client.publish(`devices/${cn}/status`, "online", { qos: 1, retain: true })
    })
    client.on("error", (error) => this.#say(`is turned away: ${error.message}`))
    this.#client = client
  }

  get connected(): boolean {
    return this.#client?.connected ?? false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client?.endAsync(true)
  }
}
