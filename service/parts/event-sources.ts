import type { Directory } from "../access/directory.ts"
import type { Door } from "../access/door.ts"
import type { Role } from "../access/role.ts"
import type { User } from "../access/user.ts"
import type { IssueEntry } from "../ca/issue-log.ts"
import type { EventHub } from "../events.ts"
import type { Health } from "../health.ts"

export interface EventSources {
  readonly directory: Directory
  readonly door: Door
  readonly health: Health
  readonly authority: { onRevoked(listener: (entry: IssueEntry) => void): () => void }
}

/** Names in one event; who imports ten thousand users is told to look at the list. */
const MOST_NAMES = 50

/** Lets the hub know of what the domain's parts tell their listeners. Answers how to stop. */
export function feed(events: EventHub, { directory, door, health, authority }: EventSources): () => void {
  let { users, roles } = directory
  const stops = [
    directory.onChange(() => {
      tell(events, "users-changed", "/users", "usernames", changed<User>(users, directory.users))
      tell(events, "roles-changed", "/roles", "roles", changed<Role>(roles, directory.roles))
      users = directory.users
      roles = directory.roles
    }),
    door.onRecord(({ cause, sentence, name, address, count }) =>
      events.publish("refused", "/refused", { cause, sentence, name, address, count }),
    ),
    health.onChange((kind, { condition, title, detail, remedy }) =>
      events.publish(kind === "raised" ? "alarm-raised" : "alarm-cleared", "/status", {
        ...{ condition, title, detail, remedy },
      }),
    ),
    authority.onRevoked(({ serial, commonName, state }) =>
      events.publish("certificate-revoked", "/certificates", { serial, commonName, state }),
    ),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

function tell(
  events: EventHub,
  kind: "users-changed" | "roles-changed",
  resource: string,
  word: "usernames" | "roles",
  names: readonly string[],
): void {
  if (names.length === 0) return
  events.publish(kind, resource, { [word]: names.slice(0, MOST_NAMES), count: names.length })
}

/** The names of what was added, removed or replaced. */
function changed<T>(before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>): string[] {
  const touched = [...after].filter(([name, value]) => before.get(name) !== value).map(([name]) => name)
  const gone = [...before.keys()].filter((name) => !after.has(name))
  return [...touched, ...gone]
}
