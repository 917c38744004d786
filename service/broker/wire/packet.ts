/** What the decoder hands on and the encoder takes: MQTT control packets as values, one shape for 3.1, 3.1.1 and 5. */

/** Protocol level byte of CONNECT: 3 is MQTT 3.1, 4 is 3.1.1, 5 is 5.0. */
export type Version = 3 | 4 | 5
export type QoS = 0 | 1 | 2

/**
 * The properties of an application message as they travel on to subscribers: the received bytes, in the order
 * received (3.3.2-17, -18), without topic alias, message expiry and will delay, which the server rewrites.
 */
export interface MessageProperties {
  readonly raw: Buffer
  /** Seconds, as the publisher sent it; undefined: never expires. */
  readonly messageExpiryInterval: number | undefined
}

export interface Will {
  readonly topic: string
  /** An own copy, not a view into a socket's buffer. */
  readonly payload: Buffer
  readonly qos: QoS
  readonly retain: boolean
  /** Seconds (3.1.3.2.2). */
  readonly delay: number
  readonly properties: MessageProperties | undefined
}

export interface Connect {
  readonly version: Version
  /** Clean Session (3.1, 3.1.1) or Clean Start (5). */
  readonly clean: boolean
  /** Seconds; 0 is off. */
  readonly keepAlive: number
  readonly clientId: string
  readonly username: string | undefined
  /** An own copy, not a view into a socket's buffer. */
  readonly password: Buffer | undefined
  readonly will: Will | undefined
  /** MQTT 5; seconds, 0xffffffff never ends; undefined: absent, which means 0. */
  readonly sessionExpiry: number | undefined
  /** MQTT 5; 65535 when absent. */
  readonly receiveMaximum: number
  /** MQTT 5; bytes, undefined: no limit. */
  readonly maximumPacketSize: number | undefined
  /** MQTT 5; 0 when absent. */
  readonly topicAliasMaximum: number
  /** MQTT 5; true when absent (3.1.2.11.7). */
  readonly requestProblemInformation: boolean
  readonly requestResponseInformation: boolean
  readonly authenticationMethod: string | undefined
}

export interface Subscription {
  readonly filter: string
  readonly qos: QoS
  readonly noLocal: boolean
  readonly retainAsPublished: boolean
  readonly retainHandling: 0 | 1 | 2
}

/** What the decoder calls, one method per packet a client may send. All views into the chunk are valid only during the call. */
export interface PacketSink {
  onConnect(packet: Connect): void
  /** `payload` is a view. `topic` is "" only together with `topicAlias`. `packetId` is 0 at QoS 0. */
  onPublish(
    topic: string,
    payload: Buffer,
    qos: QoS,
    retain: boolean,
    dup: boolean,
    packetId: number,
    properties: MessageProperties | undefined,
    topicAlias: number | undefined,
  ): void
  /** `type` is 4 PUBACK, 5 PUBREC, 6 PUBREL, 7 PUBCOMP. */
  onAcknowledge(type: 4 | 5 | 6 | 7, packetId: number, reason: number): void
  onSubscribe(packetId: number, subscriptions: readonly Subscription[], identifier: number | undefined): void
  onUnsubscribe(packetId: number, filters: readonly string[]): void
  onPing(): void
  /** `sessionExpiry` is undefined when absent. */
  onDisconnect(reason: number, sessionExpiry: number | undefined): void
  onAuth(reason: number): void
}
