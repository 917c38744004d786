/** Characters in a row that give a secret away; a device may echo it broken up or garbled. */
const WINDOW = 8
const MASK = "[secret]"

/** Secrets that went over a line, and texts without them: whatever shares eight characters in a row with one. */
export class Secrets {
  readonly #windows = new Set<string>()

  /** Every part of `secret` without line breaks counts, and one shorter than the window as a whole. */
  add(secret: string): void {
    for (const part of secret.split(/[\r\n]+/)) {
      // what frames a key is public, and stands in certificates too
      if (part === "" || part.startsWith("-----")) continue
      if (part.length < WINDOW) this.#windows.add(part)
      for (let at = 0; at + WINDOW <= part.length; at++) this.#windows.add(part.slice(at, at + WINDOW))
    }
  }

  get any(): boolean {
    return this.#windows.size > 0
  }

  masked(text: string): string {
    if (!this.any) return text
    let masked = ""
    let at = 0
    while (at < text.length) {
      const end = this.#endOfSecret(text, at)
      masked += end === at ? text[at] : masked.endsWith(MASK) ? "" : MASK
      at = Math.max(at + 1, end)
    }
    return masked
  }

  /** Where the secret ends that begins at `at`; `at` itself where none does. */
  #endOfSecret(text: string, at: number): number {
    let end = at
    for (let from = at; from <= end; from++) {
      if (this.#windows.has(text.slice(from, from + WINDOW))) end = from + WINDOW
      else if (from === at) {
        const short = this.#shortAt(text, at)
        if (short === 0) return at
        end = at + short
      }
    }
    return end
  }

  #shortAt(text: string, at: number): number {
    for (let length = WINDOW - 1; length >= 4; length--)
      if (this.#windows.has(text.slice(at, at + length))) return length
    return 0
  }
}
