import type { Receipt } from "./durable/receipt.ts"
import type { FrameSlot } from "./wire/encode.ts"
import type { MessageProperties, QoS } from "./wire/packet.ts"

/**
 * One application message on its way from a publisher to its receivers, shared by all of them. It travels through
 * aedes' pipeline in the packet's `properties`, the one field that aedes carries without a look.
 */
export class Message {
  readonly topic: string
  readonly qos: QoS
  readonly retain: boolean
  readonly properties: MessageProperties | undefined
  /** Milliseconds since the epoch; undefined: never expires. */
  readonly expiresAt: number | undefined
  /** The publisher's client identifier, for No Local; "" for the gateway itself. */
  readonly publisher: string
  /** The frame encoded last; nearly all receivers of a message want the same one. */
  readonly slot: FrameSlot = { key: -1, frame: undefined }
  /** Which member of each shared group got it: the storing and the sending stage must choose alike. */
  choices: Map<object, unknown> | undefined = undefined
  /** What its acknowledgement waits for; undefined: nothing so far. */
  receipt: Receipt | undefined = undefined
  #payload: Buffer
  #owned: boolean
  #kept: boolean

  constructor(
    topic: string,
    payload: Buffer,
    qos: QoS,
    retain: boolean,
    publisher: string,
    properties?: MessageProperties,
    expiresAt?: number,
    kept = false,
  ) {
    this.topic = topic
    this.#payload = payload
    this.qos = qos
    this.retain = retain
    this.publisher = publisher
    this.properties = properties
    this.expiresAt = expiresAt
    this.#owned = kept
    this.#kept = kept
  }

  get payload(): Buffer {
    return this.#payload
  }

  /** Bytes it costs to keep; the topic is counted as ASCII. */
  get size(): number {
    return this.topic.length + this.#payload.length + (this.properties?.raw.length ?? 0)
  }

  /** Call before holding the message beyond this turn: the payload may be a view into a socket's whole read buffer. */
  own(): this {
    if (!this.#owned) {
      this.#payload = Buffer.from(this.#payload)
      this.#owned = true
    }
    return this
  }

  /** Call before holding the message for long: in Buffer's pool its payload would hold on to a slab of 64 KiB. */
  keep(): this {
    if (!this.#kept) {
      const payload = Buffer.allocUnsafeSlow(this.#payload.length)
      this.#payload.copy(payload)
      this.#payload = payload
      this.#owned = true
      this.#kept = true
    }
    return this
  }

  /** The same content as it lies in the retained store or goes out from there: with the retain flag set. */
  asRetained(): Message {
    if (this.retain) return this.keep()
    return new Message(
      this.topic,
      this.keep().payload,
      this.qos,
      true,
      this.publisher,
      this.properties,
      this.expiresAt,
      true,
    )
  }

  isExpired(now: number): boolean {
    return this.expiresAt !== undefined && this.expiresAt <= now
  }
}

export function lowerOf(a: QoS, b: QoS): QoS {
  return Math.min(a, b) as QoS
}

export function higherOf(a: QoS, b: QoS): QoS {
  return Math.max(a, b) as QoS
}
