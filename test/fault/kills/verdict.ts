import type { Publisher } from "./publisher.ts"
import type { Subscriber } from "./subscriber.ts"

/** What came of the promise, over all subscribers. */
export interface Verdict {
  readonly acknowledged: number
  readonly delivered: number
  /** QoS 1: delivered more than once, which is allowed. */
  readonly repeated: number
  readonly lost: readonly string[]
  /** QoS 2 from end to end, delivered more than once. */
  readonly doubled: readonly string[]
  readonly disordered: readonly string[]
}

/** Holds what was delivered against what was acknowledged: nothing lost, QoS 2 once, in order per publisher and topic. */
export function judge(publishers: readonly Publisher[], subscribers: readonly Subscriber[]): Verdict {
  const [lost, doubled, disordered]: [string[], string[], string[]] = [[], [], []]
  let [acknowledged, delivered, repeated] = [0, 0, 0]
  for (const subscriber of subscribers) {
    const times = new Map<string, number>()
    for (const payload of subscriber.received) times.set(payload, (times.get(payload) ?? 0) + 1)
    for (const publisher of publishers) {
      acknowledged += publisher.acknowledged.length
      for (const payload of publisher.acknowledged) if (!times.has(payload)) lost.push(`${subscriber.name}: ${payload}`)
    }
    for (const [payload, count] of times) {
      delivered++
      if (count === 1) continue
      const isOnce = subscriber.qos === 2 && payload.split(" ")[2] === "2"
      if (isOnce) doubled.push(`${subscriber.name}: ${payload}, ${count} times`)
      else repeated += count - 1
    }
    disordered.push(...disorderOf(subscriber, new Set(times.keys())))
  }
  return { acknowledged, delivered, repeated, lost, doubled, disordered }
}

/** First deliveries must come in the order published, per publisher and topic (4.6). */
function disorderOf(subscriber: Subscriber, unseen: Set<string>): string[] {
  const found: string[] = []
  const last = new Map<string, number>()
  for (const payload of subscriber.received) {
    if (!unseen.delete(payload)) continue
    const [publisher, topic, , number] = payload.split(" ")
    const stream = `${publisher} ${topic}`
    const before = last.get(stream) ?? 0
    if (Number(number) < before) found.push(`${subscriber.name}: ${payload} after ${before}`)
    last.set(stream, Math.max(before, Number(number)))
  }
  return found
}
