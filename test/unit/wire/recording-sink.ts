import assert from "node:assert/strict"
import { Decoder } from "../../../service/broker/wire/decode.ts"
import type { MessageProperties, PacketSink, QoS, Subscription, Version } from "../../../service/broker/wire/packet.ts"
import { ProtocolError } from "../../../service/broker/wire/reason.ts"

/** One call of the sink: the method's packet, then its arguments; views are copied. */
export type Call = readonly unknown[]

/** Writes down every call; accepts each CONNECT at once unless `accepts` is false. */
export class RecordingSink implements PacketSink {
  readonly calls: Call[] = []
  decoder: Decoder | undefined
  accepts = true
  /** Runs within every call, after it was written down. */
  during: () => void = () => {}

  onConnect(packet: unknown): void {
    this.#write("connect", packet)
    if (this.accepts) this.decoder?.establish()
  }

  onPublish(
    topic: string,
    payload: Buffer,
    qos: QoS,
    retain: boolean,
    dup: boolean,
    packetId: number,
    properties: MessageProperties | undefined,
    topicAlias: number | undefined,
  ): void {
    this.#write("publish", topic, Buffer.from(payload), qos, retain, dup, packetId, properties, topicAlias)
  }

  onAcknowledge(type: number, packetId: number, reason: number): void {
    this.#write("acknowledge", type, packetId, reason)
  }

  onSubscribe(packetId: number, subscriptions: readonly Subscription[], identifier: number | undefined): void {
    this.#write("subscribe", packetId, subscriptions, identifier)
  }

  onUnsubscribe(packetId: number, filters: readonly string[]): void {
    this.#write("unsubscribe", packetId, filters)
  }

  onPing(): void {
    this.#write("ping")
  }

  onDisconnect(reason: number, sessionExpiry: number | undefined): void {
    this.#write("disconnect", reason, sessionExpiry)
  }

  onAuth(reason: number): void {
    this.#write("auth", reason)
  }

  #write(...call: unknown[]): void {
    this.calls.push(call)
    this.during()
  }
}

export interface Subject {
  readonly sink: RecordingSink
  readonly decoder: Decoder
}

/** A decoder before its CONNECT. */
export function fresh(limit = 1 << 20): Subject {
  const sink = new RecordingSink()
  const decoder = new Decoder(sink, limit)
  sink.decoder = decoder
  return { sink, decoder }
}

const connects: Record<Version, string> = {
  3: "10 0f 0006 4d5149736470 03 02 0000 0001 61",
  4: "10 0d 0004 4d515454 04 02 0000 0001 61",
  5: "10 0e 0004 4d515454 05 02 0000 00 0001 61",
}

export function connectBytes(version: Version): Buffer {
  return hex(connects[version])
}

/** A decoder behind an accepted CONNECT of that version, nothing written down yet. */
export function established(version: Version, limit = 1 << 20): Subject {
  const subject = fresh(limit)
  subject.decoder.push(connectBytes(version))
  subject.sink.calls.length = 0
  return subject
}

/** The calls that `bytes` lead to behind a CONNECT. */
export function callsOf(version: Version, bytes: Buffer): readonly Call[] {
  const { sink, decoder } = established(version)
  decoder.push(bytes)
  return sink.calls
}

/** The reason code the decoder ends the connection with. */
export function refusalOf(subject: Subject, bytes: Buffer): number {
  try {
    subject.decoder.push(bytes)
  } catch (error) {
    assert.ok(error instanceof ProtocolError, `not a ProtocolError: ${error}`)
    return error.reason
  }
  return assert.fail(`accepted: ${JSON.stringify(subject.sink.calls)}`)
}

/** Bytes from hexadecimal digits; spaces are for the reader. */
export function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(" ", ""), "hex")
}

/** A packet with that first byte, its remaining length computed; texts among the parts are hexadecimal. */
export function packet(first: number, ...parts: readonly (string | Buffer)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === "string" ? hex(part) : part)))
  return Buffer.concat([Buffer.from([first]), variable(body.length), body])
}

/** A UTF-8 encoded string (1.5.4). */
export function text(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes])
}

/** Properties behind their length. */
export function properties(...parts: readonly (string | Buffer)[]): Buffer {
  const bytes = Buffer.concat(parts.map((part) => (typeof part === "string" ? hex(part) : part)))
  return Buffer.concat([variable(bytes.length), bytes])
}

function variable(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  do {
    bytes.push((rest & 127) | (rest > 127 ? 128 : 0))
    rest >>>= 7
  } while (rest > 0)
  return Buffer.from(bytes)
}
