import { isUsername } from "../access/username.ts"
import { GatewayError } from "../errors.ts"

/** Devices of one order; a day's work. */
export const MOST_NAMES = 500

/** One device of a batch. */
export interface Named {
  readonly username: string
  /** Undefined: those of the whole batch. */
  readonly roles?: readonly string[]
  readonly note?: string
}

/**
 * The names of a pattern: its one run of `#` is replaced by a number, padded with zeros to the length of the run:
 * `pump-###` from 7, twice, is pump-007 and pump-008. Throws `bad-request`.
 */
export function namesOf(pattern: string, from: number, count: number): Named[] {
  const parts = /^([^#]*)(#+)([^#]*)$/.exec(pattern)
  if (parts === null) throw refusal(`the pattern "${shown(pattern)}" must have one run of #, as in pump-###`)
  if (count > MOST_NAMES) throw refusal(`a batch has at most ${MOST_NAMES} devices`)
  const [, before = "", run = "", after = ""] = parts
  if (String(from + count - 1).length > run.length) {
    throw refusal(`${from + count - 1} does not fit into ${run.length} #; write more of them`)
  }
  return sound(
    Array.from({ length: count }, (_, i) => ({
      username: before + String(from + i).padStart(run.length, "0") + after,
      place: `number ${from + i}`,
    })),
  )
}

/**
 * The names of a table (RFC 4180; commas or semicolons): columns name, roles (separated by blanks) and note. A first line
 * that says `name` tells their order; without one the order is this one. Throws `bad-request`, which names the line.
 */
export function namesInCsv(text: string): Named[] {
  const rows = rowsOf(text.replace(/^\ufeff/, ""))
  const [first] = rows
  if (first === undefined) throw refusal("the table is empty; write one name on each line")
  const heads = first.cells.map((cell) => cell.trim().toLowerCase())
  const headed = heads.some((head) => head === "name" || head === "username")
  const columns = headed ? heads.map((head) => (head === "username" ? "name" : head)) : ["name", "roles", "note"]
  const unknown = columns.find((column) => !["name", "roles", "note"].includes(column))
  if (unknown !== undefined)
    throw refusal(`the column "${shown(unknown)}" is not known; there are name, roles and note`)
  const named = (headed ? rows.slice(1) : rows).map(({ cells, line }) => {
    if (cells.length > columns.length) throw refusal(`line ${line} has more cells than there are columns; quote commas`)
    const cell = (column: string) => cells[columns.indexOf(column)]?.trim() ?? ""
    const roles = cell("roles")
      .split(/[\s|]+/)
      .filter((role) => role !== "")
    const note = cell("note")
    return {
      username: cell("name"),
      place: `line ${line}`,
      ...(roles.length === 0 ? {} : { roles }),
      ...(note === "" ? {} : { note: note.slice(0, 1000) }),
    }
  })
  if (named.length === 0) throw refusal("the table has no line below its head; write one name on each")
  if (named.length > MOST_NAMES)
    throw refusal(`a batch has at most ${MOST_NAMES} devices, the table has ${named.length}`)
  return sound(named)
}

function sound(named: readonly (Named & { readonly place: string })[]): Named[] {
  const seen = new Map<string, string>()
  return named.map(({ place, ...name }) => {
    if (!isUsername(name.username)) {
      throw refusal(
        `${place}: "${shown(name.username)}" is no username: 1 to 64 of A-Z a-z 0-9 . _ : @ - beginning with a letter or digit`,
      )
    }
    const before = seen.get(name.username)
    if (before !== undefined) throw refusal(`${place}: the name ${name.username} stands in ${before} already`)
    seen.set(name.username, place)
    return name
  })
}

interface Row {
  readonly cells: readonly string[]
  /** Of the text, from 1; a quoted cell may go over several. */
  readonly line: number
}

function rowsOf(text: string): Row[] {
  const unquoted = text.replace(/"(?:[^"]|"")*"/g, "")
  const separator = (unquoted.split(/[\r\n]/, 1)[0] ?? "").includes(";") ? ";" : ","
  const rows: Row[] = []
  let at = 0
  let line = 1
  while (at < text.length) {
    const began = line
    const cells: string[] = []
    let more = true
    while (more) {
      const cell = cellAt(text, at, separator, began)
      cells.push(cell.text)
      line += cell.text.split("\n").length - 1
      more = text[cell.end] === separator
      at = cell.end + 1
    }
    if (text[at - 1] === "\r" && text[at] === "\n") at++
    line++
    if (cells.some((cell) => cell.trim() !== "")) rows.push({ cells, line: began })
  }
  return rows
}

function cellAt(text: string, at: number, separator: string, line: number): { text: string; end: number } {
  if (text[at] !== '"') {
    let end = at
    while (end < text.length && text[end] !== separator && text[end] !== "\n" && text[end] !== "\r") end++
    return { text: text.slice(at, end), end }
  }
  let cell = ""
  for (let i = at + 1; i < text.length; i++) {
    if (text[i] !== '"') cell += text[i]
    else if (text[i + 1] === '"') {
      cell += '"'
      i++
    } else if (i + 1 === text.length || [separator, "\n", "\r"].includes(text[i + 1]!))
      return { text: cell, end: i + 1 }
    else throw refusal(`line ${line}: something stands behind a closing quote; double quotes inside a cell`)
  }
  throw refusal(`line ${line}: a quote is opened and never closed`)
}

function refusal(sentence: string): GatewayError {
  return new GatewayError("bad-request", sentence)
}

function shown(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 64)
}
