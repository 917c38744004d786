import { PINGRESP } from "../wire/encode.ts"
import type { Connect, MessageProperties, PacketSink, QoS, Subscription } from "../wire/packet.ts"
import { Reason, violated } from "../wire/reason.ts"
import { receiveAcknowledge } from "./acknowledge.ts"
import { receiveConnect } from "./connect.ts"
import type { Connection } from "./connection.ts"
import { SAID_GOODBYE } from "./departure.ts"
import { receivePublish } from "./publish.ts"
import { receiveSubscribe, receiveUnsubscribe } from "./subscribe.ts"

/** Where the packets of one connection arrive; those that take more than a line have a file each beside this one. */
export class Reception implements PacketSink {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  onConnect(packet: Connect): void {
    receiveConnect(this.#connection, packet)
  }

  onPublish(
    topic: string,
    payload: Buffer,
    qos: QoS,
    retain: boolean,
    _dup: boolean,
    packetId: number,
    properties: MessageProperties | undefined,
    topicAlias: number | undefined,
  ): void {
    const { intake, exchange } = this.#connection
    if (intake.countPublish()) exchange.counters.limitPublishRate++
    receivePublish(this.#connection, topic, payload, qos, retain, packetId, properties, topicAlias)
  }

  onAcknowledge(type: 4 | 5 | 6 | 7, packetId: number, reason: number): void {
    receiveAcknowledge(this.#connection, type, packetId, reason)
  }

  onSubscribe(packetId: number, subscriptions: readonly Subscription[], identifier: number | undefined): void {
    receiveSubscribe(this.#connection, packetId, subscriptions, identifier)
  }

  onUnsubscribe(packetId: number, filters: readonly string[]): void {
    receiveUnsubscribe(this.#connection, packetId, filters)
  }

  onPing(): void {
    this.#connection.send(PINGRESP)
  }

  onDisconnect(reason: number, sessionExpiry: number | undefined): void {
    const connection = this.#connection
    const { session, exchange } = connection
    if (sessionExpiry !== undefined && session !== undefined) {
      if (connection.sessionExpiry === 0 && sessionExpiry > 0) violated("session expiry raised from 0") // [MQTT-3.14.2-2]
      connection.sessionExpiry = Math.min(sessionExpiry, exchange.limits.sessionExpirySeconds)
      exchange.sessions.setExpiry(session, connection.sessionExpiry)
    }
    connection.departure = SAID_GOODBYE
    if (reason === Reason.success) connection.will = undefined // any other reason sends it [MQTT-3.1.2-8, 3.14.4-3]
    connection.leave()
  }

  onAuth(): void {
    violated("AUTH without an authentication method")
  }
}
