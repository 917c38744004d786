import type { Message } from "../message.ts"

export interface RetainedNode {
  children: Map<string, RetainedNode> | undefined
  message: Message | undefined
}

/** Children still to be looked at, by the part of the filter from `at` on; `ALL` takes every level below. */
interface Frame {
  readonly children: Iterator<[string, RetainedNode]>
  readonly at: number
  /** The first level, whose wildcards leave `$…` alone [MQTT-4.7.2-1]. */
  readonly top: boolean
}

const ALL = -1
const DOLLAR = 36

/**
 * Goes through the tree of retained messages along a filter with wildcards, a step at a time: however much is stored,
 * nobody has to wait for all of it. What is stored or taken away meanwhile may be met or not.
 */
export class RetainedWalk {
  readonly #levels: readonly string[]
  readonly #frames: Frame[] = []
  /** Found when the walk began. */
  #first: Message | undefined

  constructor(root: RetainedNode, filter: string) {
    this.#levels = filter.split("/")
    this.#first = this.#enter(root, 0)
  }

  get isOver(): boolean {
    return this.#first === undefined && this.#frames.length === 0
  }

  /** Takes one step; the message found by it, if any. */
  step(): Message | undefined {
    const first = this.#first
    this.#first = undefined
    const frame = this.#frames.at(-1)
    if (first !== undefined || frame === undefined) return first
    const next = frame.children.next()
    if (next.done === true) {
      this.#frames.pop()
      return undefined
    }
    const [name, child] = next.value
    return frame.top && name.charCodeAt(0) === DOLLAR ? undefined : this.#enter(child, frame.at)
  }

  #enter(start: RetainedNode, from: number): Message | undefined {
    let node = start
    for (let at = from; at !== ALL; at++) {
      const level = this.#levels[at]
      if (level === undefined) return node.message
      if (level === "+") return this.#push(node, at + 1, at === 0, undefined)
      if (level === "#") return this.#push(node, ALL, at === 0, node.message) // it takes the parent level too (4.7.1.2)
      const child = node.children?.get(level)
      if (child === undefined) return undefined
      node = child
    }
    return this.#push(node, ALL, false, node.message)
  }

  #push(node: RetainedNode, at: number, top: boolean, found: Message | undefined): Message | undefined {
    if (node.children !== undefined) this.#frames.push({ children: node.children.entries(), at, top })
    return found
  }
}
