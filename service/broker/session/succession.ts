/** A QoS 2 message under way to the disk, and what its client has sent to the same topic since. */
interface Turn {
  readonly followers: (() => void)[]
}

/**
 * A client's messages to one topic reach everyone in the order sent, whatever their QoS [MQTT-4.6.0-5, -6]. Those of QoS 2
 * go to the disk before anyone gets them; what follows waits for them here.
 */
export class Succession {
  /** By topic, the last QoS 2 message under way. Made when there is one: nearly all sessions never have any. */
  #turns: Map<string, Turn> | undefined

  /** Whether a QoS 2 message to this topic is under way. */
  isBusy(topic: string): boolean {
    return this.#turns?.has(topic) ?? false
  }

  /** A QoS 2 message is under way. Call what is answered once it was handed to everyone: then it is the others' turn. */
  begin(topic: string): () => void {
    this.#turns ??= new Map()
    const turn: Turn = { followers: [] }
    this.#turns.set(topic, turn)
    return () => this.#pass(topic, turn)
  }

  /** Calls `send` behind the last QoS 2 message to this topic; at once where none is under way. */
  follow(topic: string, send: () => void): void {
    const turn = this.#turns?.get(topic)
    if (turn === undefined) send()
    else turn.followers.push(send)
  }

  #pass(topic: string, turn: Turn): void {
    if (this.#turns?.get(topic) === turn) this.#turns.delete(topic)
    if (this.#turns?.size === 0) this.#turns = undefined
    for (const send of turn.followers) send()
  }
}
