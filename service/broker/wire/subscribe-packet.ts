import { filterProblem, parseShare, shareProblem } from "./filter.ts"
import type { PacketSink, QoS, Subscription, Version } from "./packet.ts"
import { readProperties } from "./properties.ts"
import { Place, Property } from "./property-table.ts"
import type { Reader } from "./read.ts"
import { malformed, violated } from "./reason.ts"

/**
 * Reads SUBSCRIBE (3.8) and hands it on.
 *
 * An ill-formed topic filter closes the connection as a malformed packet (4.13.1): a SUBACK with 0x8f is for filters
 * that are "correctly formed, but not allowed" (table 3-8), which is not the decoder's to say.
 */
export function readSubscribe(sink: PacketSink, version: 0 | Version, reader: Reader): void {
  const packetId = readPacketId(reader)
  const identifier = version === 5 ? readSubscriptionIdentifier(reader) : undefined
  if (reader.atEnd) violated("SUBSCRIBE without a topic filter [MQTT-3.8.3-2]")
  const subscriptions: Subscription[] = []
  while (!reader.atEnd) subscriptions.push(readSubscription(reader, version))
  sink.onSubscribe(packetId, subscriptions, identifier)
}

/** Reads UNSUBSCRIBE (3.10) and hands it on. */
export function readUnsubscribe(sink: PacketSink, version: 0 | Version, reader: Reader): void {
  const packetId = readPacketId(reader)
  if (version === 5) readProperties(reader, Place.unsubscribe)
  if (reader.atEnd) violated("UNSUBSCRIBE without a topic filter [MQTT-3.10.3-2]")
  const filters: string[] = []
  while (!reader.atEnd) filters.push(readFilter(reader, version))
  sink.onUnsubscribe(packetId, filters)
}

/** Never 0 [MQTT-2.2.1-3]. */
export function readPacketId(reader: Reader): number {
  const packetId = reader.uint16()
  if (packetId === 0) violated("packet identifier 0 [MQTT-2.2.1-3]")
  return packetId
}

function readSubscriptionIdentifier(reader: Reader): number | undefined {
  return readProperties(reader, Place.subscribe).number(Property.subscriptionIdentifier)
}

function readSubscription(reader: Reader, version: 0 | Version): Subscription {
  const filter = readFilter(reader, version)
  const options = reader.byte()
  const reserved = version === 5 ? 0xc0 : 0xfc
  if ((options & reserved) !== 0) malformed("reserved subscription options are set [MQTT-3.8.3-5]")
  if ((options & 3) === 3) violated("a subscription asks for QoS 3 (3.8.3.1)")
  const retainHandling = (options >> 4) & 3
  if (retainHandling === 3) violated("retain handling 3 (3.8.3.1)")
  const noLocal = (options & 4) !== 0
  if (noLocal && parseShare(filter) !== null) violated("no local on a shared subscription [MQTT-3.8.3-4]")
  return {
    filter,
    qos: (options & 3) as QoS,
    noLocal,
    retainAsPublished: (options & 8) !== 0,
    retainHandling: retainHandling as 0 | 1 | 2,
  }
}

/** Before MQTT 5 `$share/…` is a filter like any other: one that makes no shared subscription is well-formed there. */
function readFilter(reader: Reader, version: 0 | Version): string {
  const filter = reader.name()
  const problem = (version === 5 ? shareProblem(filter) : null) ?? filterProblem(filter)
  if (problem !== null) malformed(problem)
  return filter
}
