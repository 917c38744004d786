import type { Packet } from "mqtt-packet"
import type { Version } from "../../support/packet-client.ts"
import type { Peer } from "./peer.ts"

/** One message on its way, as its publisher must remember it until it is acknowledged for good (4.3). */
interface UnderWay {
  readonly packetId: number
  readonly topic: string
  readonly payload: string
  readonly qos: 1 | 2
  /** QoS 2: PUBREC came, PUBREL is next. */
  isReceived: boolean
}

const WINDOW = 10

/**
 * A publisher whose own memory never fails: what is not acknowledged is sent again after each reconnect, in order and
 * with DUP, so that whatever is lost or doubled was lost or doubled by the gateway.
 */
export class Publisher {
  readonly name: string
  readonly version: Version
  /** What the gateway has taken responsibility for, in order. */
  readonly acknowledged: string[] = []
  /** Refusals (0x97), by payload: a named exception. */
  readonly refused = new Set<string>()
  readonly #topics: readonly string[]
  readonly #qos: 1 | 2
  readonly #retain: boolean
  readonly #underWay = new Map<number, UnderWay>()
  #sequence = 0
  #packetId = 0
  #peer: Peer | undefined
  /** Publishes on as long as this is set. */
  isOpen = true
  /** Told of every acknowledgement as it comes. */
  onAcknowledged: (payload: string) => void = () => {}

  constructor(name: string, version: Version, qos: 1 | 2, topics: readonly string[], retain = false) {
    this.#retain = retain
    this.name = name
    this.version = version
    this.#qos = qos
    this.#topics = topics
  }

  get isIdle(): boolean {
    return this.#underWay.size === 0
  }

  connected(peer: Peer): void {
    this.#peer = peer
    for (const message of this.#underWay.values()) this.#send(message, true)
    this.#fill()
  }

  lost(): void {
    this.#peer = undefined
  }

  receive(packet: Packet): void {
    if (packet.cmd !== "puback" && packet.cmd !== "pubrec" && packet.cmd !== "pubcomp") return
    const message = this.#underWay.get(packet.messageId ?? 0)
    if (message === undefined) return
    const reason = packet.reasonCode ?? 0
    if (packet.cmd !== "pubcomp" && reason >= 0x80) {
      this.refused.add(message.payload)
      this.#underWay.delete(message.packetId)
    } else if (packet.cmd === "pubrec") {
      if (!message.isReceived) this.#acknowledge(message.payload)
      message.isReceived = true
      this.#peer?.send({ cmd: "pubrel", messageId: message.packetId })
    } else {
      if (packet.cmd === "puback") this.#acknowledge(message.payload)
      this.#underWay.delete(message.packetId)
    }
    this.#fill()
  }

  #acknowledge(payload: string): void {
    this.acknowledged.push(payload)
    this.onAcknowledged(payload)
  }

  #fill(): void {
    while (this.isOpen && this.#peer !== undefined && this.#underWay.size < WINDOW) {
      const sequence = ++this.#sequence
      do this.#packetId = (this.#packetId % 65_535) + 1
      while (this.#underWay.has(this.#packetId))
      const topic = this.#topics[sequence % this.#topics.length] ?? ""
      const payload = `${this.name} ${topic} ${this.#qos} ${sequence}`
      const message = { packetId: this.#packetId, topic, payload, qos: this.#qos, isReceived: false }
      this.#underWay.set(message.packetId, message)
      this.#send(message, false)
    }
  }

  #send({ packetId: messageId, topic, payload, qos, isReceived }: UnderWay, dup: boolean): void {
    if (isReceived) this.#peer?.send({ cmd: "pubrel", messageId })
    else this.#peer?.send({ cmd: "publish", topic, payload, qos, messageId, dup, retain: this.#retain })
  }
}
