import { displayName } from "../../access/door.ts"
import { unshared } from "../../access/topic.ts"
import { hasTooManyLevels } from "../gate/authorization.ts"
import type { Message } from "../message.ts"
import type { Subscription as Kept } from "../routing/subscription.ts"
import { Replay } from "../session/replay.ts"
import { subackFrame, unsubackFrame } from "../wire/encode.ts"
import { parseShare, shareProblem } from "../wire/filter.ts"
import type { Subscription } from "../wire/packet.ts"
import { Reason } from "../wire/reason.ts"
import type { Connection } from "./connection.ts"

/** Characters of a filter that the cap on subscriptions reckons with; a filter may have 65,535. */
const USUAL_LENGTH = 256

/** What the older protocols say for every failure in SUBACK. */
const FAILURE = 0x80

/** SUBSCRIBE: every filter is judged by itself; SUBACK first, then the retained messages of those granted. */
export function receiveSubscribe(
  connection: Connection,
  packetId: number,
  asked: readonly Subscription[],
  identifier: number | undefined,
): void {
  const { version5, session, exchange } = connection
  const replays: (readonly [string, Replay])[] = []
  const codes = asked.map((subscription, i) => {
    // no client can have more; who asks for them in one packet is not even judged
    const refusal =
      i < exchange.limits.subscriptionsPerClient ? subscribeRefusal(connection, subscription) : Reason.quotaExceeded
    if (refusal !== Reason.success) return version5 ? refusal : FAILURE
    const fresh = subscribe(connection, subscription, identifier)
    const replay = replayFor(connection, subscription, identifier, fresh)
    if (replay !== undefined) replays.push([subscription.filter, replay])
    return subscription.qos
  })
  const answer = () => {
    connection.answer(subackFrame(packetId, codes, version5))
    for (const [filter, replay] of replays) session?.replay(filter, replay)
  }
  if (session?.durable !== true || codes.every((code) => code > 2)) return answer()
  exchange.ledger.whenKept((failure) => {
    if (connection.closed) return
    if (failure === undefined) return connection.guarded(answer)
    for (const { filter } of asked) exchange.sessions.unsubscribe(session, filter)
    connection.answer(
      subackFrame(
        packetId,
        asked.map(() => (version5 ? Reason.quotaExceeded : FAILURE)),
        version5,
      ),
    )
  })
}

export function receiveUnsubscribe(connection: Connection, packetId: number, filters: readonly string[]): void {
  const { session, exchange, version5 } = connection
  if (session === undefined) return
  const codes = filters.map((filter) =>
    exchange.sessions.unsubscribe(session, filter) ? Reason.success : Reason.noSubscriptionExisted,
  )
  const answer = () => connection.answer(unsubackFrame(packetId, codes, version5))
  if (!session.durable) return answer()
  exchange.ledger.whenKept((failure) => {
    if (connection.closed) return
    if (failure === undefined) answer()
    else if (version5)
      connection.answer(
        unsubackFrame(
          packetId,
          codes.map(() => Reason.unspecified),
          true,
        ),
      )
    else connection.end(Reason.unspecified, "what was unsubscribed could not be kept")
  })
}

function subscribeRefusal(connection: Connection, { filter }: Subscription): number {
  const { exchange, policy, session, user } = connection
  if (policy === undefined || session === undefined || user === undefined) return Reason.notAuthorized
  const { limits, counters } = exchange
  if (shareProblem(filter) !== null) return Reason.topicFilterInvalid // only before MQTT 5: there it is malformed
  if (!policy.mayRead(unshared(filter))) {
    counters.subscriptionsRefused++
    const sentence = `no single permission of ${user.username} covers all of the filter ${displayName(filter)}`
    connection.note("subscribe-not-allowed", sentence)
    return Reason.notAuthorized
  }
  if (hasTooManyLevels(filter, limits.topicLevels)) {
    counters.limitTopicLevels++
    return Reason.quotaExceeded
  }
  if (session.subscriptions.has(filter)) return Reason.success
  const room = limits.subscriptionsPerClient
  if (session.subscriptions.size >= room || session.filterLength + filter.length > room * USUAL_LENGTH) {
    counters.limitSubscriptions++
    return Reason.quotaExceeded
  }
  return Reason.success
}

/** True when it is new; an existing one gets the new options in place [MQTT-3.8.4-3]. */
function subscribe(connection: Connection, asked: Subscription, identifier: number | undefined): boolean {
  const { session, exchange } = connection
  if (session === undefined) return false
  const known = session.subscriptions.get(asked.filter)
  if (known !== undefined) {
    known.qos = asked.qos
    known.noLocal = asked.noLocal
    known.retainAsPublished = asked.retainAsPublished
    known.identifier = identifier
    exchange.sessions.resubscribe(known)
    return false
  }
  const share = parseShare(asked.filter)
  const kept: Kept = {
    session,
    full: asked.filter,
    filter: share?.filter ?? asked.filter,
    group: share?.group,
    qos: asked.qos,
    noLocal: asked.noLocal,
    retainAsPublished: asked.retainAsPublished,
    identifier,
  }
  exchange.sessions.subscribe(kept)
  return true
}

/** Retain Handling 0 always, 1 only for a new subscription, 2 never; none for shared ones (3.8.3.1, 4.8.2). */
function replayFor(
  connection: Connection,
  asked: Subscription,
  identifier: number | undefined,
  fresh: boolean,
): Replay | undefined {
  if (asked.retainHandling === 2 || (asked.retainHandling === 1 && !fresh) || parseShare(asked.filter) !== null)
    return undefined
  const { retained, time } = connection.exchange
  const own = asked.noLocal ? connection.id : undefined
  const { changes } = retained
  const isOwed = (message: Message) =>
    message.publisher !== own &&
    retained.hasSince(message, changes) &&
    (message.expiresAt === undefined || !message.isExpired(time.now()))
  return new Replay(retained.walk(asked.filter), asked.qos, identifier, isOwed)
}
