import { connect, type Socket } from "node:net"
import { generate, type Packet, parser } from "mqtt-packet"
import type { Sent, Version } from "../../support/packet-client.ts"

export const USER = { username: "worker", password: "plant-secret-1" } as const

/** Who sits at the other end of a connection, whatever happens to that. */
export interface Party {
  readonly name: string
  readonly version: Version
  /** CONNACK has come. */
  connected(peer: Peer): void
  lost(): void
  receive(packet: Packet): void
}

/** One party's connection of the moment, to a session that outlives it. */
export class Peer {
  readonly sessionPresent: Promise<boolean>
  /** The connection is over. */
  readonly gone: Promise<void>
  readonly #party: Party
  readonly #socket: Socket

  /** The gateway listens to this port of loopback, or did a moment ago. */
  constructor(party: Party, port: number) {
    this.#party = party
    this.#socket = connect({ host: "127.0.0.1", port, noDelay: true })
    const { promise, resolve, reject } = Promise.withResolvers<boolean>()
    this.sessionPresent = promise
    promise.catch(() => {})
    const reader = parser({ protocolVersion: party.version })
    reader.on("packet", (packet) => this.#receive(packet, resolve))
    this.#socket.on("data", (chunk) => reader.parse(chunk))
    this.#socket.on("error", () => {}) // a reset is one of the ways to be killed
    this.gone = new Promise((closed) => this.#socket.once("close", closed)).then(() => {
      party.lost()
      reject(new Error("the gateway is gone"))
    })
    this.#socket.once("connect", () => this.send(connectPacket(party)))
  }

  send(packet: Sent): void {
    const complete = { qos: 0, dup: false, retain: false, payload: "", ...packet }
    this.#socket.write(generate(complete as unknown as Packet, { protocolVersion: this.#party.version }))
  }

  /** Ends without a word. */
  async vanish(): Promise<void> {
    this.#socket.destroy()
    await this.gone
  }

  #receive(packet: Packet, admitted: (sessionPresent: boolean) => void): void {
    if (packet.cmd !== "connack") return this.#party.receive(packet)
    if ((packet.reasonCode ?? packet.returnCode) !== 0) throw new Error(`refused: ${JSON.stringify(packet)}`)
    admitted(packet.sessionPresent)
    this.#party.connected(this)
  }
}

function connectPacket({ name, version }: Party): Sent {
  return {
    cmd: "connect",
    protocolVersion: version,
    protocolId: "MQTT",
    clientId: name,
    clean: false,
    keepalive: 0,
    username: USER.username,
    password: Buffer.from(USER.password),
    ...(version === 5 ? { properties: { sessionExpiryInterval: 100_000, receiveMaximum: 20 } } : {}),
  }
}
