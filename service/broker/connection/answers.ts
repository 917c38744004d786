/** PUBACK, PUBREC, or 0 for a message of QoS 0, which has its place among the others and is not answered. */
export type AnswerType = 0 | 4 | 5

/** The answer to one PUBLISH; its reason is known once the disk has the message. */
interface Answer {
  readonly type: AnswerType
  readonly packetId: number
  /** -1: not known yet. */
  reason: number
  /** What its message takes while it waits. */
  readonly bytes: number
}

/** What a message takes beside its own bytes, in the heap and in the next commit. */
const OVERHEAD = 512

/** PUBACK and PUBREC go out in the order in which the messages came in, whichever commit each waits for. */
export class Answers {
  readonly #send: (type: 4 | 5, packetId: number, reason: number) => void
  readonly #onFewer: () => void
  #waiting: Answer[] = []
  #bytes = 0

  /** `onFewer` is told whenever less waits than before. */
  constructor(send: (type: 4 | 5, packetId: number, reason: number) => void, onFewer: () => void) {
    this.#send = send
    this.#onFewer = onFewer
  }

  /** What the messages take that wait for the disk. */
  get bytes(): number {
    return this.#bytes
  }

  /** Some message still waits for its answer, or for its turn. */
  get areAwaited(): boolean {
    return this.#waiting.length > 0
  }

  /** An answer whose reason is known, behind those that are awaited. */
  add(type: 4 | 5, packetId: number, reason: number): void {
    if (this.#waiting.length === 0) this.#send(type, packetId, reason)
    else this.#waiting.push({ type, packetId, reason, bytes: 0 })
  }

  /** Keeps a place for the answer to a message of `size` bytes; call what it answers once the reason is known. */
  await(type: AnswerType, packetId: number, size: number): (reason: number) => void {
    const answer: Answer = { type, packetId, reason: -1, bytes: size + OVERHEAD }
    this.#bytes += answer.bytes
    this.#waiting.push(answer)
    return (reason) => {
      answer.reason = reason
      this.#sendKnown()
    }
  }

  #sendKnown(): void {
    let sent = 0
    for (const { type, packetId, reason, bytes } of this.#waiting) {
      if (reason < 0) break
      this.#bytes -= bytes
      if (type !== 0) this.#send(type, packetId, reason)
      sent++
    }
    if (sent === 0) return
    this.#waiting.splice(0, sent)
    this.#onFewer()
  }
}
