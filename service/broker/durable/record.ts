const FIRST_SIZE = 16 * 1024

/** Writes values one behind the other into a buffer that grows; `RecordReader` reads them in the same order. */
export class RecordWriter {
  #bytes = Buffer.allocUnsafeSlow(FIRST_SIZE)
  #at = 0

  get length(): number {
    return this.#at
  }

  byte(value: number): void {
    this.#room(1)
    this.#bytes[this.#at++] = value
  }

  /** A whole number from 0 to 2^53 - 1, seven bits a byte. */
  unsigned(value: number): void {
    this.#room(8)
    let rest = value
    while (rest >= 128) {
      this.#bytes[this.#at++] = (rest % 128) + 128
      rest = Math.floor(rest / 128)
    }
    this.#bytes[this.#at++] = rest
  }

  /** Any number: milliseconds since the epoch, Infinity, NaN. */
  float(value: number): void {
    this.#room(8)
    this.#at = this.#bytes.writeDoubleLE(value, this.#at)
  }

  text(value: string): void {
    const most = value.length * 3
    this.#room(most + 8)
    const size = most < 128 ? this.#bytes.write(value, this.#at + 1) : Buffer.byteLength(value)
    this.unsigned(size)
    if (most >= 128) this.#bytes.write(value, this.#at)
    this.#at += size
  }

  bytes(value: Uint8Array): void {
    this.unsigned(value.length)
    this.#room(value.length)
    this.#bytes.set(value, this.#at)
    this.#at += value.length
  }

  /** Leaves room for the length of what `write` writes, and fills it in. */
  nested(write: (writer: this) => void): void {
    this.#room(4)
    const head = this.#at
    this.#at += 4
    write(this)
    this.#bytes.writeUInt32LE(this.#at - head - 4, head)
  }

  /** All that was written, in a buffer of its own that may be transferred; the writer begins anew. */
  take(): Buffer<ArrayBuffer> {
    const taken = this.#bytes.subarray(0, this.#at)
    this.#bytes = Buffer.allocUnsafeSlow(FIRST_SIZE)
    this.#at = 0
    return taken
  }

  #room(size: number): void {
    if (this.#at + size <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#at + size))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
  }
}

/** Reads what `RecordWriter` wrote. Throws RangeError where the bytes end too early. */
export class RecordReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  get isOver(): boolean {
    return this.#at >= this.#bytes.length
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#at++)
  }

  unsigned(): number {
    let value = 0
    for (let weight = 1; ; weight *= 128) {
      const byte = this.byte()
      value += (byte & 127) * weight
      if (byte < 128) return value
    }
  }

  float(): number {
    const value = this.#bytes.readDoubleLE(this.#at)
    this.#at += 8
    return value
  }

  text(): string {
    const size = this.unsigned()
    return this.#take(size).toString()
  }

  /** A view. */
  bytes(): Buffer {
    return this.#take(this.unsigned())
  }

  /** What `nested` wrote, as a view. */
  nested(): Buffer {
    const size = this.#bytes.readUInt32LE(this.#at)
    this.#at += 4
    return this.#take(size)
  }

  /** Everything that is left, as a view. */
  rest(): Buffer {
    return this.#take(this.#bytes.length - this.#at)
  }

  #take(size: number): Buffer {
    if (this.#at + size > this.#bytes.length) throw new RangeError("the record ends too early")
    const taken = this.#bytes.subarray(this.#at, this.#at + size)
    this.#at += size
    return taken
  }
}
