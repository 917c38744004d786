import { isReserved } from "../../access/explain.ts"
import type { Policy } from "../../access/policy.ts"

/** Renewal requests and the like: never prefixed, so that a device needs no knowledge of its prefix. */
const GATEWAY_TOPICS = "$gatehouse/"

/** The topic a publish is judged and sent as: with the user's prefix before it. */
export function prefixedTopic(policy: Policy, topic: string): string {
  return policy.prefix === "" || topic.startsWith(GATEWAY_TOPICS) ? topic : policy.prefix + topic
}

/** May a client publish to this topic, prefix included? The broker's own topics are closed whatever a permission says. */
export function mayPublish(policy: Policy, topic: string): boolean {
  return policy.mayWrite(topic) && !(topic.charCodeAt(0) === DOLLAR && isReserved(topic))
}

const DOLLAR = 36
