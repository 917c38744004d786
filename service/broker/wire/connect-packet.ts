import { isUtf8 } from "node:buffer"
import { hasWildcard } from "./filter.ts"
import type { Connect, QoS, Version, Will } from "./packet.ts"
import { readProperties } from "./properties.ts"
import { Place, Property } from "./property-table.ts"
import type { Reader } from "./read.ts"
import { malformed, ProtocolError, Reason } from "./reason.ts"

/** Bits of the connect flags (3.1.2.3). */
const Flag = { reserved: 0x01, clean: 0x02, will: 0x04, willRetain: 0x20, password: 0x40, username: 0x80 } as const
const willQosAndRetain = 0x38

/** What CONNECT says about the protocol: the level byte as sent, and the version to answer in. */
export interface Protocol {
  readonly level: number
  readonly version: Version
}

/**
 * Reads protocol name and level (3.1.2.1, 3.1.2.2). Where `level` differs from `version`, the protocol is not supported
 * [MQTT-3.1.2-2]. The top bit of the level is what Mosquitto's bridges try first; they need return code 1 to go on without.
 * @throws ProtocolError malformedPacket for any other name: that peer is to be left without an answer [MQTT-3.1.2-1]
 */
export function readProtocol(reader: Reader): Protocol {
  const name = reader.name()
  const level = reader.byte()
  if (name === "MQIsdp") return { level, version: 3 }
  if (name !== "MQTT") malformed("the protocol name is neither MQTT nor MQIsdp")
  return { level, version: (level & 0x7f) < 5 ? 4 : 5 }
}

/**
 * Reads CONNECT (3.1) from the connect flags to its end.
 * @throws ProtocolError malformedPacket, protocolError, payloadFormatInvalid, clientIdentifierNotValid
 */
export function readConnect(reader: Reader, version: Version): Connect {
  const flags = reader.byte()
  checkFlags(flags, version)
  const keepAlive = reader.uint16()
  const options = version === 5 ? readOptions(reader) : defaults
  const clientId = reader.name()
  const will = (flags & Flag.will) === 0 ? undefined : readWill(reader, flags, version)
  const username = isPresent(flags & Flag.username, reader, version) ? reader.name() : undefined
  const password = isPresent(flags & Flag.password, reader, version) ? ownCopy(reader.binary()) : undefined
  // Also a user name or password whose flag is off [MQTT-3.1.2-16, -18].
  reader.finish()
  const clean = (flags & Flag.clean) !== 0
  if (clientId === "") checkEmptyClientId(version, clean)
  return { version, clean, keepAlive, clientId, username, password, will, ...options }
}

function checkFlags(flags: number, version: Version): void {
  // MQTT 3.1 leaves bit 0 unused; since then it must be 0 [MQTT-3.1.2-3].
  if ((flags & Flag.reserved) !== 0 && version > 3) malformed("the reserved connect flag is set [MQTT-3.1.2-3]")
  if ((flags & Flag.will) === 0 && (flags & willQosAndRetain) !== 0) {
    malformed("will QoS or will retain without a will [MQTT-3.1.2-11, -13]")
  }
  if (willQos(flags) === 3) malformed("will QoS 3 [MQTT-3.1.2-12]")
  if ((flags & Flag.password) !== 0 && (flags & Flag.username) === 0 && version < 5) {
    malformed("a password without a user name (3.1.1: [MQTT-3.1.2-22])")
  }
}

/** In MQTT 3.1 the remaining length takes precedence over the flags: the last fields may be missing. */
function isPresent(flag: number, reader: Reader, version: Version): boolean {
  return flag !== 0 && !(version === 3 && reader.atEnd)
}

type Options = Omit<Connect, "version" | "clean" | "keepAlive" | "clientId" | "username" | "password" | "will">

const defaults: Options = {
  sessionExpiry: undefined,
  receiveMaximum: 65535,
  maximumPacketSize: undefined,
  topicAliasMaximum: 0,
  requestProblemInformation: true,
  requestResponseInformation: false,
  authenticationMethod: undefined,
}

/** The properties of CONNECT and what they mean when absent (3.1.2.11). */
function readOptions(reader: Reader): Options {
  const properties = readProperties(reader, Place.connect)
  return {
    sessionExpiry: properties.number(Property.sessionExpiryInterval),
    receiveMaximum: properties.number(Property.receiveMaximum) ?? defaults.receiveMaximum,
    maximumPacketSize: properties.number(Property.maximumPacketSize),
    topicAliasMaximum: properties.number(Property.topicAliasMaximum) ?? defaults.topicAliasMaximum,
    requestProblemInformation: properties.number(Property.requestProblemInformation) !== 0,
    requestResponseInformation: properties.number(Property.requestResponseInformation) === 1,
    authenticationMethod: properties.authenticationMethod,
  }
}

function readWill(reader: Reader, flags: number, version: Version): Will {
  const carried = version === 5 ? readWillProperties(reader) : noWillProperties
  const topic = reader.name()
  if (topic === "" || hasWildcard(topic)) {
    malformed("a will topic is empty or holds a wildcard [MQTT-4.7.0-1, 4.7.3-1]")
  }
  const payload = ownCopy(reader.binary())
  if (carried.isText && !isUtf8(payload)) {
    throw new ProtocolError(Reason.payloadFormatInvalid, "a will payload said to be UTF-8 is not (3.1.3.2.3)")
  }
  const retain = (flags & Flag.willRetain) !== 0
  return { topic, payload, qos: willQos(flags) as QoS, retain, delay: carried.delay, properties: carried.properties }
}

interface WillProperties {
  readonly isText: boolean
  readonly delay: number
  readonly properties: Will["properties"]
}

const noWillProperties: WillProperties = { isText: false, delay: 0, properties: undefined }

function readWillProperties(reader: Reader): WillProperties {
  const properties = readProperties(reader, Place.will)
  return {
    isText: properties.number(Property.payloadFormatIndicator) === 1,
    delay: properties.number(Property.willDelayInterval) ?? 0,
    properties: properties.message(true),
  }
}

function willQos(flags: number): number {
  return (flags >> 3) & 3
}

/** 3.1 has no empty identifiers; 3.1.1 only for clean sessions [MQTT-3.1.3-8]; 5 always assigns one [MQTT-3.1.3-6]. */
function checkEmptyClientId(version: Version, clean: boolean): void {
  if (version === 3 || (version === 4 && !clean)) {
    throw new ProtocolError(Reason.clientIdentifierNotValid, "an empty client identifier [MQTT-3.1.3-8]")
  }
}

/** Outlives the socket's buffer, and for a will the whole connection: not from Buffer's pool, whose slab it would hold. */
function ownCopy(view: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(view.length)
  view.copy(copy)
  return copy
}
