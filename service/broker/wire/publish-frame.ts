import type { MessageProperties, QoS } from "./packet.ts"
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

/**
 * An encoded packet, shared by all its receivers: never written to. Whoever sends it copies it and patches the copy,
 * the packet identifier at `packetIdAt` and, when sent again, DUP (bit 3 of the first byte).
 */
export interface Frame {
  readonly bytes: Buffer
  /** Where the two bytes of the packet identifier stand; 0: nothing to patch. */
  readonly packetIdAt: number
}

/** What a PUBLISH to a client is made of. */
export interface OutgoingMessage {
  readonly topic: string
  readonly payload: Buffer
  readonly properties: MessageProperties | undefined
  /** Milliseconds since the epoch; undefined: never expires. */
  readonly expiresAt: number | undefined
}

/** The frame a message was encoded to last, kept with the message; `key` says for whom. Begins as `{ key: -1, frame: undefined }`. */
export interface FrameSlot {
  key: number
  frame: Frame | undefined
}

/**
 * Encodes PUBLISH (3.3). The older versions get neither properties, identifiers nor an alias; for them `sendTopic` is true.
 * @param now milliseconds since the epoch: the expiry goes out as the whole seconds that remain, at least 1 [MQTT-3.3.2-6]
 * @param topicAlias 0: none
 * @param sendTopic false where the receiver knows the alias already (3.3.2.3.4)
 * @throws RangeError when the topic is over 65,535 bytes or the packet over 256 MiB
 */
export function publishFrame(
  message: OutgoingMessage,
  version5: boolean,
  qos: QoS,
  retain: boolean,
  now: number,
  subscriptionIdentifiers: readonly number[] | undefined,
  topicAlias: number,
  sendTopic: boolean,
): Frame {
  const topic = sendTopic ? message.topic : ""
  const topicBytes = textSize(topic)
  const size = version5 ? propertiesSize(message, subscriptionIdentifiers, topicAlias) : 0
  const head = 2 + topicBytes + (qos > 0 ? 2 : 0) + (version5 ? variableSize(size) : 0)
  const length = head + size + message.payload.length
  const bytes = packetBuffer(0x30 | (qos << 1) | (retain ? 1 : 0), length)
  const packetIdAt = writeText(bytes, bodyAt(length), topic, topicBytes)
  let at = qos > 0 ? packetIdAt + 2 : packetIdAt
  if (version5) {
    at = writeVariable(bytes, at, size)
    if (size > 0) at = writeProperties(bytes, at, message, now, subscriptionIdentifiers, topicAlias)
  }
  writeBytes(bytes, at, message.payload)
  return { bytes, packetIdAt: qos > 0 ? packetIdAt : 0 }
}

/**
 * The frame for receivers without identifiers and alias, encoded once per version, QoS, retain flag and remaining second;
 * `slot` keeps the last one.
 */
export function sharedPublishFrame(
  message: OutgoingMessage,
  slot: FrameSlot,
  version5: boolean,
  qos: QoS,
  retain: boolean,
  now: number,
): Frame {
  const second = version5 && message.expiresAt !== undefined ? remainingSeconds(message.expiresAt, now) : 0
  const key = second * 16 + (version5 ? 8 : 0) + qos * 2 + (retain ? 1 : 0)
  if (slot.key === key && slot.frame !== undefined) return slot.frame
  const frame = publishFrame(message, version5, qos, retain, now, undefined, 0, true)
  slot.key = key
  slot.frame = frame
  return frame
}

function remainingSeconds(expiresAt: number, now: number): number {
  return Math.min(Math.max(1, Math.ceil((expiresAt - now) / 1000)), 0xffffffff)
}

function propertiesSize(
  message: OutgoingMessage,
  identifiers: readonly number[] | undefined,
  topicAlias: number,
): number {
  let size = message.properties === undefined ? 0 : message.properties.raw.length
  if (message.expiresAt !== undefined) size += 5
  if (identifiers !== undefined) for (const identifier of identifiers) size += 1 + variableSize(identifier)
  return topicAlias > 0 ? size + 3 : size
}

function writeProperties(
  bytes: Buffer,
  from: number,
  message: OutgoingMessage,
  now: number,
  identifiers: readonly number[] | undefined,
  topicAlias: number,
): number {
  let at = from
  if (message.properties !== undefined) at = writeBytes(bytes, at, message.properties.raw)
  if (message.expiresAt !== undefined) {
    bytes[at] = Property.messageExpiryInterval
    at = writeUint32(bytes, at + 1, remainingSeconds(message.expiresAt, now))
  }
  for (const identifier of identifiers ?? []) {
    bytes[at] = Property.subscriptionIdentifier
    at = writeVariable(bytes, at + 1, identifier)
  }
  if (topicAlias > 0) {
    bytes[at] = Property.topicAlias
    at = writeUint16(bytes, at + 1, topicAlias)
  }
  return at
}
