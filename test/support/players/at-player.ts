import { Player } from "./player.ts"

/**
 * The command line of a modem (V.250): what comes before AT is passed over, a carriage return ends a command, echo is on,
 * answers are framed by CR LF, and data after an invitation is taken by its length.
 */
export abstract class AtPlayer extends Player {
  protected echo = true
  /** +CMEE: 0 hides error codes, 1 shows numbers, 2 words. */
  protected cmee = 0
  #line = ""
  #data: { left: number; taken: string; done(data: string): void } | undefined

  protected receive(bytes: string): void {
    for (const byte of bytes) {
      if (this.#data !== undefined) this.#takeData(byte)
      else if (byte === "\r") this.#end()
      else if (this.#line.length < 8192) this.#line += byte
    }
  }

  /** The next `length` bytes are data; nothing of them is echoed. */
  protected takeData(length: number, done: (data: string) => void): void {
    this.#data = { left: length, taken: "", done }
  }

  /** A command without its AT. True when it was one. */
  protected abstract perform(command: string): boolean

  protected ok(...lines: string[]): true {
    this.send(`${lines.map((line) => `\r\n${line}\r\n`).join("")}\r\nOK\r\n`)
    return true
  }

  protected error(code?: number, words = "unknown"): true {
    const text = code === undefined || this.cmee === 0 ? "ERROR" : `+CME ERROR: ${this.cmee === 1 ? code : words}`
    this.send(`\r\n${text}\r\n`)
    return true
  }

  #takeData(byte: string): void {
    const data = this.#data!
    data.taken += byte
    data.left--
    if (data.left > 0) return
    this.#data = undefined
    data.done(data.taken)
  }

  #end(): void {
    const line = this.#line.replace(/^\n+/, "")
    this.#line = ""
    if (this.echo && line !== "") this.send(`${line}\r`)
    const start = /AT/i.exec(line)?.index
    if (start === undefined) return
    const command = line.slice(start + 2)
    if (command === "") {
      this.ok()
      return
    }
    const cmee = /^\+CMEE=([012])$/.exec(command)
    if (cmee !== null) {
      this.cmee = Number(cmee[1])
      this.ok()
    } else if (!this.perform(command)) {
      // `at AT` is how a modem behind a shell is asked for, and no more than an ERROR to any other
      if (!/^ AT/.test(command)) this.complaints.push(`AT${command.slice(0, 60)}`)
      this.error(100)
    }
  }
}
