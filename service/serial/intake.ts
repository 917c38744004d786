/** Bytes held for the reader. Beyond it nothing is read from the driver until somebody takes some. */
const CAPACITY = 64 * 1024
const HEARD = 4096
const LF = 0x0a
const CR = 0x0d

/** What a device has sent and nobody has read yet: never more than `CAPACITY` and one chunk. */
export class Intake {
  #held = Buffer.alloc(0)
  /** A line too long is being thrown away up to its end. */
  #skipping = false
  #heard = Buffer.alloc(0)
  #received = 0
  readonly #waiting = new Set<() => void>()

  get received(): number {
    return this.#received
  }

  /** The last 4 KiB, read or not. */
  get heard(): string {
    return this.#heard.toString("latin1")
  }

  add(bytes: Buffer): void {
    this.#received += bytes.length
    this.#held = Buffer.concat([this.#held, bytes])
    this.#heard = Buffer.concat([this.#heard, bytes.subarray(-HEARD)]).subarray(-HEARD)
    this.#stir()
  }

  discard(): void {
    this.#held = Buffer.alloc(0)
    this.#skipping = false
    this.#stir()
  }

  /** As if nothing had been received, but for the count. */
  forget(): void {
    this.#heard = Buffer.alloc(0)
    this.discard()
  }

  /** The first line of at most `longest` bytes, without its end; longer ones are dropped whole. */
  takeLine(longest: number): string | undefined {
    for (;;) {
      const end = this.#held.indexOf(LF)
      if (end === -1) {
        if (this.#held.length > longest) {
          this.#skipping = true
          this.#drop(this.#held.length)
        }
        return undefined
      }
      const line = this.#held.subarray(0, end)
      this.#drop(end + 1)
      const whole = !this.#skipping && line.length <= longest + 1
      this.#skipping = false
      if (whole) return line.subarray(0, line.at(-1) === CR ? -1 : undefined).toString("latin1")
    }
  }

  /** Everything up to and including the first match in the last `longest` bytes. */
  takeUntil(wanted: string | RegExp, longest: number): string | undefined {
    const text = this.#held.toString("latin1")
    const [at, length] = found(text, wanted)
    if (at === -1) {
      if (text.length > longest) this.#drop(text.length - longest)
      return undefined
    }
    this.#drop(at + length)
    return text.slice(0, at + length)
  }

  takeBytes(count: number): Buffer | undefined {
    if (this.#held.length < count) return undefined
    const bytes = Buffer.from(this.#held.subarray(0, count))
    this.#drop(count)
    return bytes
  }

  /** Resolves when something was added or taken, `ms` have passed, or the signal is aborted. */
  more(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = () => resolve()
    const timer = setTimeout(wake, ms)
    this.#waiting.add(wake)
    signal.addEventListener("abort", wake)
    return promise.finally(() => {
      clearTimeout(timer)
      this.#waiting.delete(wake)
      signal.removeEventListener("abort", wake)
    })
  }

  /** Resolves when more may be added, or the signal is aborted. */
  async room(signal: AbortSignal): Promise<void> {
    while (this.#held.length >= CAPACITY && !signal.aborted) await this.more(1000, signal)
  }

  #drop(count: number): void {
    this.#held = this.#held.subarray(count)
    this.#stir()
  }

  #stir(): void {
    for (const wake of this.#waiting) wake()
  }
}

function found(text: string, wanted: string | RegExp): [at: number, length: number] {
  if (typeof wanted === "string") return [text.indexOf(wanted), wanted.length]
  const match = new RegExp(wanted.source, wanted.flags.replace(/[gy]/g, "")).exec(text)
  return match === null ? [-1, 0] : [match.index, match[0].length]
}
