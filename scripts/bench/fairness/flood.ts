import { Client } from "../load/client.ts"
import { type Login, publishPacket } from "../load/packets.ts"

const TOPIC = "bench/flood"
/** Messages in one write. */
const BATCH = 500

/** Publishes QoS 0 as fast as the gateway reads. */
export class Flood {
  readonly #client: Client
  readonly #batch = Buffer.concat(Array.from({ length: BATCH }, () => publishPacket(TOPIC, 0, 0, 4)))
  count = 0

  private constructor(client: Client) {
    this.#client = client
    client.socket.on("drain", () => this.#send())
    this.#send()
  }

  static async start(port: number, login: Login): Promise<Flood> {
    return new Flood(await Client.connect({ port, login }, 0, "flood-1", 4))
  }

  stop(): void {
    this.#client.socket.destroy()
  }

  #send(): void {
    let room = true
    while (room && !this.#client.socket.destroyed) {
      room = this.#client.socket.write(this.#batch)
      this.count += BATCH
    }
  }
}

/** Subscribes to the flood and to the healthy client's topic, and never reads again. */
export class Frozen {
  readonly #client: Client
  readonly count = 1

  private constructor(client: Client) {
    this.#client = client
    client.socket.pause()
  }

  static async start(port: number, login: Login): Promise<Frozen> {
    const client = await Client.connect({ port, login }, 0, "frozen-1", 4)
    await client.subscribe("bench/#", 1)
    return new Frozen(client)
  }

  stop(): void {
    this.#client.socket.destroy()
  }
}
