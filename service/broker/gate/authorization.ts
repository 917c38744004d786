import type { Directory } from "../../access/directory.ts"
import { isReserved } from "../../access/explain.ts"
import { Policy } from "../../access/policy.ts"
import { renewalRights } from "../../access/renewal-rights.ts"
import type { User } from "../../access/user.ts"

/** Renewal requests and the like: never prefixed, so that a device needs no knowledge of its prefix. */
const GATEWAY_TOPICS = "$gatehouse/"

/**
 * What a user may do on a connection. Whoever came in with an expired certificate may ask for the next one, whatever else
 * it may otherwise.
 */
export function policyOf(
  directory: Directory,
  user: User,
  clientId: string,
  certificate: { readonly renewalOnly?: true } | undefined,
): Policy {
  if (certificate?.renewalOnly !== true) return directory.policy(user, clientId)
  return Policy.compile(renewalRights(user), "mqtt", user.username, undefined, undefined)
}

/** The topic a publish is judged and sent as: with the user's prefix before it. */
export function prefixedTopic(policy: Policy, topic: string): string {
  return policy.prefix === "" || topic.startsWith(GATEWAY_TOPICS) ? topic : policy.prefix + topic
}

/** May a client publish to this topic, prefix included? The broker's own topics are closed whatever a permission says. */
export function mayPublish(policy: Policy, topic: string): boolean {
  return policy.mayWrite(topic) && !(topic.charCodeAt(0) === DOLLAR && isReserved(topic)) && fits(topic)
}

/** Whether a topic name or filter has more levels than `most`. */
export function hasTooManyLevels(topic: string, most: number): boolean {
  if (topic.length < most) return false // not even if all of it were slashes
  let levels = 1
  for (let i = 0; i < topic.length; i++) if (topic.charCodeAt(i) === SLASH) levels++
  return levels > most
}

/** With its prefix a topic name may have become longer than any packet can carry [MQTT-4.7.3-3]. */
function fits(topic: string): boolean {
  return topic.length * 3 <= LONGEST_TEXT || Buffer.byteLength(topic) <= LONGEST_TEXT
}

const DOLLAR = 36
const SLASH = 47
const LONGEST_TEXT = 65535
