import { randomBytes } from "node:crypto"
import { readFileSync } from "node:fs"
import { setTimeout as delay } from "node:timers/promises"
import { type DeviceKey, makeDeviceKey } from "../../service/ca/device-key.ts"
import { type OpenPort, serialBinding } from "../../service/serial/binding.ts"
import { encodeFrame, type Message, parseFrame } from "../../service/serial/protocol/frame.ts"
import { belongsTo, Firmware } from "./firmware.ts"
import { BOOT_MESSAGES, garbled, type Misbehaviour, WELL_BEHAVED } from "./misbehaviour.ts"
import { Network } from "./network.ts"
import { Storage } from "./storage.ts"

export interface BoardOptions {
  /** Path of the serial port, such as one end of a pty pair. */
  readonly port: string
  readonly baudRate?: number
  /** Where the device keeps its state; made when it is not there. */
  readonly folder: string
  /** The device's own name; only a new one takes it. */
  readonly uid?: string
  readonly lock?: "none" | "button" | "code"
  readonly code?: string
  /** Reaches the broker under this address in place of the one it was told. */
  readonly gateway?: string | undefined
  readonly misbehaviour?: Partial<Misbehaviour>
  /** Told what the device does, in sentences. */
  readonly say?: (sentence: string) => void
}

const LONGEST_LINE = 4096
const REPLUG_MS = 50

/** A simulated device: powered, and on a cable that may be pulled and plugged in again. */
export class Board implements AsyncDisposable {
  readonly storage: Storage
  readonly network: Network
  readonly #options: BoardOptions
  readonly #ways: Misbehaviour
  readonly #firmware: Firmware
  readonly #off = new AbortController()
  readonly #say: (sentence: string) => void
  #port: OpenPort | undefined
  #life: Promise<unknown> = Promise.resolve()
  #deaf = false

  private constructor(options: BoardOptions) {
    this.#options = options
    this.#ways = { ...WELL_BEHAVED, ...options.misbehaviour }
    this.#say = options.say ?? (() => {})
    this.storage = new Storage(options.folder, options.uid ?? `sim-${randomBytes(4).toString("hex")}`)
    this.network = new Network(this.storage, options.gateway, this.#say)
    this.#firmware = new Firmware({
      storage: this.storage,
      model: "simulated",
      version: "1.0",
      lock: options.lock ?? "none",
      code: options.code,
      makeKey: (commonName) => this.#makeKey(commonName),
      isPair: belongsTo,
      connect: () => void this.#restart(),
    })
  }

  /** Powers it up; resolves when its port is open and it has printed what a board prints. */
  static async powerUp(options: BoardOptions): Promise<Board> {
    const board = new Board(options)
    await board.#open()
    await board.#boot()
    board.#life = Promise.all([board.#live(), board.#chatter(), board.#flood()])
    board.#life.catch(() => {}) // told when it is disposed of
    return board
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#off.abort()
    await this.#close()
    await this.network[Symbol.asyncDispose]()
    // a line that nobody reads from keeps a write waiting for ever, also when it is closed
    await Promise.race([this.#life, delay(1000, undefined, { ref: false })])
  }

  #makeKey(commonName: string): DeviceKey {
    this.#say(`makes a key of its own, and a request for ${commonName}`)
    const key = makeDeviceKey(this.#ways.name ?? commonName)
    if (this.#ways.replay === undefined) return key
    const request = readFileSync(this.#ways.replay).toString("base64")
    return { ...key, csrPem: `-----BEGIN-----\n${request}\n-----END-----` }
  }

  async #open(): Promise<void> {
    this.#port = await serialBinding.open(this.#options.port, this.#options.baudRate ?? 115_200)
  }

  async #boot(): Promise<void> {
    for (const message of BOOT_MESSAGES) await this.#print(`${message}\r\n`)
    const { active } = this.storage.page
    if (active !== undefined && !this.#off.signal.aborted) this.network.connect(active.slot)
  }

  /** As after a reset: deaf for a moment, then the boot messages, then the network. */
  async #restart(): Promise<void> {
    this.#say("starts anew with what it was given")
    this.#deaf = true
    await delay(100)
    if (this.#off.signal.aborted) return
    await this.#boot()
    this.#deaf = false
  }

  /** Reads until the power goes; opens the port again when the cable was pulled. */
  async #live(): Promise<void> {
    const into = Buffer.allocUnsafe(4096)
    let rest = ""
    while (!this.#off.signal.aborted) {
      const count = await this.#port?.read(into).catch(() => 0)
      if (count === undefined || count === 0) {
        rest = ""
        await this.#replug()
        continue
      }
      const lines = (rest + garbled(into.subarray(0, count), this.#ways.errors).toString("latin1")).split(/[\r\n]/)
      rest = lines.pop()!.slice(-LONGEST_LINE)
      for (const line of lines) await this.#receive(line)
    }
  }

  async #close(): Promise<void> {
    const port = this.#port
    this.#port = undefined
    await port?.close().catch(() => {})
  }

  async #replug(): Promise<void> {
    await this.#close()
    if (this.#off.signal.aborted) return
    await delay(REPLUG_MS)
    await this.#open().catch(() => {}) // not plugged in yet
    // switched off meanwhile, when there was no port to close: an open one would keep the process alive
    if (this.#off.signal.aborted) await this.#close()
  }

  async #receive(line: string): Promise<void> {
    const request = parseFrame(line)
    const answer = request && !this.#deaf ? this.#answer(request) : undefined
    if (answer === undefined || this.#ways.silent || Math.random() < this.#ways.lose) return
    if (this.#ways.slow > 0) await delay(this.#ways.slow)
    if (this.#ways.giant) await this.#print("x".repeat(64 * 1024))
    await this.#print(`\n${encodeFrame(answer)}\n`)
  }

  #answer(request: Message): Message | undefined {
    const answer = this.#firmware.answer(request)
    const { endless } = this.#ways
    if (endless === 0 || answer?.ok !== 1) return answer
    if (request.op === "key") return { ...answer, len: endless }
    return answer
  }

  async #chatter(): Promise<void> {
    if (this.#ways.chatter === 0) return
    for (let n = 0; !this.#off.signal.aborted; n++) {
      await this.#print(`I (${n * this.#ways.chatter}) adc: ${(Math.random() * 4096).toFixed(0)} mV`)
      await this.#print(n % 3 === 0 ? "" : "\r\n")
      await delay(this.#ways.chatter)
    }
  }

  async #flood(): Promise<void> {
    if (!this.#ways.flood) return
    const much = Buffer.from("never silent ".repeat(1200).concat("\n"))
    while (!this.#off.signal.aborted) {
      await this.#write(much)
      await delay(1)
    }
  }

  #print(text: string): Promise<void> {
    return this.#write(garbled(Buffer.from(text, "latin1"), this.#ways.errors))
  }

  async #write(bytes: Buffer): Promise<void> {
    if (bytes.length > 0) await this.#port?.write(bytes).catch(() => {}) // into a cable that was pulled
  }
}
