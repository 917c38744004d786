import { randomBytes } from "node:crypto"
import { displayName } from "../../access/door.ts"
import type { Policy } from "../../access/policy.ts"
import type { RefusalCause } from "../../access/refusal-cause.ts"
import type { User } from "../../access/user.ts"
import type { Limits } from "../../limits.ts"
import type { Admitted, TurnedAway } from "../gate/admission.ts"
import { hasTooManyLevels, mayPublish, policyOf, prefixedTopic } from "../gate/authorization.ts"
import { type ConnackProperties, connackFrame } from "../wire/encode.ts"
import type { Connect } from "../wire/packet.ts"
import { Reason, type ReasonCode } from "../wire/reason.ts"
import { IncomingAliases, OutgoingAliases } from "./aliases.ts"
import type { Connection } from "./connection.ts"
import { refuse } from "./refusal.ts"

/** Bytes that no CONNACK which lets a client in is longer than. */
const LONGEST_CONNACK = 100

/** CONNECT, step by step: who is it, may it have this client identifier and this will, then CONNACK. */
export function receiveConnect(connection: Connection, packet: Connect): void {
  connection.pauseReading()
  connection.exchange.lane.enter(connection.origin.address, () => {
    if (!connection.closed) connection.guarded(() => judge(connection, packet))
  })
}

function judge(connection: Connection, packet: Connect): void {
  connection.sender.maximumPacketSize = packet.maximumPacketSize ?? Number.POSITIVE_INFINITY
  if (packet.authenticationMethod !== undefined) {
    const sentence = "the client asked for enhanced authentication, which is not offered"
    return refuse(connection, Reason.badAuthenticationMethod, "enhanced-authentication", sentence, "", sentence)
  }
  const admission = connection.exchange.admission.admit(packet, connection.origin)
  if (!(admission instanceof Promise)) return decide(connection, packet, admission)
  admission.then(
    (outcome) => connection.guarded(() => decide(connection, packet, outcome)),
    (error) => connection.fail(error),
  )
}

function decide(connection: Connection, packet: Connect, admission: Admitted | TurnedAway): void {
  if (connection.closed) return // it left while its password was checked
  if (!admission.ok) {
    if (admission.cause === "unknown-user") rememberStranger(connection, packet, admission)
    const told = admission.reason === Reason.badUserNameOrPassword ? undefined : admission.sentence
    return refuse(connection, admission.reason, admission.cause, admission.sentence, admission.name, told)
  }
  const { user, certificate } = admission
  if (certificate?.renewalOnly === true) return decideRenewal(connection, packet, admission)
  const clientId = packet.clientId === "" ? `auto-${randomBytes(10).toString("hex")}` : packet.clientId
  const policy = policyOf(connection.exchange.directory, user, clientId, certificate)
  const terms = termsOf(connection.exchange.limits, packet, clientId)
  const refusal =
    identifierRefusal(connection, user, clientId) ??
    capRefusal(connection, user, clientId) ??
    willRefusal(connection, packet, policy, user) ??
    sizeRefusal(packet, terms)
  if (refusal !== null) {
    return refuse(connection, refusal.reason, refusal.cause, refusal.sentence, user.username, refusal.sentence)
  }
  accept(connection, packet, admission, clientId, policy, terms)
}

/** Plain listeners never register anyone. */
function rememberStranger({ exchange, origin }: Connection, packet: Connect, { certificate }: TurnedAway): void {
  if (origin.listener === "mqtt" || origin.listener === "ws") return
  const { address } = origin
  if (certificate !== undefined) {
    const { commonName: name, issuer, fingerprint, spkiHash } = certificate
    exchange.onStranger({ method: "certificate", name, address, issuer, fingerprint, spkiHash })
  } else if (packet.username !== undefined && packet.password !== undefined) {
    exchange.onStranger({ method: "password", name: packet.username, address, password: Buffer.from(packet.password) })
  }
}

/**
 * An expired certificate within its grace lets a device in to renew it. It neither takes over nor reads its session, which
 * waits for the new certificate, and leaves no will.
 */
function decideRenewal(connection: Connection, asked: Connect, admission: Admitted): void {
  const { user, certificate } = admission
  const clientId = `renewal-${randomBytes(10).toString("hex")}`
  const packet = { ...asked, clean: true, sessionExpiry: 0, will: undefined }
  const policy = policyOf(connection.exchange.directory, user, clientId, certificate)
  const terms = termsOf(connection.exchange.limits, packet, clientId)
  const refusal = capRefusal(connection, user, clientId) ?? sizeRefusal(packet, terms)
  if (refusal !== null) {
    return refuse(connection, refusal.reason, refusal.cause, refusal.sentence, user.username, refusal.sentence)
  }
  accept(connection, packet, admission, clientId, policy, terms)
  const sentence = `the certificate of ${user.username} has expired; it was let in to renew it, and for nothing else`
  connection.note("certificate-expired", sentence)
}

interface Refusal {
  readonly reason: ReasonCode
  readonly cause: RefusalCause
  readonly sentence: string
}

/** A session belongs to its user, and a user's own name is reserved as a client identifier. */
function identifierRefusal({ exchange }: Connection, user: User, clientId: string): Refusal | null {
  const owner = exchange.sessions.get(clientId)?.username ?? clientId
  const foreign = owner !== user.username && (owner !== clientId || exchange.directory.users.has(clientId))
  if (!foreign) return null
  const sentence = `the client identifier ${displayName(clientId)} belongs to another user; give ${user.username} one of its own`
  return { reason: Reason.clientIdentifierNotValid, cause: "client-identifier-taken", sentence }
}

function capRefusal({ exchange }: Connection, user: User, clientId: string): Refusal | null {
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
  if (room === "squatted") counters.limitSessionsPerUser++
  else counters.limitSessions++
  const sentence =
    room === "squatted"
      ? `${user.username} has as many sessions as one user may have`
      : "the gateway holds as many sessions as it may"
  return { reason: Reason.quotaExceeded, cause: room === "squatted" ? "sessions-per-user" : "sessions", sentence }
}

/** A will obeys the same rules as a publish; it is judged here, so that the device learns of it, and again when sent. */
function willRefusal({ exchange }: Connection, { will }: Connect, policy: Policy, user: User): Refusal | null {
  if (will === undefined) return null
  const topic = prefixedTopic(policy, will.topic)
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
function sizeRefusal({ version, maximumPacketSize }: Connect, { announced }: Terms): Refusal | null {
  if (maximumPacketSize === undefined || maximumPacketSize > LONGEST_CONNACK) return null
  if (connackFrame(version, false, Reason.success, announced).length <= maximumPacketSize) return null
  const sentence = `the client takes packets of at most ${maximumPacketSize} bytes, fewer than CONNACK has`
  return { reason: Reason.packetTooLarge, cause: "maximum-packet-size", sentence }
}

function accept(
  connection: Connection,
  packet: Connect,
  admitted: Admitted,
  clientId: string,
  policy: Policy,
  terms: Terms,
): void {
  const { exchange } = connection
  const { limits, connections, sessions, counters, log } = exchange
  const { user, certificate } = admitted
  const { sessionExpiry, keepAlive } = terms
  const before = connections.get(clientId)
  if (before !== undefined) {
    counters.sessionsTakenOver++
    before.end(Reason.sessionTakenOver, "session taken over") // [MQTT-3.1.4-3]
  }
  connection.id = clientId
  connection.user = user
  connection.policy = policy
  connection.certificate = certificate
  connection.will = packet.will
  connection.connectedAt = exchange.clock.now()
  connection.sessionExpiry = sessionExpiry
  connection.window = Math.min(packet.receiveMaximum, limits.inflightOutgoing)
  connection.sender.version5 = packet.version === 5
  connection.pulse.keepAlive = keepAlive
  if (packet.version === 5) offerAliases(connection, packet.topicAliasMaximum)
  raiseIfCloned(connection)

  const mayRead = (topic: string) => connection.policy?.mayRead(topic) ?? false
  const discarded = packet.clean && sessions.get(clientId)?.recorded === true
  const attached = sessions.attach(
    connection,
    clientId,
    user.username,
    packet.clean,
    sessionExpiry,
    packet.will,
    mayRead,
  )
  connection.session = attached.session
  connections.join(connection, user.username)
  exchange.core.register(connection)
  exchange.onAdmitted(user.username, connection.origin.address, certificate)
  counters.connectionsAccepted++
  log.info("client connected", {
    client: displayName(clientId),
    user: user.username,
    listener: connection.origin.listener,
    address: connection.origin.address,
  })

  const answer = () => {
    if (connection.closed) return
    connection.establish()
    connection.send(connackFrame(packet.version, attached.present, Reason.success, terms.announced))
    if (attached.present) attached.session.resume()
    connection.resumeReading()
  }
  if (!discarded && packet.will === undefined) return answer()
  // the will is accepted with CONNACK, and what was discarded is gone: both must be true after a power cut
  connection.pauseReading()
  exchange.ledger.whenKept(() => connection.guarded(answer))
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

function offerAliases(connection: Connection, clientMaximum: number): void {
  const { topicAliases } = connection.exchange.limits
  connection.incomingAliases = new IncomingAliases(topicAliases)
  const outgoing = Math.min(clientMaximum, topicAliases)
  if (outgoing > 0) connection.sender.aliases = new OutgoingAliases(outgoing)
}

/** What holds on this connection of what the client asked for, and what CONNACK says of it. */
interface Terms {
  /** Seconds. */
  readonly sessionExpiry: number
  /** Seconds. */
  readonly keepAlive: number
  /** MQTT 5 only. */
  readonly announced: ConnackProperties | undefined
}

function termsOf(limits: Limits, packet: Connect, clientId: string): Terms {
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

/** One certificate in two places at once means that its key was copied. */
function raiseIfCloned(connection: Connection): void {
  const { connections, health, log } = connection.exchange
  const twin = connections.twinOf(connection)
  if (twin === undefined) return
  const detail = `${connection.user?.username} is connected as ${displayName(twin.id)} from ${twin.origin.address} and as ${displayName(connection.id)} from ${connection.origin.address}`
  health.raise("certificate-cloned", detail)
  log.warn("certificate in use twice", {
    user: connection.user?.username,
    client: displayName(connection.id),
    other: displayName(twin.id),
  })
}
