import { createHash, createPrivateKey } from "node:crypto"
import { AtPlayer } from "./at-player.ts"
import type { Holdings } from "./player.ts"

export interface UbloxOptions {
  /** How many certificates and keys fit; 16 in the manual. */
  readonly room?: number
  /** Has no MQTT client of its own. */
  readonly withoutMqtt?: boolean
  /** Whose MD5 the firmware reports. */
  readonly md5?: "der" | "pem" | "sec1"
}

/**
 * A SARA-R410M (AT Commands Manual UBX-17003787): the invitation follows the echo at once, names are overwritten without a
 * word, the 17th certificate is a plain ERROR, and fingerprints are of the DER it keeps.
 */
export class UbloxPlayer extends AtPlayer {
  readonly #options: UbloxOptions
  readonly #stored = new Map<string, string>()
  readonly #profile = new Map<string, string>()

  constructor(options: UbloxOptions = {}) {
    super()
    this.#options = options
  }

  protected override perform(command: string): boolean {
    const fixed: Record<string, string> = {
      "+CGMI": "u-blox",
      "+CGMM": "SARA-R410M-02B",
      "+CGMR": "L0.0.00.00.05.06 [Feb 03 2018 13:00:41]",
      "+CGSN": "357520070000001",
    }
    if (fixed[command] !== undefined) return this.ok(fixed[command])
    return this.#manage(command) || this.#configure(command) || this.#mqtt(command)
  }

  #manage(command: string): boolean {
    if (command === "+USECMNG=3") {
      const kinds = ["CA", "CC", "PK"]
      const lines = [...this.#stored.keys()].map((slot) => {
        const [type, name] = slot.split(",")
        return `"${kinds[Number(type)]}","${name}","gatehouse","2030/01/01"`
      })
      return this.ok(...lines)
    }
    const [, type, name, size] = /^\+USECMNG=0,([012]),"([^"]{1,200})",(\d+)$/.exec(command) ?? []
    if (type !== undefined) return this.#import(type, name!, Number(size))
    const [, operation, slotType, slotName] = /^\+USECMNG=([24]),([012]),"([^"]+)"$/.exec(command) ?? []
    if (operation === undefined) return false
    const slot = `${slotType},${slotName}`
    const pem = this.#stored.get(slot)
    if (pem === undefined) return this.error(4, "operation not supported")
    if (operation === "4") return this.ok(`+USECMNG: 4,${slotType},"${slotName}","${this.#md5(pem)}"`)
    this.#stored.delete(slot)
    return this.ok()
  }

  #import(type: string, name: string, size: number): true {
    if (this.#stored.size >= (this.#options.room ?? 16) && !this.#stored.has(`${type},${name}`)) return this.error()
    this.send(">")
    this.takeData(size, (data) => {
      if (!/-----BEGIN [A-Z ]+-----[^-]+-----END [A-Z ]+-----\s*$/.test(data))
        return this.error(4, "invalid certificate/key format")
      this.#stored.set(`${type},${name}`, data)
      return this.ok(`+USECMNG: 0,${type},"${name}","${this.#md5(data)}"`)
    })
    return true
  }

  #md5(pem: string): string {
    const md5 = (bytes: Buffer | string) => createHash("md5").update(bytes).digest("hex")
    if (this.#options.md5 === "pem") return md5(pem)
    if (this.#options.md5 === "sec1" && pem.includes("PRIVATE KEY")) {
      return md5(createPrivateKey(pem).export({ type: "sec1", format: "der" }))
    }
    return md5(Buffer.from(pem.replace(/-----[^-]+-----/g, ""), "base64")).toUpperCase()
  }

  #configure(command: string): boolean {
    if (/^\+USECPRF=[0-4],(0,[0-3]|1,[0-3])$/.test(command)) return this.ok()
    const [, parameter, name] = /^\+USECPRF=[0-4],([356]),"([^"]+)"$/.exec(command) ?? []
    if (parameter === undefined) return false
    this.#profile.set(parameter, name!)
    return this.ok()
  }

  #mqtt(command: string): boolean {
    const known = /^\+UMQTT=(0,"[^"]+"|2,"[^"]+",\d+|11,1,[0-4])$/.test(command) || command === "+UMQTTC=1"
    if (!known) return false
    if (this.#options.withoutMqtt) return this.error(4, "operation not supported")
    return command === "+UMQTTC=1" ? this.ok("+UMQTTC: 1,1") : this.ok(`+UMQTT: ${command.slice(7).split(",")[0]},1`)
  }

  holdings(): Holdings {
    const item = (type: string, parameter: string) => this.#stored.get(`${type},${this.#profile.get(parameter)}`) ?? ""
    return { ca: item("0", "3"), certificate: item("1", "5"), key: item("2", "6") }
  }
}
