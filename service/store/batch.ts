export interface BatchOptions<K, V> {
  /** Keeps the changes of one turn, for each key its latest value. When it rejects they are kept for the next turn. */
  readonly write: (changes: Map<K, V>) => Promise<void>
  /** Milliseconds from the first change to the write that holds it; 1,000 unless told. */
  readonly interval?: number
  /** Told when a turn failed and will be tried again. */
  readonly onFailure?: (error: unknown) => void
}

/**
 * Gathers frequent small changes (last seen, first connection) so that the disk hears of them at most once per
 * interval. A crash loses the changes of up to one interval: only for what can be learnt again.
 */
export class Batch<K, V> implements AsyncDisposable {
  readonly #options: BatchOptions<K, V>
  #changes = new Map<K, V>()
  #timer: NodeJS.Timeout | null = null
  #writing: Promise<void> | null = null
  #disposed = false

  constructor(options: BatchOptions<K, V>) {
    this.#options = options
  }

  set(key: K, value: V): void {
    this.#changes.set(key, value)
    this.#schedule()
  }

  /** Resolves once everything set so far is written; rejects when that failed, and the changes wait for another turn. */
  async flush(): Promise<void> {
    while (this.#writing !== null) await this.#writing.catch(() => {})
    if (this.#changes.size === 0) return
    this.#writing = this.#write()
    try {
      await this.#writing
    } finally {
      this.#writing = null
      this.#schedule()
    }
  }

  async #write(): Promise<void> {
    const changes = this.#changes
    this.#changes = new Map()
    try {
      await this.#options.write(changes)
    } catch (error) {
      for (const [key, value] of this.#changes) changes.set(key, value)
      this.#changes = changes
      throw error
    }
  }

  #schedule(): void {
    if (this.#timer !== null || this.#writing !== null || this.#disposed || this.#changes.size === 0) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.flush().catch((error) => this.#options.onFailure?.(error))
    }, this.#options.interval ?? 1000).unref()
  }

  /** Writes what is left; rejects when that failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    await this.flush()
  }
}
