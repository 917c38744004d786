/** Milliseconds of a turn of the event loop that strangers may take before it is the clients' turn again. */
const PORTION_MS = 2

/**
 * What newcomers cost, a TLS handshake or the judgement of a CONNECT, done a portion in each turn of the event loop: who
 * is already in goes first, however many come at once. Addresses take turns, so that a crowd from one of them makes
 * nobody else wait.
 */
export class Lane {
  /** By address, in the order of their turns. */
  readonly #waiting = new Map<string, (() => void)[]>()
  #length = 0

  /** Runs `work`, which must not throw, when it is its turn: at the end of this turn of the loop where nobody waits. */
  enter(address: string, work: () => void): void {
    const ahead = this.#waiting.get(address)
    if (ahead === undefined) this.#waiting.set(address, [work])
    else ahead.push(work)
    if (this.#length++ === 0) setImmediate(() => this.#run())
  }

  #run(): void {
    const end = performance.now() + PORTION_MS
    do this.#next()
    while (this.#length > 0 && performance.now() < end)
    if (this.#length > 0) setImmediate(() => this.#run())
  }

  #next(): void {
    const [turn] = this.#waiting
    if (turn === undefined) return
    const [address, all] = turn
    const work = all.shift()
    this.#waiting.delete(address)
    if (all.length > 0) this.#waiting.set(address, all) // behind the others
    work?.()
    this.#length-- // only now: what enters meanwhile must not schedule a second run
  }
}
