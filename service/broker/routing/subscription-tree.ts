import { SharedGroup } from "./shared.ts"
import { type Subscription, type Target, targetOf } from "./subscription.ts"

/** Everyone who gets the messages of one topic name. */
export interface Match {
  /** Ordinary subscriptions, one target a session. */
  readonly targets: readonly Target[]
  readonly groups: readonly SharedGroup[]
  /** Targets whose session outlives its connection and wants QoS 1 or 2, share groups among them: the storing stage. */
  readonly durable: readonly Target[]
}

const NOBODY: Match = { targets: [], groups: [], durable: [] }
const CACHED_TOPICS = 10_000
/** Targets in all matches kept: a thousand subscribers to everything have a thousand of them for each topic. */
const CACHED_TARGETS = 200_000
/** Longer topics are looked up anew each time: cached, they would let one publisher fill the memory. */
const CACHED_LENGTH = 256
const DOLLAR = 36

interface Node {
  children: Map<string, Node> | undefined
  plus: Node | undefined
  /** Subscriptions whose filter ends here. */
  here: Subscription[] | undefined
  /** Subscriptions whose filter ends here with `#`. */
  hash: Subscription[] | undefined
}

/** All subscriptions in a trie by topic level, with the matches of the topics seen lately. */
export class SubscriptionTree {
  readonly #root: Node = newNode()
  readonly #groups = new Map<string, SharedGroup>()
  readonly #cache = new Map<string, Match>()
  #cachedTargets = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  add(subscription: Subscription): void {
    const { levels, hash } = split(subscription.filter)
    let node = this.#root
    for (const level of levels) node = childOf(node, level)
    if (hash) node.hash = extended(node.hash, subscription)
    else node.here = extended(node.here, subscription)
    this.#size++
    this.changed()
  }

  remove(subscription: Subscription): void {
    const { levels, hash } = split(subscription.filter)
    const path: Node[] = [this.#root]
    for (const level of levels) {
      const node = path.at(-1)
      const next = level === "+" ? node?.plus : node?.children?.get(level)
      if (next === undefined) return
      path.push(next)
    }
    const list = hash ? path.at(-1)?.hash : path.at(-1)?.here
    const at = list?.indexOf(subscription) ?? -1
    if (list === undefined || at < 0) return
    list.splice(at, 1)
    if (subscription.group !== undefined) this.#leaveGroup(subscription.full, list)
    this.#size--
    prune(path, levels)
    this.changed()
  }

  /** Call when a subscription's options or its session's durability changed in place. */
  changed(): void {
    if (this.#cache.size > 0) this.#cache.clear()
    this.#cachedTargets = 0
  }

  match(topic: string): Match {
    const known = this.#cache.get(topic)
    if (known !== undefined) return known
    if (this.#cache.size >= CACHED_TOPICS || this.#cachedTargets >= CACHED_TARGETS) this.changed()
    const match = this.#compute(topic)
    if (topic.length > CACHED_LENGTH) return match
    this.#cache.set(topic, match)
    this.#cachedTargets += match.targets.length + match.durable.length
    return match
  }

  #compute(topic: string): Match {
    const found: Subscription[] = []
    collect(this.#root, topic.split("/"), 0, topic.charCodeAt(0) === DOLLAR, found)
    if (found.length === 0) return NOBODY
    const bySession = Map.groupBy(
      found.filter((subscription) => subscription.group === undefined),
      (subscription) => subscription.session,
    )
    const byGroup = Map.groupBy(
      found.filter((subscription) => subscription.group !== undefined),
      (subscription) => subscription.full,
    )
    const targets = [...bySession.values()].map((all) => targetOf(all)).filter((target) => target !== undefined)
    const groups: SharedGroup[] = []
    const durable = targets.filter((target) => target.session.durable && target.qos > 0)
    for (const [full, subscriptions] of byGroup) {
      const group = this.#group(full)
      group.replaceMembers(subscriptions)
      groups.push(group)
      const stored = targetOf(subscriptions, group)
      if (stored !== undefined) durable.push(stored)
    }
    return { targets, groups, durable }
  }

  /** With its last member a group is forgotten; it would hold on to the sessions it had. */
  #leaveGroup(full: string, left: readonly Subscription[]): void {
    if (!left.some((subscription) => subscription.full === full)) this.#groups.delete(full)
  }

  /** The group object outlives changes of its members, so that the turn is not lost. */
  #group(full: string): SharedGroup {
    let group = this.#groups.get(full)
    if (group === undefined) {
      group = new SharedGroup()
      this.#groups.set(full, group)
    }
    return group
  }
}

/** `$…` topics are not matched by a leading wildcard [MQTT-4.7.2-1]; `a/#` also matches `a` (4.7.1.2). */
function collect(node: Node, levels: readonly string[], at: number, dollar: boolean, found: Subscription[]): void {
  const wild = !dollar || at > 0
  if (wild && node.hash !== undefined) for (const subscription of node.hash) found.push(subscription)
  const level = levels[at]
  if (level === undefined) {
    if (node.here !== undefined) for (const subscription of node.here) found.push(subscription)
    return
  }
  const child = node.children?.get(level)
  if (child !== undefined) collect(child, levels, at + 1, dollar, found)
  if (wild && node.plus !== undefined) collect(node.plus, levels, at + 1, dollar, found)
}

/** In place: to copy the list for each of fifty thousand subscribers to one filter took 25 s. */
function extended(list: Subscription[] | undefined, subscription: Subscription): Subscription[] {
  if (list === undefined) return [subscription] // most filters have one subscriber, and no room to spare
  list.push(subscription)
  return list
}

function split(filter: string): { levels: string[]; hash: boolean } {
  const levels = filter.split("/")
  const hash = levels.at(-1) === "#"
  if (hash) levels.pop()
  return { levels, hash }
}

function childOf(node: Node, level: string): Node {
  if (level === "+") {
    node.plus ??= newNode()
    return node.plus
  }
  node.children ??= new Map()
  let child = node.children.get(level)
  if (child === undefined) {
    child = newNode()
    node.children.set(level, child)
  }
  return child
}

/** Cuts off the branches that hold nothing any more, from the leaf up. */
function prune(path: readonly Node[], levels: readonly string[]): void {
  for (let i = path.length - 1; i > 0; i--) {
    const node = path[i]
    const parent = path[i - 1]
    const level = levels[i - 1]
    if (node === undefined || parent === undefined || level === undefined) return
    if (node.here?.length || node.hash?.length || node.plus !== undefined || node.children?.size) return
    if (level === "+") parent.plus = undefined
    else parent.children?.delete(level)
  }
}

function newNode(): Node {
  return { children: undefined, plus: undefined, here: undefined, hash: undefined }
}
