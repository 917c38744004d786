import type { Failure } from "./protocol.ts"

/**
 * What the acknowledgement of one message waits for: every persistent session and the retained store must have it on
 * the disk, or, at QoS 1, its receiver must have acknowledged it already.
 */
export class Receipt {
  #open = 0
  #failure: Failure | undefined
  #told: ((failure: Failure | undefined) => void)[] = []

  /** Nothing is waited for any more. */
  get isOver(): boolean {
    return this.#open === 0
  }

  get failure(): Failure | undefined {
    return this.#failure
  }

  /** One more thing to wait for. */
  open(): void {
    this.#open++
  }

  /** One of them is done, or will never be. */
  done(failure?: Failure): void {
    this.#failure ??= failure
    if (--this.#open > 0) return
    const told = this.#told
    this.#told = []
    for (const tell of told) tell(this.#failure)
  }

  /** Calls back, at once where nothing is waited for. */
  whenOver(tell: (failure: Failure | undefined) => void): void {
    if (this.#open === 0) tell(this.#failure)
    else this.#told.push(tell)
  }
}
