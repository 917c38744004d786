import { readAcknowledge } from "./acknowledge-packet.ts"
import { readConnect, readProtocol } from "./connect-packet.ts"
import { readAuth, readDisconnect } from "./disconnect-packet.ts"
import { judgeFirstByte, type State } from "./header.ts"
import { Held } from "./held.ts"
import type { PacketSink, Version } from "./packet.ts"
import { readPublish } from "./publish-packet.ts"
import { Reader } from "./read.ts"
import { malformed, ProtocolError, Reason } from "./reason.ts"
import { readSubscribe, readUnsubscribe } from "./subscribe-packet.ts"
import { TopicCache } from "./topic-cache.ts"

/** One read of a socket, in bytes: what may arrive behind the packet that paused an established connection. */
const ONE_READ = 65536

/** Bytes of the longest fixed header (2.1.1). */
const LONGEST_HEADER = 5

/**
 * Strict incremental decoder for MQTT 3.1, 3.1.1 and 5: bytes in, calls of the sink out. A packet whole within a chunk
 * is read in place; of an incomplete one only what has arrived is kept.
 *
 * While a CONNECT is being decided (from `onConnect` to `establish`) and between `pause` and `resume` nothing is handed
 * on. A method of the sink may call any of them, and `stop`, but not `push`. Whatever is thrown, by the sink too, stops
 * the decoder for good.
 */
export class Decoder {
  /** Set by CONNECT, also by one that is refused, to the version the refusal is to be written in; 0: answer nothing. */
  version: 0 | Version = 0
  /** The largest packet in bytes, its header included; may be changed at any time. */
  limit: number
  /** Whole packets read so far. */
  packets = 0
  #state: State = "awaiting"
  readonly #sink: PacketSink
  readonly #topics = new TopicCache()
  /** Either the begin of one packet, or, while waiting, everything that has arrived. */
  readonly #held = new Held()
  /** Bytes of the packet that `#held` begins with; 0: not known yet. */
  #expected = 0
  /** Bytes of the fixed header found last. */
  #headerSize = 0
  #pauses = 0
  #stopped = false

  constructor(sink: PacketSink, limit: number) {
    this.#sink = sink
    this.limit = limit
  }

  get state(): State {
    return this.#state
  }

  /** Bytes of memory that hold what has arrived but was not read yet. */
  get held(): number {
    return this.#held.room
  }

  /**
   * Reads what has arrived. The chunk may be used again afterwards.
   * @throws ProtocolError with the reason to close for; quotaExceeded when more arrives than may wait
   */
  push(chunk: Buffer): void {
    if (this.#stopped) return
    if (this.#isWaiting) this.#keepWaiting(chunk, 0)
    else this.#run(chunk)
  }

  /** Nothing more is handed on until `resume` was called as often. */
  pause(): void {
    this.#pauses++
  }

  /** Takes one `pause` back; goes on with what has arrived meanwhile. @throws ProtocolError as `push` does */
  resume(): void {
    if (this.#pauses > 0) this.#pauses--
    this.#goOn()
  }

  /** The CONNECT is accepted: goes on with what has arrived meanwhile. @throws ProtocolError as `push` does */
  establish(): void {
    this.#state = "established"
    this.#goOn()
  }

  /** Drops everything, also what is left of the chunk being read; nothing is handed on any more. */
  stop(): void {
    this.#stopped = true
    this.#held.clear()
  }

  get #isWaiting(): boolean {
    return this.#pauses > 0 || this.#state === "deciding"
  }

  #goOn(): void {
    // Nothing is held while a packet is being handed on: what is left of the chunk is read when that call returns.
    const { length } = this.#held
    if (this.#isWaiting || length === 0 || length < this.#expected) return
    this.#run(this.#held.take())
  }

  #run(chunk: Buffer): void {
    try {
      this.#readAll(chunk, this.#held.length === 0 ? 0 : this.#completeHeld(chunk))
    } catch (error) {
      this.stop()
      throw error
    }
  }

  #readAll(chunk: Buffer, from: number): void {
    let at = from
    while (at < chunk.length && !this.#stopped && !this.#isWaiting) {
      this.#expected = this.#packetSize(chunk, at, chunk.length)
      const end = at + this.#expected
      if (end === at || end > chunk.length) break
      this.#readPacket(chunk, at, end)
      at = end
    }
    if (at === chunk.length || this.#stopped) return
    if (this.#isWaiting) this.#keepWaiting(chunk, at)
    else this.#held.add(chunk, at, chunk.length, this.#expected === 0 ? LONGEST_HEADER : this.#expected)
  }

  /** Adds to the incomplete packet what it needs; returns where in `chunk` the next one begins. */
  #completeHeld(chunk: Buffer): number {
    const held = this.#held
    let at = 0
    while (this.#expected === 0 && at < chunk.length) {
      held.add(chunk, at, at + 1, LONGEST_HEADER)
      at++
      this.#expected = this.#packetSize(held.bytes, 0, held.length)
    }
    const end = Math.min(chunk.length, at + this.#expected - held.length)
    if (at < end) held.add(chunk, at, end, this.#expected)
    if (this.#expected === 0 || held.length < this.#expected) return chunk.length
    const packet = held.take()
    this.#readPacket(packet, 0, packet.length)
    return end
  }

  /** Bytes of the packet that begins at `at`; 0: its length has not arrived yet. Judges its first byte and its size. */
  #packetSize(buffer: Buffer, at: number, end: number): number {
    judgeFirstByte(buffer[at]!, this.#state, this.version)
    let length = 0
    for (let next = at + 1, shift = 0; next < end; next++, shift += 7) {
      const byte = buffer[next]!
      length |= (byte & 0x7f) << shift
      if (byte > 0x7f) {
        if (shift === 21) malformed("the remaining length is over four bytes (2.1.4)")
        continue
      }
      // MQTT 3.1 and 3.1.1 do not ask for the shortest form.
      if (byte === 0 && shift > 0 && this.version === 5) malformed("an over-long remaining length [MQTT-1.5.5-1]")
      this.#headerSize = next + 1 - at
      if (this.#headerSize + length > this.limit) {
        throw new ProtocolError(Reason.packetTooLarge, `a packet of ${this.#headerSize + length} bytes`)
      }
      return this.#headerSize + length
    }
    return 0
  }

  #keepWaiting(chunk: Buffer, from: number): void {
    const most = this.#state === "established" ? this.limit + ONE_READ : this.limit
    if (this.#held.length + chunk.length - from > most) {
      this.stop()
      throw new ProtocolError(Reason.quotaExceeded, "too many bytes while a packet is being decided")
    }
    if (this.#held.length === 0) this.#expected = 0
    this.#held.add(chunk, from, chunk.length, most)
  }

  #readPacket(buffer: Buffer, at: number, end: number): void {
    this.packets++
    const first = buffer[at]!
    const from = at + this.#headerSize
    if ((first & 0xf0) === 0x30) readPublish(this.#sink, this.#topics, this.version, first, buffer, from, end)
    else this.#readOther(first, new Reader(buffer, from, end))
  }

  #readOther(first: number, reader: Reader): void {
    const type = first >> 4
    switch (type) {
      case 1:
        this.#readConnect(first, reader)
        break
      case 4:
      case 5:
      case 6:
      case 7:
        readAcknowledge(this.#sink, this.version, type, reader)
        break
      case 8:
        readSubscribe(this.#sink, this.version, reader)
        break
      case 10:
        readUnsubscribe(this.#sink, this.version, reader)
        break
      case 12:
        reader.finish()
        this.#sink.onPing()
        break
      case 14:
        readDisconnect(this.#sink, this.version, reader)
        break
      default:
        readAuth(this.#sink, reader)
    }
  }

  #readConnect(first: number, reader: Reader): void {
    const padded = this.#headerSize > 2 && reader.buffer[reader.position - 1] === 0
    const { level, version } = readProtocol(reader)
    this.version = version
    if (level !== version) {
      throw new ProtocolError(Reason.unsupportedProtocolVersion, `protocol level ${level} [MQTT-3.1.2-2]`)
    }
    if (version > 3 && (first & 15) !== 0) malformed("reserved header flags [MQTT-2.1.3-1]")
    if (version === 5 && padded) malformed("an over-long remaining length [MQTT-1.5.5-1]")
    const packet = readConnect(reader, version)
    this.#state = "deciding"
    this.#sink.onConnect(packet)
  }
}
