const NOTHING = Buffer.alloc(0)
const FIRST_SIZE = 512

/**
 * Bytes that wait for more. They are copied, so that neither a socket's whole read buffer nor a Buffer per byte of a
 * client that trickles is kept; the room doubles as bytes arrive, so that a claimed length costs nothing by itself.
 */
export class Held {
  length = 0
  #bytes: Buffer = NOTHING

  /** Bytes of memory taken. */
  get room(): number {
    return this.#bytes.length
  }

  /** The bytes so far; valid until the next call. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.length)
  }

  /** Appends bytes `from` to `to` of `chunk`; there will never be more than `most`, so no more room is made. */
  add(chunk: Buffer, from: number, to: number, most: number): void {
    const length = this.length + to - from
    if (length > this.#bytes.length) this.#grow(length, most)
    chunk.copy(this.#bytes, this.length, from, to)
    this.length = length
  }

  /** Hands the bytes over and is empty again. */
  take(): Buffer {
    const bytes = this.bytes
    this.clear()
    return bytes
  }

  clear(): void {
    this.#bytes = NOTHING
    this.length = 0
  }

  #grow(needed: number, most: number): void {
    const room = Math.min(Math.max(2 * this.#bytes.length, FIRST_SIZE), most)
    const bytes = Buffer.allocUnsafeSlow(Math.max(needed, room))
    this.#bytes.copy(bytes, 0, 0, this.length)
    this.#bytes = bytes
  }
}
