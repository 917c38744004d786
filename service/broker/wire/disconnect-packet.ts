import type { PacketSink, Version } from "./packet.ts"
import { readProperties } from "./properties.ts"
import { Place, Property } from "./property-table.ts"
import type { Reader } from "./read.ts"
import { Reason, violated } from "./reason.ts"

/** Reason codes of DISCONNECT that a client may send (table 3-10). */
const disconnected: ReadonlySet<number> = new Set([
  Reason.success,
  Reason.disconnectWithWill,
  Reason.unspecified,
  Reason.malformedPacket,
  Reason.protocolError,
  Reason.implementationSpecific,
  Reason.topicNameInvalid,
  Reason.receiveMaximumExceeded,
  Reason.topicAliasInvalid,
  Reason.packetTooLarge,
  Reason.messageRateTooHigh,
  Reason.quotaExceeded,
  Reason.administrativeAction,
  Reason.payloadFormatInvalid,
])

/** Reads DISCONNECT (3.14) and hands it on; before MQTT 5 it has no body. */
export function readDisconnect(sink: PacketSink, version: 0 | Version, reader: Reader): void {
  if (version !== 5) reader.finish()
  const reason = reader.atEnd ? Reason.success : reader.byte()
  const properties = reader.atEnd ? undefined : readProperties(reader, Place.disconnect)
  reader.finish()
  if (!disconnected.has(reason)) violated(`reason code ${reason} in a client's DISCONNECT`)
  sink.onDisconnect(reason, properties?.number(Property.sessionExpiryInterval))
}

/**
 * Reads AUTH (3.15) and hands it on. A client continues or starts anew, always with a method; success, and with it the
 * form without a body, is the server's to send.
 */
export function readAuth(sink: PacketSink, reader: Reader): void {
  const reason = reader.atEnd ? Reason.success : reader.byte()
  const properties = reader.atEnd ? undefined : readProperties(reader, Place.auth)
  reader.finish()
  if (reason !== Reason.continueAuthentication && reason !== Reason.reAuthenticate) {
    violated(`reason code ${reason} in a client's AUTH`)
  }
  if (properties?.authenticationMethod === undefined) violated("AUTH without an authentication method (3.15.2.2.2)")
  sink.onAuth(reason)
}
