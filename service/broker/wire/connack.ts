import type { Version } from "./packet.ts"
import { Property } from "./property-table.ts"
import { ReturnCode, returnCodeFor } from "./reason.ts"
import { packetWith, textProperty, uint16Property, uint32Property } from "./write-properties.ts"

/** What a server tells an MQTT 5 client in CONNACK (3.2.2.3); what is undefined is not sent. */
export interface ConnackProperties {
  /** Seconds. */
  readonly sessionExpiry?: number | undefined
  readonly receiveMaximum?: number | undefined
  /** Bytes. */
  readonly maximumPacketSize?: number | undefined
  readonly assignedClientId?: string | undefined
  readonly topicAliasMaximum?: number | undefined
  /** Seconds. */
  readonly serverKeepAlive?: number | undefined
  readonly reasonString?: string | undefined
}

const CONNACK = 0x20
const DISCONNECT = 0xe0
const NOTHING = Buffer.alloc(0)

/**
 * CONNACK (3.2). Session present is 0 where `reason` is not [MQTT-3.2.2-6], and always for MQTT 3.1, which has no such flag.
 * @param limit the client's Maximum Packet Size in bytes: a reason string that does not fit is left out [MQTT-3.2.2-19]
 * @returns no bytes where an older version has no return code for `reason`: the client is closed without an answer
 */
export function connackFrame(
  version: Version,
  sessionPresent: boolean,
  reason: number,
  properties: ConnackProperties = {},
  limit = Number.POSITIVE_INFINITY,
): Buffer {
  const present = sessionPresent && reason === 0 && version > 3 ? 1 : 0
  if (version === 5) return connack5([present, reason], properties, limit)
  const code = returnCodeFor(reason)
  // Return code 0 would accept the client.
  if (reason !== 0 && code === ReturnCode.none) return NOTHING
  return Buffer.from([CONNACK, 2, present, code])
}

/**
 * DISCONNECT to an MQTT 5 client (3.14); an older one must not be sent any.
 * @param limit as for `connackFrame` [MQTT-3.14.2-3]
 */
export function disconnectFrame(reason: number, reasonString?: string, limit = Number.POSITIVE_INFINITY): Buffer {
  if (reasonString !== undefined) {
    const bytes = packetWith(DISCONNECT, [reason], [textProperty(Property.reasonString, reasonString)])
    if (bytes.length <= limit) return bytes
  }
  return Buffer.from([DISCONNECT, 1, reason])
}

function connack5(head: readonly number[], properties: ConnackProperties, limit: number): Buffer {
  const entries = entriesOf(properties)
  const { reasonString } = properties
  if (reasonString !== undefined) {
    const bytes = packetWith(CONNACK, head, [...entries, textProperty(Property.reasonString, reasonString)])
    if (bytes.length <= limit) return bytes
  }
  return packetWith(CONNACK, head, entries)
}

function entriesOf(properties: ConnackProperties): Buffer[] {
  const { sessionExpiry, receiveMaximum, maximumPacketSize, assignedClientId } = properties
  const { topicAliasMaximum, serverKeepAlive } = properties
  const entries: Buffer[] = []
  if (sessionExpiry !== undefined) entries.push(uint32Property(Property.sessionExpiryInterval, sessionExpiry))
  if (receiveMaximum !== undefined) entries.push(uint16Property(Property.receiveMaximum, receiveMaximum))
  if (maximumPacketSize !== undefined) entries.push(uint32Property(Property.maximumPacketSize, maximumPacketSize))
  if (assignedClientId !== undefined) entries.push(textProperty(Property.assignedClientIdentifier, assignedClientId))
  if (topicAliasMaximum !== undefined) entries.push(uint16Property(Property.topicAliasMaximum, topicAliasMaximum))
  if (serverKeepAlive !== undefined) entries.push(uint16Property(Property.serverKeepAlive, serverKeepAlive))
  return entries
}
