import { isUtf8 } from "node:buffer"
import type { PacketSink, QoS, Version } from "./packet.ts"
import { readProperties } from "./properties.ts"
import { Place, Property } from "./property-table.ts"
import { Reader } from "./read.ts"
import { malformed, ProtocolError, Reason, violated } from "./reason.ts"
import type { TopicCache } from "./topic-cache.ts"

/**
 * Reads a PUBLISH (3.3) whose variable header begins at `from` and whose payload ends at `end`, and hands it on. The
 * header byte `first` was judged before. MQTT 5 without properties, and the older versions, allocate only the payload's view.
 */
export function readPublish(
  sink: PacketSink,
  topics: TopicCache,
  version: 0 | Version,
  first: number,
  buffer: Buffer,
  from: number,
  end: number,
): void {
  const topicAt = from + 2
  let at = topicAt + ((buffer[from]! << 8) | buffer[from + 1]!)
  if (at > end) malformed("a topic name is cut short")
  const topic = topics.read(buffer, topicAt, at)
  const qos = ((first >> 1) & 3) as QoS
  let packetId = 0
  if (qos > 0) {
    if (at + 2 > end) malformed("a packet identifier is cut short")
    packetId = (buffer[at]! << 8) | buffer[at + 1]!
    if (packetId === 0) violated("packet identifier 0 [MQTT-2.2.1-3]")
    at += 2
  }
  if (version === 5 && (at >= end || buffer[at] !== 0)) {
    readWithProperties(sink, topic, first, packetId, buffer, at, end)
    return
  }
  if (version === 5) at++
  if (topic === "") emptyTopic(version)
  sink.onPublish(topic, buffer.subarray(at, end), qos, isRetained(first), isDup(first), packetId, undefined, undefined)
}

function readWithProperties(
  sink: PacketSink,
  topic: string,
  first: number,
  packetId: number,
  buffer: Buffer,
  from: number,
  end: number,
): void {
  const reader = new Reader(buffer, from, end)
  const properties = readProperties(reader, Place.publish)
  const alias = properties.number(Property.topicAlias)
  if (topic === "" && alias === undefined) emptyTopic(5)
  const payload = buffer.subarray(reader.position, end)
  if (properties.number(Property.payloadFormatIndicator) === 1 && !isUtf8(payload)) {
    throw new ProtocolError(Reason.payloadFormatInvalid, "a payload said to be UTF-8 is not (3.3.2.3.2)")
  }
  const qos = ((first >> 1) & 3) as QoS
  const message = properties.message(qos > 0 || isRetained(first))
  sink.onPublish(topic, payload, qos, isRetained(first), isDup(first), packetId, message, alias)
}

function isRetained(first: number): boolean {
  return (first & 1) !== 0
}

function isDup(first: number): boolean {
  return (first & 8) !== 0
}

/** [MQTT-4.7.3-1]; in MQTT 5 a topic alias may stand in for the name (3.3.2.1). */
function emptyTopic(version: 0 | Version): never {
  if (version === 5) violated("neither a topic name nor a topic alias")
  malformed("an empty topic name [MQTT-4.7.3-1]")
}
