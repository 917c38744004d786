import { displayName } from "../access/door.ts"
import type { Exchange } from "./connection/exchange.ts"
import { mayRetain } from "./connection/publish.ts"
import { mayPublish, prefixedTopic } from "./gate/authorization.ts"
import { Message } from "./message.ts"
import type { Session } from "./session/session.ts"
import type { Will } from "./wire/packet.ts"

/** Sends the will of a session. It is judged at this moment, by what its user may do now. */
export function publishWill(exchange: Exchange, session: Session, will: Will): void {
  const { directory, core, time, log, counters } = exchange
  const user = directory.users.get(session.username)
  const policy = user?.enabled ? directory.policy(user, session.id) : undefined
  const topic = policy === undefined ? will.topic : prefixedTopic(policy, will.topic)
  if (policy === undefined || !mayPublish(policy, topic)) {
    counters.willsRefused++
    log.info("will not sent, no longer permitted", { client: displayName(session.id), topic: displayName(topic) })
    return
  }
  const { payload, qos, properties } = will
  const retain = will.retain && mayRetain(exchange, topic, payload)
  if (retain !== will.retain) log.info("will sent but not retained, no room", { client: displayName(session.id) })
  const expiry = properties?.messageExpiryInterval
  const expiresAt = expiry === undefined ? undefined : time.now() + expiry * 1000
  core.publish(new Message(topic, payload, qos, retain, session.id, properties, expiresAt, true), null, () => {})
}
