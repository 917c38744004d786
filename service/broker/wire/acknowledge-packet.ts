import type { PacketSink, Version } from "./packet.ts"
import { readProperties } from "./properties.ts"
import type { Reader } from "./read.ts"
import { Reason, violated } from "./reason.ts"
import { readPacketId } from "./subscribe-packet.ts"

/** Reason codes of PUBACK and PUBREC (tables 3-4, 3-5). */
const received: ReadonlySet<number> = new Set([
  Reason.success,
  Reason.noMatchingSubscribers,
  Reason.unspecified,
  Reason.implementationSpecific,
  Reason.notAuthorized,
  Reason.topicNameInvalid,
  Reason.packetIdentifierInUse,
  Reason.quotaExceeded,
  Reason.payloadFormatInvalid,
])

/** Reason codes of PUBREL and PUBCOMP (tables 3-6, 3-7). */
const released: ReadonlySet<number> = new Set([Reason.success, Reason.packetIdentifierNotFound])

/** Reads PUBACK, PUBREC, PUBREL or PUBCOMP (3.4 to 3.7) and hands it on. */
export function readAcknowledge(sink: PacketSink, version: 0 | Version, type: 4 | 5 | 6 | 7, reader: Reader): void {
  const packetId = readPacketId(reader)
  if (version !== 5) reader.finish()
  const reason = reader.atEnd ? Reason.success : reader.byte()
  if (!reader.atEnd) readProperties(reader, 1 << type)
  reader.finish()
  if (!(type < 6 ? received : released).has(reason)) violated(`reason code ${reason} in an acknowledgement`)
  sink.onAcknowledge(type, packetId, reason)
}
