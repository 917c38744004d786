import { Message } from "../message.ts"
import type { QoS, Will } from "../wire/packet.ts"
import { RecordReader, type RecordWriter } from "./record.ts"

/** The bits of a message's or will's first byte; the lowest two are its QoS. */
const Bit = { retain: 4, properties: 8, expires: 16 } as const

/** How a message lies on the disk, a will and a retained message included: once, however many sessions it waits for. */
export function writeMessage(writer: RecordWriter, message: Message): void {
  const { qos, retain, properties, expiresAt } = message
  writer.byte(
    qos |
      (retain ? Bit.retain : 0) |
      (properties === undefined ? 0 : Bit.properties) |
      (expiresAt === undefined ? 0 : Bit.expires),
  )
  writer.text(message.publisher)
  writer.text(message.topic)
  if (expiresAt !== undefined) writer.float(expiresAt)
  if (properties !== undefined) writer.bytes(properties.raw)
  writer.bytes(message.payload)
}

/** @throws RangeError when the bytes are too few. The message holds views into `bytes`. */
export function readMessage(bytes: Uint8Array): Message {
  const reader = new RecordReader(bytes)
  const bits = reader.byte()
  const publisher = reader.text()
  const topic = reader.text()
  const expiresAt = bits & Bit.expires ? reader.float() : undefined
  const properties = bits & Bit.properties ? { raw: reader.bytes(), messageExpiryInterval: undefined } : undefined
  const payload = reader.bytes()
  return new Message(
    topic,
    payload,
    (bits & 3) as QoS,
    (bits & Bit.retain) !== 0,
    publisher,
    properties,
    expiresAt,
    true,
  )
}

/** What is kept of a session beside its subscriptions and messages. */
export interface SessionRecord {
  readonly id: string
  readonly username: string
  /** Seconds it outlives its connection; 0: only its will is kept. */
  readonly expirySeconds: number
  /** Milliseconds since the epoch; Infinity: never; NaN: a client is connected. */
  readonly endsAt: number
  /** Everything numbered up to here may have been sent. */
  readonly sentTo: number
  readonly will: Will | undefined
  /** When the will is due, milliseconds since the epoch; NaN: once the connection is lost. */
  readonly willDue: number
}

export function writeSession(writer: RecordWriter, session: SessionRecord): void {
  writer.text(session.id)
  writer.text(session.username)
  writer.unsigned(session.expirySeconds)
  writer.float(session.endsAt)
  writer.unsigned(session.sentTo)
  const { will } = session
  writer.byte(will === undefined ? 0 : 1)
  if (will === undefined) return
  writer.float(session.willDue)
  writer.unsigned(will.delay)
  writer.byte(will.qos | (will.retain ? Bit.retain : 0) | (will.properties === undefined ? 0 : Bit.properties))
  writer.text(will.topic)
  writer.bytes(will.payload)
  if (will.properties === undefined) return
  writer.unsigned(will.properties.messageExpiryInterval === undefined ? 0 : will.properties.messageExpiryInterval + 1)
  writer.bytes(will.properties.raw)
}

/** @throws RangeError when the bytes are too few. */
export function readSession(bytes: Uint8Array): SessionRecord {
  const reader = new RecordReader(bytes)
  const session = {
    id: reader.text(),
    username: reader.text(),
    expirySeconds: reader.unsigned(),
    endsAt: reader.float(),
    sentTo: reader.unsigned(),
  }
  if (reader.byte() === 0) return { ...session, will: undefined, willDue: Number.NaN }
  const willDue = reader.float()
  return { ...session, willDue, will: readWill(reader) }
}

function readWill(reader: RecordReader): Will {
  const delay = reader.unsigned()
  const bits = reader.byte()
  const topic = reader.text()
  const payload = reader.bytes()
  const will = { topic, payload, qos: (bits & 3) as QoS, retain: (bits & Bit.retain) !== 0, delay }
  if ((bits & Bit.properties) === 0) return { ...will, properties: undefined }
  const expiry = reader.unsigned()
  const messageExpiryInterval = expiry === 0 ? undefined : expiry - 1
  return { ...will, properties: { messageExpiryInterval, raw: reader.bytes() } }
}
