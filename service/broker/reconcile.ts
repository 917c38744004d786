import { displayName } from "../access/door.ts"
import type { Policy } from "../access/policy.ts"
import { unshared } from "../access/topic.ts"
import type { User } from "../access/user.ts"
import type { Connection } from "./connection/connection.ts"
import type { Exchange } from "./connection/exchange.ts"
import { policyOf } from "./gate/authorization.ts"
import type { Session } from "./session/session.ts"
import { Reason } from "./wire/reason.ts"

/**
 * Brings every live and stored session in line with the directory as it now stands, in one turn: who may no longer be
 * here is disconnected, filters no longer covered are removed, what waits on them is dropped.
 */
export function reconcile(exchange: Exchange): void {
  for (const connection of exchange.connections.admitted()) reconcileConnection(exchange, connection)
  for (const session of exchange.sessions.all()) {
    const user = exchange.directory.users.get(session.username)
    if (user === undefined || isForeignName(exchange, session.id, user)) exchange.sessions.end(session)
    else if (!session.connected) narrow(exchange, session, exchange.directory.policy(user, session.id))
  }
}

function reconcileConnection(exchange: Exchange, connection: Connection): void {
  const before = connection.user
  if (before === undefined || connection.session === undefined) return
  const user = exchange.directory.users.get(before.username)
  const taken = user !== undefined && isForeignName(exchange, connection.id, user)
  const ended = taken ? "client identifier is another user's name now" : endReason(before, user)
  if (ended !== null || user === undefined) return connection.end(Reason.administrativeAction, ended ?? "user removed")
  connection.user = user
  const policy = policyOf(exchange.directory, user, connection.id, connection.certificate)
  if (policy === connection.policy) return
  connection.policy = policy
  narrow(exchange, connection.session, policy)
}

/** A user's name is its own as a client identifier, also where somebody else used it before there was such a user. */
function isForeignName({ directory }: Exchange, clientId: string, { username }: User): boolean {
  return clientId !== username && directory.users.has(clientId)
}

/** Why the user's live connection ends; null when it stays. A changed grant means that it came in by an old one. */
function endReason(before: User, now: User | undefined): string | null {
  if (now === undefined) return "user removed"
  if (!now.enabled) return "user disabled"
  return now.grant === before.grant ? null : "credential changed"
}

/** Takes away what the policy no longer covers: filters, and messages that wait on them. */
function narrow(exchange: Exchange, session: Session, policy: Policy): void {
  for (const full of [...session.subscriptions.keys()]) {
    if (policy.mayRead(unshared(full))) continue
    exchange.sessions.unsubscribe(session, full)
    exchange.log.info("subscription removed, no longer permitted", {
      client: displayName(session.id),
      filter: displayName(full),
    })
  }
  session.forget((topic) => !policy.mayRead(topic))
}
