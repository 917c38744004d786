import { createHash, randomBytes } from "node:crypto"
import { encode, nul, oid, partsOf, readDer, sequence } from "../../../service/ca/der.ts"
import { makeDeviceKey } from "../../../service/ca/device-key.ts"
import { AtPlayer } from "./at-player.ts"
import type { Holdings } from "./player.ts"

export interface Nrf91Options {
  readonly firmware?: string
  /** Behind Zephyr's shell with its `at` command in place of a bare AT host. */
  readonly shell?: boolean
  /** What ends a command for the AT host (its termination mode). */
  readonly end?: "\r" | "\r\n"
  /** Already in use, with these credentials under the tag. */
  readonly inUse?: boolean
  /** Every %CMNG write fails with this code. */
  readonly writeError?: number
}

const TAG = "16842753"
/** Stands for a carriage return inside quotes, which ends no command. */
const CR = "\u2028"

/**
 * An nRF9160 as "nRF91x1 Cellular AT Commands" describes it: %CMNG changes nothing while the modem is active, a tag and
 * type exists once, %KEYGEN refuses a tag that has a key, and its request carries the NULL that Nordic's does.
 */
export class Nrf91Player extends AtPlayer {
  readonly #options: Nrf91Options
  #fun = 1
  #key = ""
  readonly #stored = new Map<string, string>()
  #shellLine = ""
  #buffer = ""
  #quoted = false

  constructor(options: Nrf91Options = {}) {
    super()
    this.#options = options
    this.echo = false // the AT host of the samples does not echo
    if (options.inUse) for (const type of ["0", "1", "2"]) this.#stored.set(`${TAG},${type}`, `in use ${type}`)
  }

  override powerUp(): void {
    if (this.#options.shell) this.send("*** Booting nRF Connect SDK v2.6.1 ***\r\n\x1b[1;32muart:~$ \x1b[m")
    else this.send("*** Booting nRF Connect SDK v2.6.1 ***\r\nThe AT host sample started\r\n%XVBAT: 5012\r\n")
  }

  protected override receive(bytes: string): void {
    for (const byte of bytes) {
      if (!this.#options.shell) {
        this.#host(byte)
        continue
      }
      if (byte !== "\r") this.#shellLine += byte
      else this.#runShell()
    }
  }

  /**
   * The AT host (at_host.c): no echo; quotes keep a line from ending; everything before the end is the command, so that
   * AT is not looked for in the middle.
   */
  #host(byte: string): void {
    const { end = "\r" } = this.#options
    this.#buffer += byte
    if (byte === '"') this.#quoted = !this.#quoted
    if (this.#quoted || !this.#buffer.endsWith(end)) return
    const command = this.#buffer.slice(0, -end.length).replace(/^\n/, "")
    this.#buffer = ""
    if (/^AT/i.test(command)) super.receive(`${command.replaceAll("\r", CR)}\r`)
    else if (command !== "") this.error()
  }

  /** `at <command>`, quoted when it has quotes or blanks of its own, \n for a line feed. */
  #runShell(): void {
    const line = this.#shellLine.replace(/^\n+/, "")
    this.#shellLine = ""
    this.send(`${line}\r\n`)
    const [, quoted, bare] = /^at (?:'([^']*)'|(\S+))$/.exec(line) ?? []
    if (quoted !== undefined) super.receive(`${quoted.replaceAll("\\n", "\n")}\r`)
    else if (bare !== undefined && !bare.includes('"')) super.receive(`${bare}\r`)
    else if (line !== "") this.send(`\x1b[1;31m${line.split(" ")[0]}: command not found\x1b[0m\r\n`)
    this.send("\x1b[1;32muart:~$ \x1b[m")
  }

  protected override perform(command: string): boolean {
    const { firmware = "mfw_nrf9160_1.3.5" } = this.#options
    const fixed: Record<string, string> = {
      "+CGMI": "Nordic Semiconductor ASA",
      "+CGMM": "nRF9160-SICA",
      "+CGMR": firmware,
      "+CGSN": "352656109480783",
    }
    if (fixed[command] !== undefined) return this.ok(fixed[command])
    const fun = /^\+CFUN=([014])$/.exec(command)
    if (fun !== null) {
      this.#fun = Number(fun[1])
      this.send(`\r\n+CEREG: ${this.#fun === 1 ? 2 : 0}\r\n`) // nobody asked for it
      return this.ok()
    }
    return this.#keygen(command) || this.#cmng(command)
  }

  #keygen(command: string): boolean {
    const match = /^%KEYGEN=(\d+),2,0,"CN=([^",]+)"$/.exec(command)
    if (match === null) return false
    const slot = `${match[1]},2`
    if (this.#fun === 1) return this.error(518)
    if (this.#stored.has(slot)) return this.error(519)
    const { keyPem, csrPem } = makeDeviceKey(match[2]!)
    this.#key = keyPem
    this.#stored.set(slot, keyPem)
    const der = asNordic(Buffer.from(csrPem.replace(/-----.*-----|\s/g, ""), "base64"))
    // "OK" may well be in it: so it always is
    return this.ok(`%KEYGEN: "${der.toString("base64url")}.OK${randomBytes(142).toString("base64url")}"`)
  }

  #cmng(command: string): boolean {
    const [, list, tag] = /^%CMNG=(1)(?:,(\d+))?$/.exec(command) ?? []
    if (list !== undefined) {
      const own = [...this.#stored].filter(([slot]) => tag === undefined || slot.startsWith(`${tag},`))
      const sha = (text: string) => createHash("sha256").update(text).digest("hex").toUpperCase()
      // what Nordic keeps in the modem from the factory is listed as well
      const factory =
        tag === undefined
          ? ['%CMNG: 4294967292,11,"000000000000000000000000000000000000000000000000000000000000000A"']
          : []
      return this.ok(...own.map(([slot, text]) => `%CMNG: ${slot},"${sha(text)}"`), ...factory)
    }
    const [, deleted] = /^%CMNG=3,(\d+,[012])$/.exec(command) ?? []
    if (deleted !== undefined) {
      if (this.#fun === 1) return this.error(518)
      return this.#stored.delete(deleted) ? this.ok() : this.error(513)
    }
    const [, slot, content] = /^%CMNG=0,(\d+,[01]),"([^"]+)"$/s.exec(command) ?? []
    if (slot === undefined) return false
    if (this.#fun === 1) return this.error(518)
    if (this.#options.writeError !== undefined) return this.error(this.#options.writeError)
    if (this.#stored.has(slot)) return this.error(519)
    this.#stored.set(slot, content!.replaceAll(CR, "\r"))
    return this.ok()
  }

  holdings(): Holdings {
    return {
      ca: this.#stored.get(`${TAG},0`) ?? "",
      certificate: this.#stored.get(`${TAG},1`) ?? "",
      key: this.#key,
    }
  }
}

/** With NULL parameters after ecdsa-with-SHA256, which the signature does not cover. */
function asNordic(der: Buffer): Buffer {
  const [info, , signature] = partsOf(readDer(der))
  return encode(sequence(info, sequence(oid("1.2.840.10045.4.3.2"), nul()), signature))
}
