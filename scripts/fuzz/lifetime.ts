/** Seconds; the longest the gateway grants here. */
export const KEPT = 20
/** Seconds around a session's end in which it may be there or not. */
const UNSURE = 4

/** How long a client's session must be kept, by the client's own reckoning. */
export class Lifetime {
  /** Seconds the session outlives its connection. */
  seconds = 0
  /** Milliseconds since the epoch; undefined: the session is being carried. */
  #endsAt: number | undefined = 0

  /** Seconds it would be there still if its connection ended now, or has ended; below 0 it is over. */
  get left(): number {
    return this.#endsAt === undefined ? Math.min(this.seconds, KEPT) : (this.#endsAt - Date.now()) / 1000
  }

  carry(seconds: number): void {
    this.seconds = seconds
    this.#endsAt = undefined
  }

  putDown(): void {
    this.#endsAt = this.seconds === 0 ? 0 : Date.now() + Math.min(this.seconds, KEPT) * 1000
  }

  /** What is wrong about a CONNACK's session present flag, in words; undefined when nothing is. */
  wrong(clean: boolean, present: boolean): string | undefined {
    const { left } = this
    const over = clean || left <= (this.#endsAt === undefined ? 0 : -UNSURE)
    if (over && present) return "a session is present that must be over"
    if (!clean && !present && left > UNSURE) return `no session is present; it had ${left} s left`
    return undefined
  }
}
