import type { Receipt } from "../durable/receipt.ts"
import type { Message } from "../message.ts"
import type { QoS } from "../wire/packet.ts"
import type { Delivery } from "./delivery.ts"

/** One message owed to one session: what it is sent as, and how far the exchange and the disk have come. */
export class Outgoing {
  readonly session: Delivery
  readonly message: Message
  readonly qos: QoS
  readonly retain: boolean
  readonly identifiers: readonly number[] | undefined
  /** Its place among all the session is owed; 0 until it has one. It says which packet identifier is its own. */
  sequence = 0
  /** 0 until it is sent on this connection or an earlier one of this process. */
  packetId = 0
  /** It went out before: it is sent again with DUP [MQTT-3.3.1-1]. */
  sent = false
  /** QoS 2: the receiver has sent PUBREC and is owed PUBREL, no longer the message. */
  released = false
  /** QoS 2: PUBREL waits until the disk knows of that, or a crash could double the message. */
  releasing = false
  /** The exchange is over, or the message was dropped. */
  settled = false

  // ---- on the disk

  /** What its acknowledgement to the publisher waits for. */
  receipt: Receipt | undefined
  /** QoS 2: not on the disk yet, and until then not to be sent, or a crash could double it. */
  held = false
  /** The message's number on the disk, or on its way there; 0: none. */
  stored = 0
  /** Other sessions own the message on the disk too. */
  shared = false
  /** It is on the disk for sure. */
  kept = false
  /** The disk knows that it may have been sent. */
  marked = false

  constructor(
    session: Delivery,
    message: Message,
    qos: QoS,
    retain: boolean,
    identifiers: readonly number[] | undefined,
  ) {
    this.session = session
    this.message = message
    this.qos = qos
    this.retain = retain
    this.identifiers = identifiers
  }
}
