import type { Document } from "../../service/document.ts"
import { GatewayError } from "../../service/errors.ts"

/** A document that lives in memory and keeps the promises of `Document`. Its value is frozen through and through. */
export class MemoryDocument<T> implements Document<T> {
  #value: T
  #last: Promise<unknown> = Promise.resolve()
  #failing = false
  /** Writes that reached the "disk". */
  writes = 0

  constructor(value: T) {
    this.#value = frozen(value)
  }

  get value(): T {
    return this.#value
  }

  /** Makes the next write fail, as a full or torn-out disk does. */
  failNext(): void {
    this.#failing = true
  }

  update(change: (current: T) => T): Promise<T> {
    const done = this.#last.then(() => this.#write(change))
    this.#last = done.catch(() => {})
    return done
  }

  async #write(change: (current: T) => T): Promise<T> {
    const value = frozen(change(this.#value))
    await Promise.resolve() // the disk takes its time
    if (this.#failing) {
      this.#failing = false
      throw new GatewayError("disk-failed", "the disk refused the write, as the test asked")
    }
    this.#value = value
    this.writes++
    return value
  }
}

function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value
  for (const part of Object.values(value)) frozen(part)
  return Object.freeze(value)
}
