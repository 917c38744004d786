import { ProtocolError, Reason, violated } from "../wire/reason.ts"

/** The topic aliases a client has set on this connection (MQTT 5 section 3.3.2.3.4). */
export class IncomingAliases {
  readonly #maximum: number
  readonly #topics: string[] = []

  constructor(maximum: number) {
    this.#maximum = maximum
  }

  /** The topic of a PUBLISH that carries an alias: sets it when the topic is given, looks it up when it is not. */
  resolve(topic: string, alias: number): string {
    if (alias > this.#maximum) throw new ProtocolError(Reason.topicAliasInvalid, "the topic alias is above our maximum")
    if (topic !== "") {
      this.#topics[alias] = topic
      return topic
    }
    return this.#topics[alias] ?? violated("an unknown topic alias")
  }
}

/** The topic aliases we have set towards a client: the first topics it gets, up to its maximum or ours. */
export class OutgoingAliases {
  readonly #maximum: number
  readonly #aliases = new Map<string, number>()

  constructor(maximum: number) {
    this.#maximum = maximum
  }

  /** The alias that stands for the topic by now; 0: none. */
  known(topic: string): number {
    return this.#aliases.get(topic) ?? 0
  }

  /** The alias to set for a topic that has none; 0 when all are used. */
  free(): number {
    return this.#aliases.size < this.#maximum ? this.#aliases.size + 1 : 0
  }

  /** Call only once the packet that sets the alias is on its way. */
  set(topic: string, alias: number): void {
    this.#aliases.set(topic, alias)
  }
}
