import { readFileSync } from "node:fs"
import { join } from "node:path"
import mqtt, { type MqttClient } from "mqtt"
import { belongsTo, configurationIn, Firmware } from "../../scripts/device/firmware.ts"
import { Storage } from "../../scripts/device/storage.ts"
import { makeDeviceKey } from "../../service/ca/device-key.ts"
import { type OpenPort, serialBinding } from "../../service/serial/binding.ts"
import { encodeFrame, type Message, parseFrame } from "../../service/serial/protocol/frame.ts"

export interface DeviceOptions {
  /** Where its flash is kept; the same folder is the same device. */
  readonly folder: string
  readonly uid?: string
  readonly lock?: "none" | "button" | "code"
  readonly code?: string
  /** Share of the bytes that are garbled, in both directions. */
  readonly errorRate?: number
  /** Share of the answers that are lost. */
  readonly lossRate?: number
  /** Says something of its own every so many milliseconds. */
  readonly chatterMs?: number
  /** Said once it is on, before it answers anything. */
  readonly bootMs?: number
  /** Makes the request instead of the device's own key; for what a thief would send. */
  readonly makeKey?: (commonName: string) => { readonly keyPem: string; readonly csrPem: string }
  /** False: it has no network. */
  readonly connects?: boolean
  readonly seed?: number
}

const BANNER = 'ESP-ROM:esp32c3-api1-20210207\r\nBuild:Feb  7 2021\r\nrst:0x1 (POWERON)\r\n@GH{"id":1,"ok":1}*0000\r\n'

/**
 * A device on the far end of a cable: the firmware of scripts/device/ with a real key and flash in a folder, which
 * connects over mutual TLS with what it was given. It lives and dies with its power, which comes over the cable.
 */
export class SerialDevice implements AsyncDisposable {
  readonly storage: Storage
  readonly #options: DeviceOptions
  readonly #firmware: Firmware
  #random: () => number
  #port: OpenPort | undefined
  #running: Promise<void> = Promise.resolve()
  #client: MqttClient | undefined
  #chatter: NodeJS.Timeout | undefined
  /** Requests understood. */
  requests = 0
  /** How often it made a key. */
  keys = 0

  constructor(options: DeviceOptions) {
    this.#options = options
    this.#random = seeded(options.seed ?? 1)
    this.storage = new Storage(options.folder, options.uid ?? "sim-0001")
    this.#firmware = new Firmware({
      storage: this.storage,
      model: "simulated",
      version: "1.2.3",
      lock: options.lock ?? "none",
      code: options.code,
      makeKey: (name) => {
        this.keys++
        return (options.makeKey ?? makeDeviceKey)(name)
      },
      isPair: belongsTo,
      connect: () => this.#connect(),
    })
  }

  get connected(): boolean {
    return this.#client?.connected ?? false
  }

  /** Switches it on at its end of the cable. */
  async powerOn(path: string): Promise<void> {
    const port = await serialBinding.open(path, 115_200)
    this.#port = port
    this.#running = this.#run(port)
    if (this.storage.page.active !== undefined) this.#connect()
    const { chatterMs } = this.#options
    if (chatterMs !== undefined) {
      this.#chatter = setInterval(() => void this.#say(`I (${Date.now() % 100_000}) wifi: rssi -61\r\n`), chatterMs)
    }
  }

  /** The power goes; the flash stays. */
  async powerOff(): Promise<void> {
    clearInterval(this.#chatter)
    const port = this.#port
    this.#port = undefined
    await port?.close().catch(() => {})
    await this.#running
    await this.#client?.endAsync(true)
    this.#client = undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.powerOff()
  }

  async #run(port: OpenPort): Promise<void> {
    const chunk = Buffer.alloc(4096)
    let text = ""
    const boot = this.#options.bootMs
    if (boot !== undefined) {
      await this.#say(BANNER)
      await new Promise((resolve) => setTimeout(resolve, boot))
    }
    for (;;) {
      const count = await port.read(chunk).catch(() => 0)
      if (count === 0) return
      text += this.#garbled(chunk.toString("latin1", 0, count))
      const lines = text.split("\n")
      text = lines.pop() ?? ""
      for (const line of lines) await this.#hear(line)
    }
  }

  async #hear(line: string): Promise<void> {
    const request = parseFrame(line.replace(/\r$/, ""))
    const answer: Message | undefined = request && this.#firmware.answer(request)
    if (request !== undefined) this.requests++
    if (answer === undefined || this.#random() < (this.#options.lossRate ?? 0)) return
    await this.#say(encodeFrame(answer))
  }

  async #say(text: string): Promise<void> {
    await this.#port?.write(Buffer.from(this.#garbled(text), "latin1")).catch(() => {})
  }

  #garbled(text: string): string {
    const rate = this.#options.errorRate ?? 0
    if (rate === 0) return text
    const bytes = Buffer.from(text, "latin1")
    for (let at = 0; at < bytes.length; at++) {
      if (this.#random() < rate) bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(this.#random() * 8))
    }
    return bytes.toString("latin1")
  }

  #connect(): void {
    const { active } = this.storage.page
    if (active === undefined || this.#options.connects === false || this.#client !== undefined) return
    const file = (name: string) => readFileSync(join(this.storage.folder, active.slot, name))
    const { host = "", port = "", cn = "" } = configurationIn(file("cfg").toString("latin1"))
    this.#client = mqtt.connect(`mqtts://${host}:${port}`, {
      ...{ ca: file("ca"), cert: file("chain"), key: file("key.pem"), clientId: cn },
      ...{ protocolVersion: 5, reconnectPeriod: 200 },
    })
    this.#client.on("error", () => {})
  }
}

/** mulberry32: the same numbers in every run. */
function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
