import type { Limits } from "../../limits.ts"
import type { ConnackProperties } from "../wire/encode.ts"
import type { Connect } from "../wire/packet.ts"

/** What holds on this connection of what the client asked for, and what CONNACK says of it. */
export interface Terms {
  /** Seconds. */
  readonly sessionExpiry: number
  /** Seconds. */
  readonly keepAlive: number
  /** MQTT 5 only. */
  readonly announced: ConnackProperties | undefined
}

export function termsOf(limits: Limits, packet: Connect, clientId: string): Terms {
  const sessionExpiry = grantedExpiry(packet, limits.sessionExpirySeconds)
  const keepAlive = keepAliveOf(packet, limits.keepAliveSeconds)
  if (packet.version !== 5) return { sessionExpiry, keepAlive, announced: undefined }
  const announced = {
    ...(sessionExpiry === (packet.sessionExpiry ?? 0) ? {} : { sessionExpiry }),
    receiveMaximum: limits.inflightIncoming,
    maximumPacketSize: limits.packetBytes,
    ...(packet.clientId === "" ? { assignedClientId: clientId } : {}),
    ...(limits.topicAliases === 0 ? {} : { topicAliasMaximum: limits.topicAliases }),
    ...(keepAlive === packet.keepAlive ? {} : { serverKeepAlive: keepAlive }),
  }
  return { sessionExpiry, keepAlive, announced }
}

/** Seconds. Before MQTT 5, clean session 0 means: as long as we keep any. */
function grantedExpiry(packet: Connect, longest: number): number {
  const asked = packet.version === 5 ? (packet.sessionExpiry ?? 0) : packet.clean ? 0 : longest
  return Math.min(asked, longest)
}

/** Seconds; MQTT 5 clients may be given a shorter one than they asked for [MQTT-3.2.2-21]. */
function keepAliveOf(packet: Connect, longest: number): number {
  if (packet.version !== 5 || longest === 0) return packet.keepAlive
  return packet.keepAlive === 0 ? longest : Math.min(packet.keepAlive, longest)
}
