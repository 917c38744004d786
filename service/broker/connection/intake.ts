import type { Duplex } from "node:stream"
import type { Limits } from "../../limits.ts"
import type { Decoder } from "../wire/decode.ts"

/** Bytes read of one client before it is the others' turn. */
const AT_ONCE = 65536

/** Why a client is not read for the moment. */
const Pause = {
  /** Its CONNECT is being decided. */
  admission: 1,
  /** It is over its publish rate. */
  rate: 2,
  /** It sends, but does not take the answers. */
  answers: 4,
  /** It lets the others go first. */
  turn: 8,
  /** The disk is to have what it has sent. */
  disk: 16,
} as const

/**
 * How much of what a client sends is read, and when. Nothing is lost by not reading: it waits in the socket, and what
 * no longer fits there with the client.
 */
export class Intake {
  readonly #stream: Duplex
  readonly #decoder: Decoder
  readonly #limits: Limits
  /** The bits of `Pause`. */
  #pauses = 0
  #publishesThisSecond = 0
  /** Bytes read since the others had their turn. */
  #taken = 0

  constructor(stream: Duplex, decoder: Decoder, limits: Limits) {
    this.#stream = stream
    this.#decoder = decoder
    this.#limits = limits
  }

  get awaitsAdmission(): boolean {
    return (this.#pauses & Pause.admission) !== 0
  }

  /** The client is not read for a reason of ours, whatever it may have sent. */
  get isHeldUp(): boolean {
    return (this.#pauses & (Pause.rate | Pause.disk)) !== 0
  }

  /** @throws what the decoder throws */
  receive(chunk: Buffer): void {
    if (this.#decoder.state === "established") this.#decoder.push(chunk)
    else this.#receiveBeforeLogin(chunk)
    this.#taken += chunk.length
    if (this.#taken >= AT_ONCE) this.#yield()
  }

  /** Nothing more is handed on until `admit`. */
  awaitAdmission(): void {
    if (this.awaitsAdmission) return
    this.#decoder.pause()
    this.#pause(Pause.admission)
  }

  /** Goes on where `awaitAdmission` stopped, if it did. @throws what the decoder throws */
  admit(): void {
    if (!this.awaitsAdmission) return
    try {
      this.#decoder.resume()
    } finally {
      this.#resume(Pause.admission)
    }
  }

  /** The client is to take what waits for it first; call `drained` once it has. */
  awaitDrain(): void {
    if (this.#stream.writableNeedDrain) this.#pause(Pause.answers)
  }

  drained(): void {
    this.#resume(Pause.answers)
  }

  /** What came is to be on the disk first; call `kept` once most of it is. */
  awaitDisk(): void {
    this.#pause(Pause.disk)
  }

  kept(): void {
    this.#resume(Pause.disk)
  }

  /** One more PUBLISH. True: with it the client is over its rate, and is not read until the second is over. */
  countPublish(): boolean {
    const most = this.#limits.publishesPerSecond
    if (most === 0 || ++this.#publishesThisSecond <= most || (this.#pauses & Pause.rate) !== 0) return false
    this.#pause(Pause.rate)
    return true
  }

  /** A second is over. */
  nextSecond(): void {
    this.#publishesThisSecond = 0
    this.#resume(Pause.rate)
  }

  /** What comes right behind a CONNECT goes back into the stream while its password is hashed: the socket holds it. */
  #receiveBeforeLogin(chunk: Buffer): void {
    const portion = this.#limits.packetBytesBeforeLogin
    for (let at = 0; at < chunk.length; ) {
      if (this.awaitsAdmission) return this.#stream.unshift(chunk.subarray(at))
      const end = this.#decoder.state === "established" ? chunk.length : at + portion
      this.#decoder.push(chunk.subarray(at, end))
      at = end
    }
  }

  /** libuv reads up to 2 MiB of one socket in a row: a client that floods would hold up all others for so long. */
  #yield(): void {
    this.#taken = 0
    if ((this.#pauses & Pause.turn) !== 0) return
    this.#pause(Pause.turn)
    setImmediate(() => this.#resume(Pause.turn))
  }

  #pause(why: number): void {
    this.#pauses |= why
    this.#stream.pause()
  }

  #resume(why: number): void {
    if ((this.#pauses & why) === 0) return
    this.#pauses &= ~why
    if (this.#pauses === 0) this.#stream.resume()
  }
}
