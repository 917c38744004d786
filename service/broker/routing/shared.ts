import type { Message } from "../message.ts"
import { type Subscription, Target } from "./subscription.ts"

/** The members of one `$share/group/filter`; each message goes to exactly one of them (MQTT 5 section 4.8.2). */
export class SharedGroup {
  #members: Target[] = []
  #next = 0

  /** Takes over the present members; the turn goes on where it was. */
  replaceMembers(subscriptions: readonly Subscription[]): void {
    this.#members = subscriptions.map((subscription) => new Target(subscription, [subscription], this))
  }

  /**
   * The member whose turn it is: one that can take the message now, else one that is connected, else one whose session
   * is kept. Asked again for the same message it answers the same, so that storing and sending agree.
   */
  choose(message: Message): Target | undefined {
    message.choices ??= new Map()
    if (message.choices.has(this)) return message.choices.get(this) as Target | undefined
    const chosen =
      this.#first((t) => t.session.ready) ??
      this.#first((t) => t.session.connected) ??
      this.#first((t) => t.session.durable)
    message.choices.set(this, chosen)
    return chosen
  }

  #first(fits: (target: Target) => boolean): Target | undefined {
    const count = this.#members.length
    for (let i = 0; i < count; i++) {
      const at = (this.#next + i) % count
      const member = this.#members[at]
      if (member === undefined || !fits(member)) continue
      this.#next = (at + 1) % count
      return member
    }
    return undefined
  }
}
