/** The answer to one PUBLISH; its reason is known once the disk has the message. */
interface Answer {
  readonly type: 4 | 5
  readonly packetId: number
  /** -1: not known yet. */
  reason: number
}

/** PUBACK and PUBREC go out in the order in which the messages came in, whichever commit each waits for. */
export class Answers {
  readonly #send: (type: 4 | 5, packetId: number, reason: number) => void
  #waiting: Answer[] = []

  constructor(send: (type: 4 | 5, packetId: number, reason: number) => void) {
    this.#send = send
  }

  /** Some message still waits for its answer. */
  get areAwaited(): boolean {
    return this.#waiting.length > 0
  }

  /** An answer whose reason is known, behind those that are awaited. */
  add(type: 4 | 5, packetId: number, reason: number): void {
    if (this.#waiting.length === 0) this.#send(type, packetId, reason)
    else this.#waiting.push({ type, packetId, reason })
  }

  /** Keeps a place for an answer; call what it answers once the reason is known. */
  await(type: 4 | 5, packetId: number): (reason: number) => void {
    const answer: Answer = { type, packetId, reason: -1 }
    this.#waiting.push(answer)
    return (reason) => {
      answer.reason = reason
      this.#sendKnown()
    }
  }

  #sendKnown(): void {
    let sent = 0
    for (const { type, packetId, reason } of this.#waiting) {
      if (reason < 0) break
      this.#send(type, packetId, reason)
      sent++
    }
    if (sent > 0) this.#waiting.splice(0, sent)
  }
}
