import { displayName } from "../../access/door.ts"
import type { RefusalCause } from "../../access/refusal-cause.ts"
import { hasTooManyLevels, mayPublish, prefixedTopic } from "../gate/authorization.ts"
import { Message } from "../message.ts"
import type { Session } from "../session/session.ts"
import type { MessageProperties, QoS } from "../wire/packet.ts"
import { ProtocolError, Reason } from "../wire/reason.ts"
import type { Connection } from "./connection.ts"
import type { Exchange } from "./exchange.ts"
import { isRenewal, receiveRenewal } from "./renewal.ts"

const PUBACK = 4
const PUBREC = 5
const NOT_KEPT = "a message could not be kept"

/** PUBLISH from a client: alias, QoS 2 bookkeeping, judgement, then aedes' pipeline, whose end is the acknowledgement. */
export function receivePublish(
  connection: Connection,
  sentTopic: string,
  payload: Buffer,
  qos: QoS,
  retain: boolean,
  packetId: number,
  properties: MessageProperties | undefined,
  alias: number | undefined,
): void {
  const { exchange, policy, session } = connection
  if (policy === undefined || session === undefined) return
  const aliased = alias === undefined ? sentTopic : (connection.incomingAliases?.resolve(sentTopic, alias) ?? sentTopic)
  exchange.counters.messagesIn++
  if (qos === 2 && !openQos2(connection, packetId)) return
  if (isRenewal(connection, aliased)) {
    receiveRenewal(connection, payload)
    return qos === 0 ? undefined : acknowledge(connection, qos, packetId, Reason.success)
  }
  const topic = prefixedTopic(policy, aliased)
  const refusal = mayPublish(policy, topic)
    ? refusedByLimits(connection, topic, payload, retain, qos)
    : Reason.notAuthorized
  if (refusal !== Reason.success) return refusePublish(connection, topic, qos, packetId, refusal)
  const expiry = properties?.messageExpiryInterval
  const expiresAt = expiry === undefined ? undefined : exchange.time.now() + expiry * 1000
  const message = new Message(topic, payload, qos, retain, connection.id, properties, expiresAt)
  if (qos === 2) publishExactlyOnce(connection, session, message, packetId)
  else if (session.succession.isBusy(topic)) publishInTurn(connection, session, message, packetId)
  else if (qos === 0) exchange.core.publish(message, connection, ignore)
  else publishOnce(connection, message, packetId)
}

/** QoS 0 and 1 behind a QoS 2 message of the same topic that is on its way to the disk: it must not be overtaken. */
function publishInTurn(connection: Connection, { succession }: Session, message: Message, packetId: number): void {
  const answer = connection.answers.await(message.qos === 0 ? 0 : PUBACK, packetId, message.own().size)
  succession.follow(message.topic, () =>
    connection.exchange.core.publish(message, connection, (error) => {
      const { receipt } = message
      const reason = reasonFor(connection, message)
      if (error || receipt === undefined) answerTo(connection, 1, packetId, error, answer, reason)
      else receipt.whenOver((failure) => answerTo(connection, 1, packetId, failure, answer, reason))
    }),
  )
}

/** QoS 1: handed to everyone in this turn; acknowledged as soon as nobody needs it from the disk any more. */
function publishOnce(connection: Connection, message: Message, packetId: number): void {
  connection.exchange.core.publish(message, connection, (error) => {
    const { receipt } = message
    if (error) return failPublish(connection, 1, packetId)
    const reason = reasonFor(connection, message)
    if (receipt === undefined || receipt.isOver) return acknowledge(connection, 1, packetId, reason)
    const answer = connection.answers.await(PUBACK, packetId, message.size)
    receipt.whenOver((failure) => answerTo(connection, 1, packetId, failure, answer, reason))
  })
}

/** The message was taken; MQTT 5 is told where nobody has subscribed to it (3.4.2.1). */
function reasonFor({ version5, exchange }: Connection, { topic }: Message): number {
  if (!version5) return Reason.success
  const { targets, groups } = exchange.tree.match(topic)
  return targets.length > 0 || groups.length > 0 ? Reason.success : Reason.noMatchingSubscribers
}

/**
 * QoS 2: on the disk before anyone gets it, where a session that outlives its connection has to do with it: the
 * publisher's, which must know the packet identifier again after a crash, or one that is to receive it.
 */
function publishExactlyOnce(connection: Connection, session: Session, message: Message, packetId: number): void {
  const { ledger, core } = connection.exchange
  if (session.durable) ledger.receive(session, packetId, message)
  else if (connection.answers.areAwaited) ledger.follow(message) // must not overtake [MQTT-4.6.0-6]
  let answer: ((reason: number) => void) | undefined
  let passOn: (() => void) | undefined
  let isOver = false
  core.publish(message, connection, (error) => {
    isOver = true
    passOn?.()
    const failure = error ?? message.receipt?.failure
    if (answer !== undefined) answerTo(connection, 2, packetId, failure, answer)
    else if (failure) failPublish(connection, 2, packetId)
    else acknowledge(connection, 2, packetId, Reason.success)
  })
  if (isOver) return
  answer = connection.answers.await(PUBREC, packetId, message.size)
  passOn = session.succession.begin(message.topic)
}

function answerTo(
  connection: Connection,
  qos: QoS,
  packetId: number,
  failure: unknown,
  answer: (reason: number) => void,
  otherwise: number = Reason.success,
): void {
  if (!failure) return answer(otherwise)
  if (qos === 2) connection.session?.incoming.delete(packetId)
  if (connection.version5) answer(Reason.quotaExceeded)
  else connection.end(Reason.unspecified, NOT_KEPT)
}

/** False when this QoS 2 message was received before and needs only its PUBREC again [MQTT-4.3.3-10]. */
function openQos2(connection: Connection, packetId: number): boolean {
  const { session, exchange, version5 } = connection
  if (session === undefined) return false
  if (session.incoming.has(packetId)) {
    connection.answers.add(PUBREC, packetId, Reason.success) // behind the first one's, which may wait for the disk
    return false
  }
  const most = version5 ? exchange.limits.inflightIncoming : exchange.limits.incomingQos2
  if (session.incoming.size >= most) {
    throw new ProtocolError(Reason.receiveMaximumExceeded, "more QoS 2 messages unreleased than allowed") // [MQTT-3.3.4-7]
  }
  session.incoming.add(packetId)
  return true
}

function refusedByLimits(
  { exchange, version5 }: Connection,
  topic: string,
  payload: Buffer,
  retain: boolean,
  qos: QoS,
): number {
  const size = topic.length + payload.length
  if (qos > 0 && version5 && exchange.sessions.mayLackRoomFor(size) && isUnwanted(exchange, topic, size)) {
    exchange.counters.limitQueued++
    return Reason.quotaExceeded
  }
  if (hasTooManyLevels(topic, exchange.limits.topicLevels)) {
    exchange.counters.limitTopicLevels++
    return Reason.topicNameInvalid
  }
  if (!retain || mayRetain(exchange, topic, payload)) return Reason.success
  return Reason.quotaExceeded
}

/** Every session it would wait for is full, and nobody else gets it: better its publisher knows than that an older one is dropped. */
function isUnwanted({ tree }: Exchange, topic: string, size: number): boolean {
  const { targets, groups, durable } = tree.match(topic)
  return (
    groups.length === 0 &&
    durable.length > 0 &&
    durable.length === targets.length &&
    durable.every(({ session }) => session.queue.isFull(size))
  )
}

/** Whether the retained store has room for this message; counted where it has not. */
export function mayRetain({ retained, limits, counters }: Exchange, topic: string, payload: Buffer): boolean {
  if (payload.length === 0) return true // takes one away
  const replaced = retained.get(topic)
  const fits =
    payload.length <= limits.retainedPayloadBytes &&
    (replaced !== undefined || retained.count < limits.retainedMessages) &&
    retained.bytes - (replaced?.size ?? 0) + payload.length + topic.length <= limits.retainedBytes
  if (!fits) counters.limitRetained++
  return fits
}

/**
 * The message reaches nobody. MQTT 5 is told so on QoS 1 and 2; earlier versions have no word for it and get the
 * acknowledgement the protocol demands. Either way it is counted and shown.
 */
function refusePublish(connection: Connection, topic: string, qos: QoS, packetId: number, reason: number): void {
  const { exchange, user, session } = connection
  connection.refusedPublishes++
  connection.lastRefusedTopic = topic
  exchange.counters.publishesRefused++
  const { cause, sentence } = causeOf(reason, user?.username ?? "", displayName(topic))
  connection.note(cause, sentence)
  if (qos === 0) return
  if (qos === 2 && connection.version5) session?.incoming.delete(packetId) // a PUBREC that refuses ends the exchange
  acknowledge(connection, qos, packetId, reason)
}

function causeOf(reason: number, name: string, topic: string): { cause: RefusalCause; sentence: string } {
  switch (reason) {
    case Reason.notAuthorized:
      return { cause: "publish-not-allowed", sentence: `${name} has no permission to publish to ${topic}` }
    case Reason.topicNameInvalid:
      return { cause: "topic-levels", sentence: `${topic} has more levels than the gateway takes; see the limits` }
    default:
      return { cause: "quota", sentence: `no room to keep ${topic}, retained or for a session; see the limits` }
  }
}

/** The message was not kept where it must be. Nothing may say that it was, and before MQTT 5 only a close says that it was not. */
function failPublish(connection: Connection, qos: QoS, packetId: number): void {
  if (qos === 2) connection.session?.incoming.delete(packetId)
  if (connection.version5) acknowledge(connection, qos, packetId, Reason.quotaExceeded)
  else connection.end(Reason.unspecified, NOT_KEPT)
}

function acknowledge(connection: Connection, qos: QoS, packetId: number, reason: number): void {
  connection.answers.add(qos === 1 ? PUBACK : PUBREC, packetId, reason)
}

function ignore(): void {}
