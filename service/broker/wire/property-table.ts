import { Reason } from "./reason.ts"

/** Property identifiers (table 2-4) that are looked up by name somewhere. */
export const Property = {
  payloadFormatIndicator: 1,
  messageExpiryInterval: 2,
  contentType: 3,
  responseTopic: 8,
  correlationData: 9,
  subscriptionIdentifier: 11,
  sessionExpiryInterval: 17,
  assignedClientIdentifier: 18,
  serverKeepAlive: 19,
  authenticationMethod: 21,
  authenticationData: 22,
  requestProblemInformation: 23,
  willDelayInterval: 24,
  requestResponseInformation: 25,
  serverReference: 28,
  reasonString: 31,
  receiveMaximum: 33,
  topicAliasMaximum: 34,
  topicAlias: 35,
  userProperty: 38,
  maximumPacketSize: 39,
} as const

/** Where properties stand: the bit of the packet type, and bit 0 for the will within CONNECT. */
export const Place = {
  will: 1 << 0,
  connect: 1 << 1,
  publish: 1 << 3,
  puback: 1 << 4,
  pubrec: 1 << 5,
  pubrel: 1 << 6,
  pubcomp: 1 << 7,
  subscribe: 1 << 8,
  unsubscribe: 1 << 10,
  disconnect: 1 << 14,
  auth: 1 << 15,
} as const

export type Kind = "flag" | "uint16" | "uint32" | "variable" | "text" | "topic" | "binary" | "pair"

export interface Definition {
  readonly kind: Kind
  /** Where a client may put it. */
  readonly client: number
  /** Where only a server may put it, in packets that both send. */
  readonly server: number
  /** Why the value 0 ends the connection; undefined: 0 is allowed. */
  readonly zero: typeof Reason.protocolError | typeof Reason.topicAliasInvalid | undefined
}

const message = Place.publish | Place.will
const authentication = Place.connect | Place.auth
const reasons = Place.puback | Place.pubrec | Place.pubrel | Place.pubcomp | Place.disconnect | Place.auth

function define(kind: Kind, client: number, zero?: Definition["zero"], server = 0): Definition {
  return { kind, client, server, zero }
}

/** What a client may send; the properties of CONNACK alone (18, 19, 26, 36, 37, 40 to 42) are missing on purpose. */
export const table: readonly (Definition | undefined)[] = Object.assign(
  new Array<Definition | undefined>(44).fill(undefined),
  {
    [Property.payloadFormatIndicator]: define("flag", message),
    [Property.messageExpiryInterval]: define("uint32", message),
    [Property.contentType]: define("text", message),
    [Property.responseTopic]: define("topic", message),
    [Property.correlationData]: define("binary", message),
    // Valid in PUBLISH, but not from a client [MQTT-3.3.4-6].
    [Property.subscriptionIdentifier]: define("variable", Place.subscribe, Reason.protocolError, Place.publish),
    [Property.sessionExpiryInterval]: define("uint32", Place.connect | Place.disconnect),
    [Property.authenticationMethod]: define("text", authentication),
    [Property.authenticationData]: define("binary", authentication),
    [Property.requestProblemInformation]: define("flag", Place.connect),
    [Property.willDelayInterval]: define("uint32", Place.will),
    [Property.requestResponseInformation]: define("flag", Place.connect),
    [Property.serverReference]: define("text", 0, undefined, Place.disconnect),
    [Property.reasonString]: define("text", reasons),
    [Property.receiveMaximum]: define("uint16", Place.connect, Reason.protocolError),
    [Property.topicAliasMaximum]: define("uint16", Place.connect),
    [Property.topicAlias]: define("uint16", Place.publish, Reason.topicAliasInvalid),
    [Property.userProperty]: define("pair", 0xffff),
    [Property.maximumPacketSize]: define("uint32", Place.connect, Reason.protocolError),
  },
)
