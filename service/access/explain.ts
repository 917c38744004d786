import type { Directory } from "./directory.ts"
import { inWords, type Operation, type Permission, speaksOf, substituted } from "./permission.ts"
import { renewalRights } from "./renewal-rights.ts"
import { covers, isTopicFilter, isTopicName, unshared } from "./topic.ts"

export interface Question {
  readonly username: string
  readonly operation: Operation
  /** The topic name to publish to, or the topic filter to subscribe to, as the client would send it. */
  readonly topic: string
  /** Needed where a permission speaks of `%c`. */
  readonly clientId?: string | undefined
}

export interface Explanation {
  readonly allowed: boolean
  /** One sentence: the permission that allows, or what is missing. */
  readonly because: string
  /** What was judged: the topic with the publish prefix, or the filter without its share group. */
  readonly judged: string
  readonly permission?: Permission | undefined
  /** The role the permission comes from; undefined when it is the user's own. */
  readonly role?: string | undefined
}

/** May this user do this, and why? The same rules as the broker, walked one permission at a time. */
export function explain(directory: Directory, question: Question): Explanation {
  const { username, operation } = question
  const user = directory.users.get(username)
  const judged = judgedTopic(question, user?.publishPrefix)
  const no = (because: string): Explanation => ({ allowed: false, because, judged })
  if (user === undefined) return no(`there is no user ${username}`)
  if (!user.enabled) return no(`user ${username} is disabled`)
  if (!isWellFormed(question, judged)) return no(malformed(question))
  const renewal = renewalRights(user).find((right) => allows(right, question, judged))
  if (renewal !== undefined) {
    return { allowed: true, because: "every device may renew its own certificate", judged, permission: renewal }
  }
  if (operation === "write" && isReserved(judged))
    return no(`${judged} belongs to the gateway; no client may publish there`)

  const sources = [
    ...user.roles.map((role) => ({ role, permissions: directory.roles.get(role)?.permissions ?? [] })),
    { role: undefined, permissions: user.permissions },
  ]
  for (const { role, permissions } of sources) {
    const permission = permissions.find((candidate) => allows(candidate, question, judged))
    if (permission === undefined) continue
    const source = role === undefined ? "the user's own permission" : `the role ${role} with`
    return { allowed: true, because: `allowed by ${source} "${inWords(permission)}"`, judged, permission, role }
  }
  const verb = operation === "write" ? "publish to" : "subscribe to all of"
  return no(`no permission of ${username} or its roles lets it ${verb} ${judged}`)
}

/**
 * `$SYS` and `$gatehouse` are the gateway's own voice and `$share` is no topic; no permission opens them for publishing.
 * A device's request for its next certificate is no publish: it goes to the gateway and to nobody else.
 */
export function isReserved(topic: string): boolean {
  return ["$SYS", "$gatehouse", "$share"].some((name) => topic === name || topic.startsWith(`${name}/`))
}

function judgedTopic({ operation, topic }: Question, prefix: string | undefined): string {
  if (operation === "read") return unshared(topic)
  return prefix === undefined || topic.startsWith("$gatehouse/") ? topic : `${prefix}/${topic}`
}

function allows(permission: Permission, { operation, username, clientId }: Question, judged: string): boolean {
  if (!speaksOf(permission, "mqtt", operation)) return false
  const filter = substituted(permission.resource, username, clientId)
  return filter !== null && covers(filter, judged)
}

/** What the client sends has to be well-formed, and also what its prefix makes of it. */
function isWellFormed({ operation, topic }: Question, judged: string): boolean {
  if (operation === "write") return isTopicName(topic) && isTopicName(judged)
  return isTopicFilter(judged) && !judged.startsWith("$share/")
}

function malformed({ topic, operation }: Question): string {
  return `"${topic}" is not a well-formed topic ${operation === "write" ? "name" : "filter"}`
}
