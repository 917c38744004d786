import type { Writable } from "node:stream"

/** Frames gathered beyond this many bytes are written at once instead of at the end of the turn. */
const SCRATCH_BYTES = 65536
/** Copying by hand is quicker than a call below this length. */
const SHORT = 16

const dirty: Outbox[] = []
let scheduled = false
let scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES)

function flushAll(): void {
  scheduled = false
  const now = dirty.splice(0)
  for (const outbox of now) outbox.flush()
}

/**
 * One write per connection and loop turn: frames are gathered by reference, so that a frame shared by a thousand
 * receivers exists once, and copied together, packet identifiers patched in, when the turn ends.
 */
export class Outbox {
  readonly #stream: Writable
  /** Only a plain TCP socket has let go of a buffer once nothing is left to write; TLS and WebSocket keep it. */
  readonly #reusesScratch: boolean
  readonly #frames: Buffer[] = []
  /** For each frame the packet identifier and where it goes, as `at * 65536 + id`; 0: none. */
  readonly #patches: number[] = []
  #bytes = 0
  #queued = false

  constructor(stream: Writable, plainSocket: boolean) {
    this.#stream = stream
    this.#reusesScratch = plainSocket
  }

  /** Bytes that wait: gathered here, and in the socket. */
  get backlog(): number {
    return this.#bytes + this.#stream.writableLength
  }

  push(frame: Buffer, packetIdAt: number, packetId: number): void {
    this.#frames.push(frame)
    this.#patches.push(packetIdAt === 0 ? 0 : packetIdAt * 65536 + packetId)
    this.#bytes += frame.length
    if (!this.#queued) {
      this.#queued = true
      dirty.push(this)
      if (!scheduled) {
        scheduled = true
        setImmediate(flushAll)
      }
    }
    if (this.#bytes > SCRATCH_BYTES) this.#write()
  }

  flush(): void {
    this.#queued = false
    this.#write()
  }

  #write(): void {
    const total = this.#bytes
    if (total === 0) return
    this.#bytes = 0
    if (!this.#stream.destroyed) {
      const reuse = this.#reusesScratch && total <= SCRATCH_BYTES
      const out = reuse ? scratch : Buffer.allocUnsafe(total)
      this.#gather(out)
      this.#stream.write(reuse ? scratch.subarray(0, total) : out)
      // what the kernel did not take at once still lies in the scratch buffer: leave it to the socket
      if (reuse && this.#stream.writableLength !== 0) scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES)
    }
    this.#frames.length = 0
    this.#patches.length = 0
  }

  #gather(out: Buffer): void {
    const count = this.#frames.length
    let at = 0
    for (let i = 0; i < count; i++) {
      const frame = this.#frames[i] as Buffer
      const length = frame.length
      if (length < SHORT) for (let j = 0; j < length; j++) out[at + j] = frame[j] as number
      else out.set(frame, at)
      const patch = this.#patches[i] as number
      if (patch !== 0) {
        const where = at + Math.floor(patch / 65536)
        out[where] = (patch >> 8) & 255
        out[where + 1] = patch & 255
      }
      at += length
    }
  }
}
