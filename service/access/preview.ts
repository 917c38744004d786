import type { Draft } from "./access-document.ts"
import { rightsOf } from "./access-document.ts"
import type { ConnectedClient } from "./clients.ts"
import type { Directory } from "./directory.ts"
import { Policy } from "./policy.ts"
import { unshared } from "./topic.ts"
import type { User } from "./user.ts"

/** What a change would do to one connected client. */
export interface Effect {
  readonly clientId: string
  readonly username: string
  /** Why its connection would end; undefined when it stays. */
  readonly disconnected?: string
  /** Subscriptions that would be taken away. */
  readonly lost: readonly string[]
  /** The topic it was refused last, if the change would open it. */
  readonly opened: readonly string[]
}

/** What a change would do to the clients that are connected now; those that would notice nothing are left out. */
export function effectsOf(directory: Directory, draft: Draft, clients: readonly ConnectedClient[]): Effect[] {
  return clients.map((client) => effectOn(client, directory, draft)).filter(isFelt)
}

function effectOn(client: ConnectedClient, directory: Directory, draft: Draft): Effect {
  const { clientId, username } = client
  const before = directory.users.get(username)
  const after = draft.users.get(username)
  const reason = endReason(before, after)
  if (after === undefined || reason !== undefined) {
    return { clientId, username, disconnected: reason ?? "user removed", lost: [], opened: [] }
  }
  const rights = rightsOf(after, draft.roles)
  const policy = Policy.compile(rights, "mqtt", username, clientId, after.publishPrefix)
  const lost = client.subscriptions.map(({ filter }) => filter).filter((filter) => !policy.mayRead(unshared(filter)))
  const { lastRefusedTopic: refused } = client
  return { clientId, username, lost, opened: refused !== undefined && policy.mayWrite(refused) ? [refused] : [] }
}

function endReason(before: User | undefined, after: User | undefined): string | undefined {
  if (after === undefined) return "user removed"
  if (!after.enabled) return "user disabled"
  return before?.grant === after.grant ? undefined : "credential changed"
}

function isFelt({ disconnected, lost, opened }: Effect): boolean {
  return disconnected !== undefined || lost.length > 0 || opened.length > 0
}
