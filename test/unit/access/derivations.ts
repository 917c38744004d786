import { createHook } from "node:async_hooks"

/** Counts the argon2 derivations of this process while they run, as Node itself reports them. Nothing is replaced. */
export class Derivations implements Disposable {
  started = 0
  /** The most that ran at one moment. */
  most = 0
  readonly #running = new Set<number>()
  readonly #hook = createHook({
    init: (id, type) => {
      if (type !== "ARGON2REQUEST") return
      this.started++
      this.#running.add(id)
      this.most = Math.max(this.most, this.#running.size)
    },
    before: (id) => void this.#running.delete(id),
  }).enable();

  [Symbol.dispose](): void {
    this.#hook.disable()
  }
}
