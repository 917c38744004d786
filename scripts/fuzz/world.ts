import { setTimeout as delay } from "node:timers/promises"
import type { Target } from "./lines.ts"
import { Member } from "./member.ts"
import { Order } from "./order.ts"
import { Random } from "./random.ts"

const MEMBERS = 4
const STEPS = 400

/** A few clients that do whatever the protocol allows, at random, with each other; they are told when to stop. */
export class World {
  readonly #name: string
  readonly #random: Random
  readonly #members: readonly Member[]
  readonly #topics: readonly string[]
  readonly #filters: readonly string[]
  steps = 0

  constructor(name: string, number: number, target: Target, finding: (text: string, client: string) => void) {
    this.#name = `w${number}`
    this.#random = new Random(name)
    const order = new Order()
    const told = (text: string, client: string) => finding(`${name}, step ${this.steps}: ${text}`, client)
    this.#members = Array.from(
      { length: MEMBERS },
      (_, i) => new Member(`${this.#name}-${i}`, target, new Random(`${name}/${i}`), order, told),
    )
    const own = `state/${this.#name}`
    this.#topics = ["a", "b", "a/b", "a/b/c"].map((end) => `${own}/${end}`)
    this.#filters = [
      ...this.#topics,
      `${own}/#`,
      `${own}/+`,
      `${own}/a/+`,
      `$share/g/${own}/#`,
      `$share/h/${own}/a`,
      `$share/g/${own}/+`,
    ]
  }

  async run(stopped: () => boolean): Promise<void> {
    const [first] = this.#members
    while (this.steps < STEPS && !stopped()) {
      this.steps++
      await this.#step(this.#random.pick(this.#members))
      if (this.#random.chance(0.3)) await delay(this.#random.int(8))
      if (this.steps % 100 === 0 && first?.connected) await first.ping()
    }
    for (const member of this.#members) {
      member.rest(false)
      member.settle()
      await member.ping()
      member.vanish()
    }
  }

  async #step(member: Member): Promise<void> {
    const random = this.#random
    const will = random.chance(0.4)
      ? { topic: random.pick(this.#topics), payload: "will", qos: random.int(3), retain: random.chance(0.2) }
      : undefined
    if (!member.connected) return member.connect(will)
    const dice = random.int(100)
    if (dice < 60)
      for (let left = random.between(1, 6); left > 0; left--)
        member.publish(random.pick(this.#topics), random.chance(0.1))
    else if (dice < 74) member.subscribe([random.pick(this.#filters), ...random.some(this.#filters, 2)])
    else if (dice < 78) member.unsubscribe([random.pick(this.#filters)])
    else if (dice < 83) member.settle()
    else if (dice < 87) member.rest(random.chance(0.5))
    else if (dice < 91) await member.leave(random.chance(0.3))
    else if (dice < 95) member.vanish()
    else if (dice < 99) await member.connect(will)
    else await member.ping()
  }
}
