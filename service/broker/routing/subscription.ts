import { higherOf } from "../message.ts"
import type { Session } from "../session/session.ts"
import type { QoS } from "../wire/packet.ts"
import type { SharedGroup } from "./shared.ts"

/** One subscription of one session, as it stands in the tree. Its options change in place when it is made again. */
export interface Subscription {
  readonly session: Session
  /** As the client sent it, with `$share/group/`; its key in the session. */
  readonly full: string
  /** What it matches. */
  readonly filter: string
  /** The share group's name; undefined for an ordinary subscription. */
  readonly group: string | undefined
  qos: QoS
  noLocal: boolean
  retainAsPublished: boolean
  identifier: number | undefined
}

/**
 * What one session gets of one topic: its overlapping subscriptions merged into one copy with the highest QoS and all
 * identifiers [MQTT-3.3.4-2, -3].
 */
export class Target {
  readonly session: Session
  /** The first filter that matched; aedes looks at it to keep `#` away from `$SYS`. */
  readonly topic: string
  /** The group that must choose first; the session is then only one of its members. */
  readonly shared: SharedGroup | undefined
  readonly identifiers: readonly number[] | undefined
  readonly qos: QoS
  readonly retainAsPublished: boolean
  /** What is left for messages that the session itself published: this, less, or nothing, by No Local. */
  readonly local: Target | undefined

  constructor(first: Subscription, all: readonly Subscription[], shared?: SharedGroup) {
    this.session = first.session
    this.topic = first.filter
    this.shared = shared
    const identifiers = all.map((subscription) => subscription.identifier).filter((id) => id !== undefined)
    this.identifiers = identifiers.length > 0 ? identifiers : undefined
    this.qos = all.reduce<QoS>((highest, subscription) => higherOf(highest, subscription.qos), 0)
    this.retainAsPublished = all.some((subscription) => subscription.retainAsPublished)
    const others = all.filter((subscription) => !subscription.noLocal)
    this.local = others.length === all.length ? this : targetOf(others, shared)
  }
}

/** undefined when there is no subscription to merge. */
export function targetOf(subscriptions: readonly Subscription[], shared?: SharedGroup): Target | undefined {
  const [first] = subscriptions
  return first === undefined ? undefined : new Target(first, subscriptions, shared)
}
