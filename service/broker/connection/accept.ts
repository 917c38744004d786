import { displayName } from "../../access/door.ts"
import { connackFrame } from "../wire/encode.ts"
import { Reason } from "../wire/reason.ts"
import { IncomingAliases, OutgoingAliases } from "./aliases.ts"
import type { Connection } from "./connection.ts"
import type { Newcomer } from "./newcomer.ts"

/** Lets somebody in: ends who was here by that name, hands over the session, and answers with CONNACK. */
export function accept(connection: Connection, newcomer: Newcomer): void {
  const { exchange } = connection
  const { packet, user, clientId } = newcomer
  takeOver(connection, clientId)
  furnish(connection, newcomer)
  raiseIfCloned(connection)
  const discarded = packet.clean && exchange.sessions.get(clientId)?.recorded === true
  const present = attach(connection, newcomer)
  exchange.connections.join(connection, user.username)
  exchange.core.register(connection)
  exchange.onAdmitted(user.username, connection.origin.address, newcomer.certificate)
  exchange.counters.connectionsAccepted++
  tell(connection)
  if (!discarded && packet.will === undefined) return answer(connection, newcomer, present)
  // the will is accepted with CONNACK, and what was discarded is gone: both must be true after a power cut
  connection.pauseReading()
  exchange.ledger.whenKept(() => connection.guarded(() => answer(connection, newcomer, present)))
}

/** [MQTT-3.1.4-3] */
function takeOver({ exchange }: Connection, clientId: string): void {
  const before = exchange.connections.get(clientId)
  if (before === undefined) return
  exchange.counters.sessionsTakenOver++
  before.end(Reason.sessionTakenOver, "session taken over")
}

/** What the connection is from now on. */
function furnish(connection: Connection, { packet, user, certificate, clientId, policy, terms }: Newcomer): void {
  const { limits, clock } = connection.exchange
  connection.id = clientId
  connection.user = user
  connection.policy = policy
  connection.certificate = certificate
  connection.will = packet.will
  connection.connectedAt = clock.now()
  connection.sessionExpiry = terms.sessionExpiry
  connection.window = Math.min(packet.receiveMaximum, limits.inflightOutgoing)
  connection.sender.version5 = packet.version === 5
  connection.pulse.keepAlive = terms.keepAlive
  if (packet.version !== 5) return
  connection.incomingAliases = new IncomingAliases(limits.topicAliases)
  const outgoing = Math.min(packet.topicAliasMaximum, limits.topicAliases)
  if (outgoing > 0) connection.sender.aliases = new OutgoingAliases(outgoing)
}

/** Whether an earlier session is resumed. */
function attach(connection: Connection, { packet, user, clientId, terms }: Newcomer): boolean {
  const mayRead = (topic: string) => connection.policy?.mayRead(topic) ?? false
  const { sessions } = connection.exchange
  const { clean, will } = packet
  const attached = sessions.attach(connection, clientId, user.username, clean, terms.sessionExpiry, will, mayRead)
  connection.session = attached.session
  return attached.present
}

function answer(connection: Connection, { packet, terms }: Newcomer, present: boolean): void {
  if (connection.closed) return
  connection.establish()
  connection.send(connackFrame(packet.version, present, Reason.success, terms.announced))
  if (present) connection.session?.resume()
  connection.resumeReading()
}

function tell({ id, user, origin, exchange }: Connection): void {
  const { listener, address } = origin
  exchange.log.info("client connected", { client: displayName(id), user: user?.username, listener, address })
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
