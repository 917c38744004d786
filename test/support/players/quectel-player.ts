import { AtPlayer } from "./at-player.ts"
import type { Holdings } from "./player.ts"

export interface QuectelOptions {
  /** bg96: files (+QFUPL). m66: a store for certificates (+QSECWRITE). */
  readonly model?: "bg96" | "m66"
  /** Every upload fails with this code. */
  readonly uploadError?: number
  /** One byte of each upload arrives wrong. */
  readonly garbles?: boolean
  /** No network: +QMTOPEN fails. */
  readonly offline?: boolean
}

/** A BG96 (FILE and SSL AT Commands Manuals V1.0) or an M66 (GSM SSL Application Note V3.3). */
export class QuectelPlayer extends AtPlayer {
  readonly #options: QuectelOptions
  readonly #files = new Map<string, string>()
  readonly #context = new Map<string, string>()

  constructor(options: QuectelOptions = {}) {
    super()
    this.#options = options
  }

  override powerUp(): void {
    this.send("\r\nRDY\r\n\r\n+CPIN: READY\r\n\r\n+QIND: SMS DONE\r\n")
  }

  get #isOld(): boolean {
    return this.#options.model === "m66"
  }

  protected override perform(command: string): boolean {
    const fixed: Record<string, string> = {
      "+CGMI": this.#isOld ? "Quectel_Ltd" : "Quectel",
      "+CGMM": this.#isOld ? "Quectel_M66" : "BG96",
      "+CGMR": this.#isOld ? "Revision: M66FAR02A05BT" : "BG96MAR02A07M1G",
      "+CGSN": "866425031234567",
    }
    if (fixed[command] !== undefined) return this.ok(fixed[command])
    if (command === "+QSECWRITE=?")
      return this.#isOld ? this.ok('+QSECWRITE: "filename",(1-32768),(3-65535)') : this.error()
    return (
      this.#upload(command) || this.#list(command) || this.#remove(command) || this.#ssl(command) || this.#mqtt(command)
    )
  }

  #upload(command: string): boolean {
    const pattern = this.#isOld
      ? /^\+QSECWRITE="((?:NV)?RAM:[^"]{1,54})",(\d+),(\d+)$/
      : /^\+QFUPL="([^":]{1,80})",(\d+),(\d+)$/
    const [, name, size] = pattern.exec(command) ?? []
    if (name === undefined) return false
    if (!this.#isOld && this.#files.has(name)) return this.error(407)
    const { uploadError } = this.#options
    if (uploadError !== undefined) return this.error(uploadError)
    this.send("\r\nCONNECT\r\n")
    this.takeData(Number(size), (data) => {
      const taken = this.#options.garbles ? `X${data.slice(1)}` : data
      this.#files.set(name, taken)
      this.ok(`+${this.#isOld ? "QSECWRITE" : "QFUPL"}: ${taken.length},${xor16(taken)}`)
    })
    return true
  }

  #list(command: string): boolean {
    const [, read] = /^\+QSECREAD="(NVRAM:[^"]+)"$/.exec(command) ?? []
    // as recorded, its checksum is another than that of +QSECWRITE
    if (this.#isOld && read !== undefined) return this.#files.has(read) ? this.ok("+QSECREAD: 1,4c30") : this.error(705)
    const [, name] = /^\+QFLST="([^"]+)"$/.exec(command) ?? []
    if (this.#isOld || name === undefined) return false
    const file = this.#files.get(name)
    return file === undefined ? this.error(405) : this.ok(`+QFLST: "${name}",${file.length}`)
  }

  #remove(command: string): boolean {
    const pattern = this.#isOld ? /^\+QSECDEL="(NVRAM:[^"]+)"$/ : /^\+QFDEL="([^":]+)"$/
    const [, name] = pattern.exec(command) ?? []
    if (name === undefined) return false
    return this.#files.delete(name) ? this.ok() : this.error(405)
  }

  #ssl(command: string): boolean {
    const [, read] = /^\+QSSLCFG="(clientcert)",[0-5]$/.exec(command) ?? []
    if (read !== undefined) return this.ok(`+QSSLCFG: "${read}",1,"${this.#context.get(read) ?? ""}"`)
    const [, what, value] = /^\+QSSLCFG="(cacert|clientcert|clientkey)",[0-5],"([^"]+)"$/.exec(command) ?? []
    if (what !== undefined) {
      if (!this.#files.has(value!)) return this.error(405)
      this.#context.set(what, value!)
      return this.ok()
    }
    return /^\+QSSLCFG="(seclevel",[0-5],[012]|sslversion",[0-5],[0-4])$/.test(command) ? this.ok() : false
  }

  #mqtt(command: string): boolean {
    if (/^\+QMTCFG="SSL",[0-5],1,[0-5]$/.test(command)) return this.ok()
    if (/^\+QMTOPEN=[0-5],"[^"]{1,100}",\d{1,5}$/.test(command)) {
      this.ok()
      setImmediate(() => this.send(`\r\n+QMTOPEN: 0,${this.#options.offline ? 3 : 0}\r\n`))
      return true
    }
    return /^\+QMTCONN=[0-5],"[^"]+"$/.test(command) ? this.ok() : false
  }

  holdings(): Holdings {
    const file = (what: string) => this.#files.get(this.#context.get(what) ?? "") ?? ""
    return { ca: file("cacert"), certificate: file("clientcert"), key: file("clientkey") }
  }
}

/** From the note in the manual: exclusive or of 16-bit words, an odd last byte is the high half of one. */
function xor16(data: string): string {
  let [high, low] = [0, 0]
  for (const [i, byte] of Array.from(data).entries()) {
    if (i % 2 === 0) high ^= byte.charCodeAt(0)
    else low ^= byte.charCodeAt(0)
  }
  return ((high << 8) | low).toString(16)
}
