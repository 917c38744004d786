import type { SeenMessage } from "../../access/messages.ts"
import { covers } from "../../access/topic.ts"
import { reasonOf } from "../../errors.ts"
import type { Logger } from "../../log.ts"
import { Message } from "../message.ts"
import type { Target } from "./subscription.ts"
import { SubscriptionTree } from "./subscription-tree.ts"

/** The fields of an aedes packet that routing looks at. */
export interface RoutedPacket {
  readonly topic: string
  readonly payload: Buffer | string
  readonly qos: 0 | 1 | 2
  readonly retain: boolean
  readonly clientId?: string | undefined
  readonly properties?: unknown
}

export type Listener = (packet: RoutedPacket, done: () => void) => void

interface Watcher {
  readonly filter: string
  readonly see: (message: SeenMessage) => void
}

/** The message inside a packet; what aedes itself publishes (`$SYS`) becomes one here. */
export function messageIn(packet: RoutedPacket): Message {
  if (packet.properties instanceof Message) return packet.properties
  return new Message(packet.topic, Buffer.from(packet.payload), packet.qos, packet.retain, packet.clientId ?? "")
}

/**
 * aedes' `mq`: the emitting stage of its pipeline. Synchronous; sessions are found through the tree, and the few
 * listeners that aedes registers for itself through a list.
 */
export class Router {
  readonly tree = new SubscriptionTree()
  readonly #listeners = new Map<string, Listener[]>()
  readonly #watchers = new Set<Watcher>()
  readonly #log: Logger
  #closed = false

  constructor(log: Logger) {
    this.#log = log
  }

  /** Listens to a filter with at most one `+` level per name, as aedes and the health check do; never on the hot path. */
  on(filter: string, listener: Listener, done?: () => void): this {
    this.#listeners.set(filter, [...(this.#listeners.get(filter) ?? []), listener])
    done?.()
    return this
  }

  removeListener(filter: string, listener: Listener, done?: () => void): this {
    const left = (this.#listeners.get(filter) ?? []).filter((candidate) => candidate !== listener)
    if (left.length > 0) this.#listeners.set(filter, left)
    else this.#listeners.delete(filter)
    done?.()
    return this
  }

  /** Shows every message that the filter matches to someone who looks on and is no client. Answers how to stop. */
  watch(filter: string, see: (message: SeenMessage) => void): () => void {
    const watcher = { filter, see }
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  emit(packet: RoutedPacket, done?: (error?: Error | null) => void): this {
    if (this.#closed) {
      done?.(new Error("the router is closed"))
      return this
    }
    const match = this.tree.match(packet.topic)
    const { targets, groups } = match
    if (targets.length > 0 || groups.length > 0) {
      const message = messageIn(packet)
      for (let i = 0; i < targets.length; i++) this.deliver(targets[i] as Target, message, "live")
      for (const group of groups) {
        const chosen = group.choose(message)
        if (chosen !== undefined) this.deliver(chosen, message, "live")
      }
      // this was the last stage: a message that is kept must hold neither sessions nor itself a second time
      message.choices = undefined
      message.slot.frame = undefined
    }
    if (this.#watchers.size > 0) this.#show(packet)
    if (packet.topic.startsWith("$SYS/")) this.#tellListeners(packet)
    done?.(null)
    return this
  }

  close(done?: () => void): this {
    this.#closed = true
    if (done !== undefined) setImmediate(done)
    return this
  }

  /** A fault in one receiver must not climb into the publisher's stack: only that receiver ends. */
  deliver(target: Target, message: Message, stage: "live" | "stored"): void {
    try {
      target.session[stage](message, target)
    } catch (error) {
      this.#log.error("delivery failed", { client: target.session.id, reason: reasonOf(error) })
      target.session.abort()
    }
  }

  #show(packet: RoutedPacket): void {
    let message: Message | undefined
    for (const { filter, see } of this.#watchers) {
      if (!covers(filter, packet.topic)) continue
      message ??= messageIn(packet)
      try {
        see(message)
      } catch (error) {
        this.#log.error("showing a message failed", { reason: reasonOf(error) })
      }
    }
  }

  #tellListeners(packet: RoutedPacket): void {
    const levels = packet.topic.split("/")
    for (const [filter, listeners] of this.#listeners) {
      const wanted = filter.split("/")
      if (wanted.length !== levels.length || !wanted.every((level, i) => level === "+" || level === levels[i])) continue
      for (const listener of listeners) listener(packet, () => {})
    }
  }
}
