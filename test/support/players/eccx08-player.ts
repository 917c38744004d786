import { makeDeviceKey } from "../../../service/ca/device-key.ts"
import { type Holdings, Player } from "./player.ts"

export interface Eccx08Options {
  readonly locked?: boolean
  readonly chip?: boolean
}

const SERIAL = "0123A1B2C3D4E5F601"

/**
 * The sketch ECCX08CSR, question by question as its source prints them. A line feed ends an answer, a carriage return is
 * ignored, an empty answer is the default, and what was decided stays decided.
 */
export class Eccx08Player extends Player {
  locked: boolean
  /** How often a key was made in the secure element: each one destroyed another. */
  keysMade = 0
  readonly #chip: boolean
  #questions: Iterator<string, void, string> | undefined
  #line = ""
  #key = ""

  constructor({ locked = true, chip = true }: Eccx08Options = {}) {
    super()
    this.locked = locked
    this.#chip = chip
  }

  /** Also what its reset button does. */
  override powerUp(): void {
    this.#line = ""
    this.#questions = this.#sketch()
    this.#next("")
  }

  protected receive(bytes: string): void {
    for (const byte of bytes) {
      if (byte === "\r" || this.#questions === undefined) continue
      if (byte !== "\n") this.#line += byte
      else {
        const line = this.#line
        this.#line = ""
        this.#next(line)
      }
    }
  }

  #next(answer: string): void {
    const asked = this.#questions?.next(answer)
    if (asked?.done) this.#questions = undefined
    else if (asked !== undefined) this.send(asked.value)
  }

  *#sketch(): Generator<string, void, string> {
    const print = (text = "") => this.send(`${text}\r\n`)
    if (!this.#chip) return print("No ECCX08 present!")
    print(`ECCX08 Serial Number = ${SERIAL}`)
    print()
    if (!this.locked) {
      const question =
        "The ECCX08 on your board is not locked, would you like to PERMANENTLY configure and lock it now? (y/N)"
      const lock = yield* this.#ask(question, "N")
      if (!lock.toLowerCase().startsWith("y")) return print("Unfortunately you can't proceed without locking it :(")
      this.locked = true
      print("ECCX08 locked successfully")
      print()
    }
    print("Hi there, in order to generate a new CSR for your board, we'll need the following information ...")
    print()
    yield* this.#ask("Country Name (2 letter code)", "")
    yield* this.#ask("State or Province Name (full name)", "")
    yield* this.#ask("Locality Name (eg, city)", "")
    yield* this.#ask("Organization Name (eg, company)", "")
    yield* this.#ask("Organizational Unit Name (eg, section)", "")
    const common = yield* this.#ask("Common Name (e.g. server FQDN or YOUR name)", SERIAL)
    yield* this.#ask("What slot would you like to use? (0 - 4)", "0")
    const fresh = yield* this.#ask("Would you like to generate a new private key? (Y/n)", "Y")
    print()
    const { keyPem, csrPem } = makeDeviceKey(common)
    if (fresh.toLowerCase().startsWith("y")) this.keysMade++
    this.#key = keyPem
    print("Here's your CSR, enjoy!")
    print()
    print(csrPem)
  }

  *#ask(prompt: string, preset: string): Generator<string, string, string> {
    const line = yield `${prompt} [${preset}]: `
    const answer = line === "" ? preset : line
    this.send(`${answer}\r\n`)
    return answer
  }

  /** The sketch takes no certificate; the person puts it into the next one. */
  holdings(): Holdings {
    return { ca: "", certificate: "", key: this.#key }
  }
}
