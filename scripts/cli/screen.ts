import type { WriteStream } from "node:tty"

export type Colour = "green" | "yellow" | "red" | "bold"

const SGR: Readonly<Record<Colour, number>> = { bold: 1, red: 31, green: 32, yellow: 33 }

/** Where a command's answer goes: JSON for programs, or lines for a person. */
export class Screen {
  readonly json: boolean
  readonly #colours: boolean
  readonly #write: (text: string) => void

  constructor(json: boolean, colours: boolean, write: (text: string) => void) {
    this.json = json
    this.#colours = colours
    this.#write = write
  }

  /** The answer as JSON, or as the lines that `lines` makes of it. */
  answer(value: unknown, lines: () => string | readonly string[]): void {
    if (this.json) this.#write(`${asciiControls(JSON.stringify(value, null, 2))}\n`)
    else for (const line of [lines()].flat()) this.#write(`${line}\n`)
  }

  /** As it is: a certificate, a script. */
  raw(text: string): void {
    this.#write(text)
  }

  /** Columns as wide as their widest cell; nothing is cut or wrapped. `none` stands for an empty table. */
  table(heads: readonly string[], rows: readonly (readonly string[])[], none: string): string[] {
    if (rows.length === 0) return [none]
    const cells = rows.map((row) => row.map((cell) => shown(cell) || "-"))
    const widths = heads.map((head, i) => Math.max(head.length, ...cells.map((row) => length(row[i] ?? ""))))
    const line = (row: readonly string[]) =>
      row
        .map((cell, i) => padded(cell, widths[i]!))
        .join("  ")
        .trimEnd()
    return [this.paint("bold", line(heads)), ...cells.map(line)]
  }

  /** One thing, a line for each of its sides. */
  facts(rows: readonly (readonly [string, string | readonly string[]])[]): string[] {
    const width = Math.max(...rows.map(([name]) => name.length))
    return rows.flatMap(([name, value]) => {
      const [first = "", ...more] = [value].flat()
      const head = `${this.paint("bold", name.padEnd(width))}  ${shown(first) || "-"}`
      return [head, ...more.map((next) => `${" ".repeat(width)}  ${shown(next)}`)]
    })
  }

  paint(colour: Colour, text: string): string {
    return this.#colours ? `\x1b[${SGR[colour]}m${text}\x1b[0m` : text
  }
}

/** Colours are for a person's terminal, and only if that person wants them (no-color.org). */
export function wantsColours(stream: Pick<WriteStream, "isTTY">, env: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb"
}

/** Text off the wire as a terminal may show it: nothing in it moves a cursor, turns the direction or starts a line. */
export function shown(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`)
}

/** JSON leaves some controls as they are; written as escapes they mean the same to a program, and nothing to a terminal. */
function asciiControls(json: string): string {
  return json.replace(/[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, (c) => {
    return `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`
  })
}

function length(text: string): number {
  return [...text].length
}

function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - length(text)))
}
