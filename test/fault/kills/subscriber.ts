import type { IPublishPacket, Packet } from "mqtt-packet"
import type { Version } from "../../support/packet-client.ts"
import type { Peer } from "./peer.ts"

/** A subscriber whose own memory never fails: it knows the QoS 2 packet identifiers it has not seen released. */
export class Subscriber {
  readonly name: string
  readonly version: Version
  readonly qos: 1 | 2
  readonly filter = "load/#"
  /** Every payload it was given, in order, but for QoS 2 messages it recognised as sent again. */
  readonly received: string[] = []
  readonly #unreleased = new Set<number>()
  #peer: Peer | undefined
  isSubscribed = false

  constructor(name: string, version: Version, qos: 1 | 2) {
    this.name = name
    this.version = version
    this.qos = qos
  }

  connected(peer: Peer): void {
    this.#peer = peer
    if (this.isSubscribed) return
    peer.send({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: this.filter, qos: this.qos }] })
  }

  lost(): void {
    this.#peer = undefined
  }

  receive(packet: Packet): void {
    if (packet.cmd === "suback") this.isSubscribed = true
    else if (packet.cmd === "publish") this.#take(packet)
    else if (packet.cmd === "pubrel") {
      this.#unreleased.delete(packet.messageId ?? 0)
      this.#peer?.send({ cmd: "pubcomp", messageId: packet.messageId })
    }
  }

  #take({ qos, payload, messageId = 0 }: IPublishPacket): void {
    if (qos < 2 || !this.#unreleased.has(messageId)) this.received.push(payload.toString())
    if (qos === 2) this.#unreleased.add(messageId)
    this.#peer?.send({ cmd: qos === 2 ? "pubrec" : "puback", messageId })
  }
}
