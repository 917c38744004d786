import { displayName } from "../../access/door.ts"
import type { RefusalCause } from "../../access/refusal-cause.ts"
import { hasTooManyLevels, mayPublish, prefixedTopic } from "../gate/authorization.ts"
import { connackFrame } from "../wire/encode.ts"
import { Reason, type ReasonCode } from "../wire/reason.ts"
import type { Connection } from "./connection.ts"
import type { Newcomer } from "./newcomer.ts"

/** Bytes that no CONNACK which lets a client in is longer than. */
const LONGEST_CONNACK = 100

/** Why somebody who is known may still not come in. */
export interface Objection {
  readonly reason: ReasonCode
  readonly cause: RefusalCause
  readonly sentence: string
}

/** Null: nothing speaks against this client identifier, this will and one connection more. */
export function objectionTo(connection: Connection, newcomer: Newcomer): Objection | null {
  return (
    aboutIdentifier(connection, newcomer) ??
    aboutRoom(connection, newcomer) ??
    aboutWill(connection, newcomer) ??
    aboutSize(newcomer)
  )
}

/** A session belongs to its user, and a user's own name is reserved as a client identifier. */
function aboutIdentifier({ exchange }: Connection, { user, clientId }: Newcomer): Objection | null {
  const owner = exchange.sessions.get(clientId)?.username ?? clientId
  const foreign = owner !== user.username && (owner !== clientId || exchange.directory.users.has(clientId))
  if (!foreign) return null
  const sentence = `the client identifier ${displayName(clientId)} belongs to another user; give ${user.username} one of its own`
  return { reason: Reason.clientIdentifierNotValid, cause: "client-identifier-taken", sentence }
}

function aboutRoom({ exchange }: Connection, { user, clientId }: Newcomer): Objection | null {
  const { connections, sessions, limits, counters } = exchange
  if (connections.get(clientId) !== undefined) return null // it takes over: nothing is added
  if (connections.ofUser(user.username) >= limits.connectionsPerUser) {
    counters.limitConnectionsPerUser++
    const sentence = `${user.username} has ${limits.connectionsPerUser} connections, the most one user may have`
    return { reason: Reason.quotaExceeded, cause: "connections-per-user", sentence }
  }
  if (sessions.get(clientId) !== undefined) return null // it resumes or begins anew
  const room = sessions.room(user.username)
  if (room === "yes") return null
  if (room === "full") {
    counters.limitSessions++
    return { reason: Reason.quotaExceeded, cause: "sessions", sentence: "the gateway holds as many sessions as it may" }
  }
  counters.limitSessionsPerUser++
  const sentence = `${user.username} has as many sessions as one user may have`
  return { reason: Reason.quotaExceeded, cause: "sessions-per-user", sentence }
}

/** A will obeys the same rules as a publish; it is judged here, so that the device learns of it, and again when sent. */
function aboutWill({ exchange }: Connection, { packet, policy, user }: Newcomer): Objection | null {
  if (packet.will === undefined) return null
  const topic = prefixedTopic(policy, packet.will.topic)
  if (!mayPublish(policy, topic)) {
    const sentence = `${user.username} may not publish its will to ${displayName(topic)}; grant it or change the will`
    return { reason: Reason.notAuthorized, cause: "will-not-allowed", sentence }
  }
  if (!hasTooManyLevels(topic, exchange.limits.topicLevels)) return null
  exchange.counters.limitTopicLevels++
  const sentence = `the will of ${user.username} goes to a topic of more levels than the gateway takes`
  return { reason: Reason.topicNameInvalid, cause: "topic-levels", sentence }
}

/** The client takes packets of so few bytes that CONNACK itself is none it could be sent [MQTT-3.1.2-24]. */
function aboutSize({ packet: { version, maximumPacketSize }, terms }: Newcomer): Objection | null {
  if (maximumPacketSize === undefined || maximumPacketSize > LONGEST_CONNACK) return null
  if (connackFrame(version, false, Reason.success, terms.announced).length <= maximumPacketSize) return null
  const sentence = `the client takes packets of at most ${maximumPacketSize} bytes, fewer than CONNACK has`
  return { reason: Reason.packetTooLarge, cause: "maximum-packet-size", sentence }
}
