import { processorWait } from "../bench/process-stat.ts"
import type { Subject } from "./subject.ts"

/** How long the gateway stays unwell after a round trip that came too late, milliseconds. */
const MEMORY_MS = 60_000
/** After so long without a processor it must take itself for stuck, milliseconds. */
const STARVED_MS = 5000

/** Whether the gateway says of itself that it is well. What the machine's other work does to it is not held against it. */
export class Health {
  readonly #subject: Subject
  #waits: { readonly at: number; readonly milliseconds: number }[] = []
  /** How often in a row it was not. */
  #sick = 0

  constructor(subject: Subject) {
    this.#subject = subject
  }

  /** True the second time in a row that it was not well. Call each second. */
  async isLost(): Promise<boolean> {
    const isWell = await this.#subject.healthy()
    const waited = this.#waited()
    if (isWell) this.#sick = 0
    else if (waited < STARVED_MS) this.#sick++
    return !isWell && this.#sick === 2
  }

  /** Milliseconds for which the gateway had no processor lately. */
  #waited(): number {
    const now = performance.now()
    const milliseconds = processorWait(this.#subject.pid)
    this.#waits.push({ at: now, milliseconds })
    this.#waits = this.#waits.filter(({ at }) => at > now - MEMORY_MS)
    return milliseconds - (this.#waits[0]?.milliseconds ?? milliseconds)
  }
}
