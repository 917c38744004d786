import type { Messages, Published, SeenMessage, WantedMessage } from "../access/messages.ts"
import type { Policy } from "../access/policy.ts"
import { isTopicName } from "../access/topic.ts"
import type { Exchange } from "./connection/exchange.ts"
import { mayRetain } from "./connection/publish.ts"
import { hasTooManyLevels, mayPublish, prefixedTopic } from "./gate/authorization.ts"
import { Message } from "./message.ts"
import type { Router } from "./routing/router.ts"

/** Retained messages looked at in one go: whoever looks on must not hold up those who work. */
const MOST_STEPS = 20_000

/** Looking at messages and sending one by hand, for people at the page and for scripts. */
export function messagesOf(exchange: Exchange, router: Router): Messages {
  return {
    watch: (filter, listener) => router.watch(filter, listener),
    retained: (filter, most, mayRead) => retainedOf(exchange, filter, most, mayRead),
    publish: (policy, wanted) => publish(exchange, policy, wanted),
  }
}

function retainedOf(
  { retained, clock }: Exchange,
  filter: string,
  most: number,
  mayRead: (topic: string) => boolean,
): SeenMessage[] {
  const walk = retained.walk(filter)
  const now = clock.now()
  const found: SeenMessage[] = []
  for (let steps = 0; !walk.isOver && steps < MOST_STEPS && found.length < most; steps++) {
    const message = walk.step()
    if (message !== undefined && !message.isExpired(now) && mayRead(message.topic)) found.push(message)
  }
  return found
}

/** The rules of a client's PUBLISH, in the same order. */
async function publish(exchange: Exchange, policy: Policy, wanted: WantedMessage): Promise<Published> {
  const topic = prefixedTopic(policy, wanted.topic)
  if (!isTopicName(wanted.topic) || !isTopicName(topic)) {
    return refused("malformed", "this is no topic name: it must not be empty and holds neither + nor #")
  }
  if (!mayPublish(policy, topic)) return refused("not-allowed", `you have no permission to publish to ${topic}`)
  if (hasTooManyLevels(topic, exchange.limits.topicLevels)) {
    return refused("malformed", `the topic has more than ${exchange.limits.topicLevels} levels`)
  }
  if (wanted.retain && !mayRetain(exchange, topic, wanted.payload)) {
    return refused("too-much", "there is no room to retain this message; see the limits")
  }
  const { targets, groups } = exchange.tree.match(topic)
  const message = new Message(topic, wanted.payload, wanted.qos, wanted.retain, "")
  exchange.counters.messagesIn++
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  exchange.core.publish(message, null, (error) => (error ? reject(error) : resolve()))
  await promise
  return { ok: true, topic, receivers: targets.length + groups.length }
}

function refused(cause: Exclude<Published, { ok: true }>["cause"], sentence: string): Published {
  return { ok: false, cause, sentence }
}
