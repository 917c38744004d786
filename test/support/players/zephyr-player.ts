import { createHash } from "node:crypto"
import { pem } from "../../../service/ca/pem.ts"
import { type Holdings, Player } from "./player.ts"

export interface ZephyrOptions {
  /** CONFIG_TLS_CREDENTIALS_SHELL_CRED_BUF_SIZE; Zephyr's default is 1024. */
  readonly buffer?: number
  /** Credentials of something else under this tag. */
  readonly inUse?: boolean
}

const PROMPT = "\x1b[1;32muart:~$ \x1b[m"
const NAMES: Record<string, string> = { CA: "CA_CERT", SERV: "SERVER_CERT", PK: "PRIVATE_KEY" }

/** Zephyr's shell with `cred`, as its source says: echo, colours, a prompt without a line end, one command a line. */
export class ZephyrPlayer extends Player {
  readonly #size: number
  #line = ""
  #echo = true
  #buffer = ""
  readonly #stored = new Map<string, Buffer>()

  constructor({ buffer = 1024, inUse = false }: ZephyrOptions = {}) {
    super()
    this.#size = buffer
    if (inUse) for (const type of ["CA", "SERV", "PK"]) this.#stored.set(`16842753 ${type}`, Buffer.from("older"))
  }

  override powerUp(): void {
    this.send(`*** Booting Zephyr OS build v4.1.0 ***\r\n${PROMPT}`)
  }

  protected receive(bytes: string): void {
    for (const byte of bytes) {
      // the command buffer ends at 256 bytes (CONFIG_SHELL_CMD_BUFF_SIZE); what is too much is not taken
      if (byte !== "\r" && this.#line.length < 255) this.#line += byte
      if (byte !== "\r") continue
      const line = this.#line
      this.#line = ""
      this.send(this.#echo ? `${echoed(line)}\r\n` : "\r\n")
      if (line.trim() !== "") this.#run(line.trim())
      this.send(PROMPT)
    }
  }

  #run(line: string): void {
    const [root = "", sub = "", ...words] = line.split(/\s+/)
    if (root === "cred" && sub === "buf" && words.length === 1) this.#buf(words[0]!)
    else if (root === "cred" && sub === "add" && words.length === 4) this.#add(words)
    else if (root === "cred" && sub === "del" && words.length === 2) this.#delete(words)
    else if (root === "cred" && sub === "list" && words.length <= 2) this.#list(words[0])
    else if (root === "kernel" && sub === "version") this.#print("Zephyr version 4.1.0")
    else if (root === "hwinfo" && sub === "devid") this.#print("Length: 8\r\nID: 0xf4ce36a1b2c3d4e5")
    else if (root === "shell" && sub === "echo" && /^(on|off)$/.test(words[0] ?? "")) this.#echo = words[0] === "on"
    else {
      if (root === "cred" || root === "shell") this.complaints.push(line)
      this.#fail(`${root}: command not found`)
    }
  }

  #buf(word: string): void {
    if (word === "clear") {
      this.#buffer = ""
      this.#print("Credential buffer cleared.")
    } else if (this.#buffer.length + word.length >= this.#size) {
      this.#fail(
        "Not enough room in credential buffer for provided data. Increase CONFIG_TLS_CREDENTIALS_SHELL_CRED_BUF_SIZE.",
      )
      this.#buffer = ""
    } else {
      this.#buffer += word
      this.#print(`Stored ${word.length} bytes.`)
    }
  }

  #add([tag = "", type = "", backend = "", format = ""]: readonly string[]): void {
    const slot = `${tag} ${type}`
    if (!/^\d+$/.test(tag)) this.#fail(`${tag} is not a valid sectag.`)
    else if (NAMES[type] === undefined) this.#fail(`${type} is not a valid credential type.`)
    else if (backend.toLowerCase() !== "default") this.#fail(`${backend} is not a valid backend.`)
    else if (!/^bint?$/i.test(format)) this.#fail(`${format} is not a valid storage format.`)
    else if (this.#buffer === "") this.#fail("Please provide a credential to add.")
    else if (this.#stored.has(slot)) {
      this.#fail(`TLS credential with sectag ${tag} and type ${NAMES[type]} already exists.`)
    } else this.#keep(slot, type, tag, format)
    this.#buffer = ""
  }

  #keep(slot: string, type: string, tag: string, format: string): void {
    const bytes = Buffer.from(this.#buffer, "base64")
    if (bytes.toString("base64") !== this.#buffer) {
      this.#fail("Could not decode input from base64, error: -22")
      return
    }
    const stored = format.toLowerCase() === "bint" ? Buffer.concat([bytes, Buffer.from([0])]) : bytes
    this.#stored.set(slot, stored)
    this.#print(`Added TLS credential of type ${NAMES[type]}, sectag ${tag}, and length ${stored.length} bytes.`)
  }

  #delete([tag, type = ""]: readonly string[]): void {
    const gone = this.#stored.delete(`${tag} ${type}`)
    const what = `TLS credential with sectag ${tag} and type ${NAMES[type]}.`
    if (gone) this.#print(`Deleted ${what}`)
    else this.#fail(`There is no ${what}`)
  }

  #list(tag: string | undefined): void {
    const own = [...this.#stored].filter(([slot]) => tag === undefined || slot.startsWith(`${tag} `))
    for (const [slot, bytes] of own) {
      this.#print(`${slot.replace(" ", ",")},${createHash("sha256").update(bytes).digest("base64")},0`)
    }
    this.#print(`${own.length} credentials found.`)
  }

  #print(text: string): void {
    this.send(`${text}\r\n`)
  }

  #fail(text: string): void {
    this.send(`\x1b[1;31m${text}\x1b[0m\r\n`)
  }

  holdings(): Holdings {
    const text = (type: string, label: string) => pem(label, this.#stored.get(`16842753 ${type}`) ?? Buffer.alloc(0))
    return {
      ca: text("CA", "CERTIFICATE"),
      certificate: text("SERV", "CERTIFICATE"),
      key: text("PK", "PRIVATE KEY"),
    }
  }
}

/** A terminal of 80 columns: longer lines come back with the cursor sent to the next row in between. */
function echoed(line: string): string {
  const room = 80 - "uart:~$ ".length
  return line.length <= room ? line : `${line.slice(0, room)}\x1b[1E${line.slice(room)}`
}
