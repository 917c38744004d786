import { type Operation, type Permission, speaksOf, substituted } from "./permission.ts"

/** Decisions remembered per policy; devices use few topics, a scan must not grow the heap. */
const REMEMBERED = 1000
/** Longer topics are judged anew each time: remembered, they would let one client fill the memory. */
const REMEMBERED_LENGTH = 256

/** A user's whole answer for one context, compiled once and replaced as a whole when it changes. */
export class Policy {
  /** "" or what is put before a published topic, with its slash. */
  readonly prefix: string
  readonly #write: FilterTree
  readonly #read: FilterTree
  readonly #remembered = new Map<string, boolean>()

  private constructor(write: FilterTree, read: FilterTree, prefix: string) {
    this.#write = write
    this.#read = read
    this.prefix = prefix
  }

  /** Compiles the rights of one user on one connection; permissions made void by the client identifier are left out. */
  static compile(
    rights: readonly Permission[],
    context: Permission["context"],
    name: string,
    clientId: string | undefined,
    publishPrefix: string | undefined,
  ): Policy {
    const tree = (operation: Operation) => {
      const filters = rights
        .filter((right) => speaksOf(right, context, operation))
        .map((right) => substituted(right.resource, name, clientId))
      return new FilterTree(filters.filter((filter) => filter !== null))
    }
    return new Policy(tree("write"), tree("read"), publishPrefix === undefined ? "" : `${publishPrefix}/`)
  }

  /**
   * May this topic name be published to? Takes the name after the prefix was put before it. Allocates nothing when
   * asked again.
   */
  mayWrite(topic: string): boolean {
    const known = this.#remembered.get(topic)
    if (known !== undefined) return known
    const answer = this.#write.covers(topic)
    if (topic.length > REMEMBERED_LENGTH) return answer
    if (this.#remembered.size >= REMEMBERED) this.#remembered.clear()
    this.#remembered.set(topic, answer)
    return answer
  }

  /**
   * May this whole filter be subscribed to? Only if one permission covers all of it. Not remembered: it is asked
   * seldom, and a filter may be the end of a long shared one, which the slice would keep in memory.
   */
  mayRead(filter: string): boolean {
    return this.#read.covers(filter)
  }
}

interface Node {
  children: Map<string, Node> | undefined
  plus: Node | undefined
  /** A filter ends here with `#`. */
  hash: boolean
  /** A filter ends here. */
  end: boolean
}

/** Filters in a trie by level. One path is one filter, so an answer of yes always rests on a single permission. */
class FilterTree {
  readonly #root: Node = newNode()

  constructor(filters: readonly string[]) {
    for (const filter of filters) this.#add(filter)
  }

  #add(filter: string): void {
    let node = this.#root
    for (const level of filter.split("/")) {
      if (level === "#") {
        node.hash = true
        return
      }
      if (level === "+") {
        node.plus ??= newNode()
        node = node.plus
        continue
      }
      node.children ??= new Map()
      let child = node.children.get(level)
      if (child === undefined) {
        child = newNode()
        node.children.set(level, child)
      }
      node = child
    }
    node.end = true
  }

  /** The same question as `covers` in topic.ts, of all filters at once. */
  covers(wanted: string): boolean {
    return walk(this.#root, wanted, 0, wanted.charCodeAt(0) === DOLLAR)
  }
}

const DOLLAR = 36

/** `from` is where the next level begins, -1 past the last. `$…` is never covered by a leading wildcard [MQTT-4.7.2-1]. */
function walk(node: Node, wanted: string, from: number, dollar: boolean): boolean {
  if (node.hash && !dollar) return true
  if (from < 0) return node.end
  const slash = wanted.indexOf("/", from)
  const level = slash < 0 ? wanted.slice(from) : wanted.slice(from, slash)
  const next = slash < 0 ? -1 : slash + 1
  if (level === "#") return false
  if (node.plus !== undefined && !dollar && walk(node.plus, wanted, next, false)) return true
  const child = level === "+" ? undefined : node.children?.get(level)
  return child !== undefined && walk(child, wanted, next, false)
}

function newNode(): Node {
  return { children: undefined, plus: undefined, hash: false, end: false }
}
