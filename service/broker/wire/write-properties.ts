import type { MessageProperties } from "./packet.ts"
import { Property } from "./property-table.ts"
import {
  bodyAt,
  packetBuffer,
  textSize,
  variableSize,
  writeBytes,
  writeText,
  writeUint16,
  writeUint32,
  writeVariable,
} from "./write.ts"

/** The properties of a message from within the gateway, named as mqtt-packet and aedes' plugins name them. */
export interface NamedProperties {
  readonly payloadFormatIndicator?: boolean | number | undefined
  /** Seconds. */
  readonly messageExpiryInterval?: number | undefined
  readonly contentType?: string | undefined
  readonly responseTopic?: string | undefined
  readonly correlationData?: Buffer | undefined
  readonly userProperties?: Readonly<Record<string, string | readonly string[]>> | undefined
}

/** The form in which properties travel on to subscribers; undefined when there are none. @throws RangeError for a text over 65,535 bytes */
export function messageProperties(named: NamedProperties): MessageProperties | undefined {
  const parts: Buffer[] = []
  if (named.payloadFormatIndicator !== undefined) {
    parts.push(Buffer.from([Property.payloadFormatIndicator, named.payloadFormatIndicator ? 1 : 0]))
  }
  if (named.contentType !== undefined) parts.push(textProperty(Property.contentType, named.contentType))
  if (named.responseTopic !== undefined) parts.push(textProperty(Property.responseTopic, named.responseTopic))
  if (named.correlationData !== undefined) parts.push(binaryProperty(Property.correlationData, named.correlationData))
  for (const [name, values] of Object.entries(named.userProperties ?? {})) {
    for (const value of [values].flat()) parts.push(textProperty(Property.userProperty, name), text(value))
  }
  const { messageExpiryInterval } = named
  if (parts.length === 0 && messageExpiryInterval === undefined) return undefined
  return { raw: Buffer.concat(parts), messageExpiryInterval }
}

export function uint16Property(id: number, value: number): Buffer {
  const bytes = Buffer.from([id, 0, 0])
  writeUint16(bytes, 1, value)
  return bytes
}

export function uint32Property(id: number, value: number): Buffer {
  const bytes = Buffer.from([id, 0, 0, 0, 0])
  writeUint32(bytes, 1, value)
  return bytes
}

export function textProperty(id: number, value: string): Buffer {
  return Buffer.concat([Buffer.from([id]), text(value)])
}

/** A whole packet of `head` and properties. */
export function packetWith(first: number, head: readonly number[], properties: readonly Buffer[]): Buffer {
  const size = properties.reduce((sum, property) => sum + property.length, 0)
  const length = head.length + variableSize(size) + size
  const bytes = packetBuffer(first, length)
  let at = bodyAt(length)
  for (const byte of head) bytes[at++] = byte
  at = writeVariable(bytes, at, size)
  for (const property of properties) at = writeBytes(bytes, at, property)
  return bytes
}

function binaryProperty(id: number, value: Buffer): Buffer {
  if (value.length > 65535) throw new RangeError("correlation data is over 65,535 bytes")
  return Buffer.concat([uint16Property(id, value.length), value])
}

function text(value: string): Buffer {
  const size = textSize(value)
  const bytes = Buffer.alloc(2 + size)
  writeText(bytes, 0, value, size)
  return bytes
}
