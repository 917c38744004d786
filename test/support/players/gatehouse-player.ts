import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { belongsTo, Firmware } from "../../../scripts/device/firmware.ts"
import { Storage } from "../../../scripts/device/storage.ts"
import { type DeviceKey, makeDeviceKey } from "../../../service/ca/device-key.ts"
import { encodeFrame, type Message, parseFrame } from "../../../service/serial/protocol/frame.ts"
import { type Holdings, Player } from "./player.ts"

export interface GatehouseOptions {
  readonly lock?: "none" | "button" | "code"
  readonly code?: string
  makeKey?(commonName: string): DeviceKey
  /** What the device says in place of its answer; undefined for silence. */
  change?(request: Message, answer: Message): Message | undefined
  /** The bytes on the wire, both ways. */
  garble?(bytes: string): string
}

const folder = mkdtempSync(join(tmpdir(), "gatehouse-player-"))
process.once("exit", () => rmSync(folder, { recursive: true, force: true }))

/** The simulated device's firmware on a cable in memory, with whatever is wrong with it. */
export class GatehousePlayer extends Player {
  readonly storage: Storage
  readonly requests: Message[] = []
  readonly #options: GatehouseOptions
  readonly #firmware: Firmware
  #line = ""

  constructor(options: GatehouseOptions = {}) {
    super()
    this.#options = options
    this.storage = new Storage(mkdtempSync(join(folder, "player-")), "player-1")
    this.#firmware = new Firmware({
      storage: this.storage,
      model: "player",
      version: "1",
      lock: options.lock ?? "none",
      code: options.code,
      makeKey: options.makeKey ?? makeDeviceKey,
      isPair: belongsTo,
      connect: () => {},
    })
  }

  protected receive(bytes: string): void {
    const { garble = (text: string) => text } = this.#options
    const lines = (this.#line + garble(bytes)).split(/[\r\n]/)
    this.#line = lines.pop()!
    for (const line of lines) {
      const request = parseFrame(line)
      if (request === undefined) continue
      this.requests.push(request)
      const answer = this.#changed(request, this.#firmware.answer(request))
      if (answer !== undefined) this.send(garble(`\n${encodeFrame(answer)}\n`))
    }
  }

  #changed(request: Message, answer: Message | undefined): Message | undefined {
    const { change } = this.#options
    return answer === undefined || change === undefined ? answer : change(request, answer)
  }

  /** How often an operation was asked for. */
  asked(op: string): number {
    return this.requests.filter((request) => request.op === op).length
  }

  holdings(): Holdings {
    const slot = this.storage.page.active?.slot ?? "a"
    const text = (file: string) => this.storage.read(slot, file).toString("latin1")
    return { ca: text("ca"), certificate: text("chain"), key: text("key.pem") }
  }
}
