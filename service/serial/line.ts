import { setTimeout as delay } from "node:timers/promises"
import type { OpenPort } from "./binding.ts"
import { type Line, LineFault } from "./dialect.ts"
import { Intake } from "./intake.ts"
import { PortFault } from "./port-fault.ts"
import type { Transcript } from "./transcript.ts"

export interface LineParts {
  readonly port: OpenPort
  readonly baudRate: number
  readonly transcript: Transcript
  /** Aborted when the job is cancelled, the port has vanished or the gateway stops; a `LineFault` is the reason. */
  readonly signal: AbortSignal
}

const LONGEST = 8192
const MOST_BYTES = 64 * 1024
/** A driver that takes nothing for so long never will. */
const WRITE_MS = 5000
/** One read of the driver. */
const CHUNK = 16 * 1024

/**
 * A `Line` over an open port. It reads ahead until its buffer is full and then leaves the rest to the kernel, so that a
 * device that never stops talking costs no more memory than a silent one.
 */
export class SerialLine implements Line, AsyncDisposable {
  readonly #port: OpenPort
  readonly #transcript: Transcript
  readonly #ended = new AbortController()
  readonly #intake = new Intake()
  readonly #pump: Promise<void>
  #baudRate: number

  constructor({ port, baudRate, transcript, signal }: LineParts) {
    this.#port = port
    this.#baudRate = baudRate
    this.#transcript = transcript
    const end = () => this.#end(signal.reason instanceof LineFault ? signal.reason : aborted())
    if (signal.aborted) end()
    else signal.addEventListener("abort", end, { once: true, signal: this.#ended.signal })
    this.#pump = this.#readOn()
  }

  get heard(): string {
    return this.#intake.heard
  }

  get baudRate(): number {
    return this.#baudRate
  }

  get signal(): AbortSignal {
    return this.#ended.signal
  }

  /** Bytes received since the port was opened. */
  get received(): number {
    return this.#intake.received
  }

  readLine({ timeoutMs, longest = LONGEST }: { timeoutMs: number; longest?: number }): Promise<string> {
    return this.#await(timeoutMs, () => this.#intake.takeLine(longest), "no line")
  }

  readUntil(
    wanted: string | RegExp,
    { timeoutMs, longest = LONGEST }: { timeoutMs: number; longest?: number },
  ): Promise<string> {
    return this.#await(timeoutMs, () => this.#intake.takeUntil(wanted, longest), `no ${String(wanted)}`)
  }

  async readBytes(count: number, { timeoutMs }: { timeoutMs: number }): Promise<Buffer> {
    if (count > MOST_BYTES) throw new RangeError("at most 64 KiB are read at once")
    return this.#await(timeoutMs, () => this.#intake.takeBytes(count), `fewer than ${count} bytes`)
  }

  discard(): void {
    this.#intake.discard()
  }

  async write(data: string | Buffer, { secret = false }: { secret?: boolean } = {}): Promise<void> {
    this.#ended.signal.throwIfAborted()
    const bytes = typeof data === "string" ? Buffer.from(data, "latin1") : data
    this.#transcript.sent(bytes, secret)
    const late = delay(WRITE_MS, true, { ref: false })
    try {
      const stuck = await Promise.race([this.#unlessEnded(this.#port.write(bytes)), late])
      if (stuck === true)
        throw new LineFault("timeout", "the device takes nothing: check the cable and its flow control")
    } catch (error) {
      throw this.#fault(error)
    }
  }

  async wait(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#ended.signal }).catch(() => this.#ended.signal.throwIfAborted())
  }

  async set(lines: { dtr?: boolean; rts?: boolean }): Promise<void> {
    await this.#unlessEnded(this.#port.set(lines)).catch((error) => {
      if (error instanceof LineFault) throw error // adapters without modem lines have nothing to set
    })
  }

  /** Goes on at another speed; what was received at the wrong one is thrown away. */
  async setBaudRate(baudRate: number): Promise<void> {
    if (baudRate === this.#baudRate) return
    await this.#unlessEnded(this.#port.setBaudRate(baudRate)).catch((error) => {
      throw this.#fault(error)
    })
    this.#baudRate = baudRate
    this.#intake.forget()
    this.#transcript.note(`now at ${baudRate} baud`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end(aborted())
    await this.#port.close().catch(() => {}) // it is gone already
    await this.#pump
    this.#transcript.flush()
  }

  async #readOn(): Promise<void> {
    const chunk = Buffer.allocUnsafe(CHUNK)
    try {
      while (!this.#ended.signal.aborted) {
        await this.#intake.room(this.#ended.signal)
        const count = await this.#unlessEnded(this.#port.read(chunk))
        const bytes = chunk.subarray(0, count)
        this.#transcript.received(bytes)
        this.#intake.add(bytes)
      }
    } catch (error) {
      this.#end(this.#fault(error))
    }
  }

  async #await<T>(timeoutMs: number, take: () => T | undefined, missing: string): Promise<T> {
    const late = performance.now() + timeoutMs
    const before = this.#intake.received
    for (;;) {
      this.#ended.signal.throwIfAborted()
      const taken = take()
      if (taken !== undefined) return taken
      const left = late - performance.now()
      if (left <= 0)
        throw new LineFault("timeout", `${missing} within ${timeoutMs} ms, ${amount(this.received - before)}`)
      await this.#intake.more(left, this.#ended.signal)
    }
  }

  #unlessEnded<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.#ended
    if (signal.aborted) {
      work.catch(() => {})
      return Promise.reject(signal.reason)
    }
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const end = () => reject(signal.reason)
    signal.addEventListener("abort", end, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", end))
    return promise
  }

  #fault(error: unknown): unknown {
    if (this.#ended.signal.aborted) return this.#ended.signal.reason
    if (error instanceof PortFault) return new LineFault("gone", error.message, { cause: error })
    return error
  }

  #end(reason: unknown): void {
    if (!this.#ended.signal.aborted) this.#ended.abort(reason)
  }
}

function aborted(): LineFault {
  return new LineFault("aborted", "the job was cancelled or the gateway stops")
}

function amount(bytes: number): string {
  return bytes === 0 ? "and nothing else was heard" : `though ${bytes} bytes of something else were heard`
}
