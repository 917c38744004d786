import type { Message } from "../message.ts"
import type { QoS } from "../wire/packet.ts"

/** One message owed to one session: what it is sent as, and how far the exchange has come. */
export class Outgoing {
  readonly message: Message
  readonly qos: QoS
  readonly retain: boolean
  readonly identifiers: readonly number[] | undefined
  /** 0 until it is first sent. */
  packetId = 0
  /** QoS 2: the receiver has sent PUBREC and is owed PUBREL, no longer the message. */
  released = false

  constructor(message: Message, qos: QoS, retain: boolean, identifiers: readonly number[] | undefined) {
    this.message = message
    this.qos = qos
    this.retain = retain
    this.identifiers = identifiers
  }
}
