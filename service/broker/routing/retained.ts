import type { Message } from "../message.ts"
import { type RetainedNode, RetainedWalk } from "./retained-walk.ts"

interface Kept {
  readonly message: Message
  /** The store's count of changes when it was stored. */
  readonly change: number
}

/** The retained messages in a tree by topic level: a filter walks only the levels that match (MQTT 5 section 3.3.1.3). */
export class Retained {
  readonly #root: RetainedNode = { children: undefined, message: undefined }
  readonly #exact = new Map<string, Kept>()
  #bytes = 0
  /** Counts what was stored. */
  #changes = 0

  get count(): number {
    return this.#exact.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Grows with everything that is stored. */
  get changes(): number {
    return this.#changes
  }

  get(topic: string): Message | undefined {
    return this.#exact.get(topic)?.message
  }

  /** Whether this very message is there, and has been since `changes` had this value. */
  hasSince(message: Message, changes: number): boolean {
    const kept = this.#exact.get(message.topic)
    return kept !== undefined && kept.message === message && kept.change <= changes
  }

  /** Keeps the message as its topic's only one; an empty payload takes the topic's message away [MQTT-3.3.1-6]. */
  store(message: Message): void {
    const { topic } = message
    this.#bytes -= this.get(topic)?.size ?? 0
    if (message.payload.length === 0) {
      this.#exact.delete(topic)
      this.#cut(topic)
      return
    }
    const kept = message.asRetained()
    this.#exact.set(topic, { message: kept, change: ++this.#changes })
    this.#bytes += kept.size
    let node = this.#root
    for (const level of topic.split("/")) {
      node.children ??= new Map()
      let child = node.children.get(level)
      if (child === undefined) {
        child = { children: undefined, message: undefined }
        node.children.set(level, child)
      }
      node = child
    }
    node.message = kept
  }

  /** Goes through the messages the filter matches. */
  walk(filter: string): RetainedWalk {
    return new RetainedWalk(this.#root, filter)
  }

  /** Forgets what has expired at `now`, and answers it; walks everything, so call it seldom. */
  sweep(now: number): Message[] {
    const expired: Message[] = []
    for (const { message } of this.#exact.values()) {
      if (!message.isExpired(now)) continue
      expired.push(message)
      this.#bytes -= message.size
      this.#exact.delete(message.topic)
      this.#cut(message.topic)
    }
    return expired
  }

  /** Forgets everything, and answers it. */
  clear(): Message[] {
    const all = [...this.#exact.values()].map(({ message }) => message)
    this.#exact.clear()
    this.#root.children = undefined
    this.#bytes = 0
    return all
  }

  #cut(topic: string): void {
    const levels = topic.split("/")
    const path: RetainedNode[] = [this.#root]
    for (const level of levels) {
      const next = path.at(-1)?.children?.get(level)
      if (next === undefined) return
      path.push(next)
    }
    const leaf = path.at(-1)
    if (leaf !== undefined) leaf.message = undefined
    for (let i = levels.length; i > 0; i--) {
      const node = path[i]
      if (node?.message !== undefined || node?.children?.size) return
      path[i - 1]?.children?.delete(levels[i - 1] ?? "")
    }
  }
}
