import { readdir } from "node:fs/promises"
import { basename, dirname } from "node:path"
import { crc32 } from "node:zlib"
import type { z } from "zod"
import { GatewayError } from "../errors.ts"
import { readOrNull, writeDurably } from "./durable-file.ts"

export interface JournalContent<T> {
  readonly records: readonly T[]
  /** Bytes up to the end of the last good line; the file is to be cut there. */
  readonly length: number
  /** What was set aside and where, in words; null when the journal was whole. */
  readonly torn: string | null
  /** False when there was no file yet. */
  readonly found: boolean
}

export interface JournalFormat<T> {
  /** What a record may be; checked when the journal is read. Members it does not know, of a later version, are left out. */
  readonly schema: z.ZodType<T>
  /** The record is of a kind that only a later version knows. */
  readonly isLater?: (record: unknown) => boolean
  /** Told, in words, when such records were passed over. They stay in the file. */
  readonly onLater?: (what: string) => void
}

/** `<crc32 of the JSON, 8 hex digits> <JSON>\n` */
export function journalLine(record: unknown): Buffer {
  const json = JSON.stringify(record)
  return Buffer.from(`${checksum(Buffer.from(json))} ${json}\n`)
}

function checksum(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(8, "0")
}

/**
 * Reads a journal, a missing one as empty, and copies an incomplete last line to `<name>.torn-<n>`; the file itself is
 * left as it is. Rejects with `GatewayError("document-damaged")` when any other line is not what was written.
 */
export async function readJournal<T>(path: string, format: JournalFormat<T>): Promise<JournalContent<T>> {
  const bytes = await readOrNull(path)
  if (bytes === null) return { records: [], length: 0, torn: null, found: false }
  const { schema, isLater = () => false } = format
  const records: T[] = []
  let later = 0
  let length = 0
  while (length < bytes.length) {
    const end = bytes.indexOf(0x0a, length) + 1 || bytes.length
    const json = checkedJson(bytes.subarray(length, end))
    const line = records.length + later + 1
    if (json === null) {
      if (end < bytes.length) throw damaged(path, line, "its checksum does not fit")
      break
    }
    const value = JSON.parse(json)
    const record = schema.safeParse(value)
    if (record.success) records.push(record.data)
    else if (isLater(value)) later++
    else throw damaged(path, line, describe(record.error))
    length = end
  }
  if (later > 0)
    format.onLater?.(`${later} records in ${path} are of kinds that only a later version knows; they are kept`)
  const torn = length < bytes.length ? await setAside(path, bytes.subarray(length)) : null
  return { records, length, torn, found: true }
}

/** The JSON of a whole line, its line feed included; null when it is not what `journalLine` made. */
function checkedJson(line: Buffer): string | null {
  if (line.at(-1) !== 0x0a || line[8] !== 0x20) return null
  const json = line.subarray(9, -1)
  return line.toString("latin1", 0, 8) === checksum(json) ? json.toString() : null
}

function describe(error: z.ZodError): string {
  const issue = error.issues[0]!
  return `its record is not valid (${[...issue.path.map(String), issue.message].join(": ")})`
}

async function setAside(path: string, bytes: Buffer): Promise<string> {
  const name = `${basename(path)}.torn-`
  const taken = (await readdir(dirname(path))).filter((entry) => entry.startsWith(name))
  const last = Math.max(0, ...taken.map((entry) => Number(entry.slice(name.length)) || 0))
  const aside = `${path}.torn-${last + 1}`
  await writeDurably(aside, bytes)
  return `the last line of ${path} was incomplete; its ${bytes.length} bytes lie in ${aside}`
}

/** A journal has no previous generation: a person decides what a lost record means. */
function damaged(path: string, line: number, problem: string): GatewayError {
  const remedy = `restore it from a backup, or give up this one record: sed -i.damaged ${line}d '${path}'`
  return new GatewayError("document-damaged", `${path} is damaged in line ${line}: ${problem}; ${remedy}`)
}
