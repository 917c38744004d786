import type { Message } from "../message.ts"

interface Node {
  children: Map<string, Node> | undefined
  message: Message | undefined
}

interface Kept {
  readonly message: Message
  /** The store's count of changes when it was stored. */
  readonly change: number
}

const DOLLAR = 36

/**
 * The retained messages in a tree by topic level: an exact filter is one look-up, a wildcard walks only the levels
 * that match (MQTT 5 section 3.3.1.3).
 */
export class Retained {
  readonly #root: Node = { children: undefined, message: undefined }
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

  /** The topic's message if it has been there since `changes` had this value. */
  getSince(topic: string, changes: number): Message | undefined {
    const kept = this.#exact.get(topic)
    return kept !== undefined && kept.change <= changes ? kept.message : undefined
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

  /** Every message the filter matches that has not expired at `now`, milliseconds since the epoch. */
  match(filter: string, now: number): Message[] {
    const found: Message[] = []
    const exact = this.get(filter)
    if (exact !== undefined) found.push(exact)
    else if (filter.includes("+") || filter.endsWith("#")) walk(this.#root, filter.split("/"), 0, found)
    return found.filter((message) => !message.isExpired(now))
  }

  /** Forgets what has expired at `now`; walks everything, so call it seldom. */
  sweep(now: number): void {
    for (const { message } of this.#exact.values()) {
      if (!message.isExpired(now)) continue
      this.#bytes -= message.size
      this.#exact.delete(message.topic)
      this.#cut(message.topic)
    }
  }

  #cut(topic: string): void {
    const levels = topic.split("/")
    const path: Node[] = [this.#root]
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

function walk(node: Node, levels: readonly string[], at: number, found: Message[]): void {
  const level = levels[at]
  if (level === undefined) {
    if (node.message !== undefined) found.push(node.message)
  } else if (level === "#") {
    everything(node, at === 0, found)
  } else if (level === "+") {
    for (const [name, child] of node.children ?? []) {
      if (at > 0 || name.charCodeAt(0) !== DOLLAR) walk(child, levels, at + 1, found)
    }
  } else {
    const child = node.children?.get(level)
    if (child !== undefined) walk(child, levels, at + 1, found)
  }
}

/** `#` takes the parent level too; at the top it leaves `$…` alone [MQTT-4.7.2-1]. */
function everything(node: Node, top: boolean, found: Message[]): void {
  if (node.message !== undefined) found.push(node.message)
  for (const [name, child] of node.children ?? []) {
    if (!top || name.charCodeAt(0) !== DOLLAR) everything(child, false, found)
  }
}
