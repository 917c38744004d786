import type { TranscriptEntry } from "../provisioning/transcripts.ts"
import { Secrets } from "./secrets.ts"

/** Characters of one entry. Device lines that carry a certificate are shown cut. */
const LONGEST_ENTRY = 500
/** A line without an end is written when it has become so long. */
const LONGEST_LINE = 8192
/** What one device may say in one second before the log counts bytes only. */
const BYTES_PER_SECOND = 16 * 1024

/**
 * Writes down both ways of a line, in lines, without secrets and bounded: a device that never stops talking is counted
 * instead of quoted.
 */
export class Transcript {
  readonly #write: (entry: TranscriptEntry) => void
  readonly #now: () => number
  readonly #secrets = new Secrets()
  /** Not yet ended by a LF. */
  #open = ""
  #second = 0
  #spent = 0
  #unquoted = 0

  constructor(write: (entry: TranscriptEntry) => void, now: () => number) {
    this.#write = write
    this.#now = now
  }

  note(sentence: string): void {
    this.flush()
    this.#enter("note", sentence)
  }

  sent(bytes: Buffer, secret: boolean): void {
    this.flush()
    if (!secret) {
      for (const line of linesOf(bytes.toString("latin1"))) this.#enter("out", line)
      return
    }
    this.#secrets.add(bytes.toString("latin1"))
    this.#enter("out", `[secret, ${bytes.length} bytes]`)
  }

  received(bytes: Buffer): void {
    if (!this.#affords(bytes.length)) return
    const lines = (this.#open + bytes.toString("latin1")).split("\n")
    this.#open = lines.pop() ?? ""
    for (const line of lines) this.#enter("in", line.replace(/\r$/, ""))
    if (this.#open.length > LONGEST_LINE) this.flush()
  }

  /** Writes what was received and has no end yet. */
  flush(): void {
    if (this.#unquoted > 0) this.#enter("note", `${this.#unquoted} more bytes were received and are not shown`)
    this.#unquoted = 0
    if (this.#open !== "") this.#enter("in", this.#open)
    this.#open = ""
  }

  #affords(count: number): boolean {
    const second = Math.floor(this.#now() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#spent = 0
      if (this.#unquoted > 0) this.flush()
    }
    this.#spent += count
    if (this.#spent <= BYTES_PER_SECOND) return true
    this.#unquoted += count
    return false
  }

  #enter(way: TranscriptEntry["way"], text: string): void {
    if (text === "" && way !== "note") return
    const plain = this.#secrets.masked(text.slice(0, LONGEST_LINE))
    const cut = plain.length > LONGEST_ENTRY ? `${plain.slice(0, LONGEST_ENTRY)}… (${text.length} characters)` : plain
    this.#write({ at: this.#now(), way, text: way === "note" ? cut : printable(cut) })
  }
}

function linesOf(text: string): string[] {
  return text.split(/\r?\n|\r/)
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e…]|\\/g, (c) => {
    if (c === "\r") return "\\r"
    if (c === "\t") return "\\t"
    return c === "\\" ? "\\\\" : `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`
  })
}
