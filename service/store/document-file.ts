import type { Adapter } from "lowdb"
import { z } from "zod"
import { GatewayError, reasonOf } from "../errors.ts"
import { parseJson } from "../json.ts"
import { previousOf, readOrNull, writeDurably } from "./durable-file.ts"
import { type EarlierFormat, keptOf, keptValue, raised } from "./format-change.ts"

export interface DocumentFormat<T> {
  /** What may stand in the document; checked when it is read. A change of it is a new version of the format. */
  readonly schema: z.ZodType<T>
  /** `name/version`, as in `gatehouse-access/1`; stands at the head of the file. */
  readonly format: string
  /** The formats of earlier versions that are still read, the oldest first. */
  readonly earlier?: readonly EarlierFormat[]
  /** Told, in words, when the document of a newer version was set aside for the one that this version had kept. */
  readonly onReverted?: (what: string) => void
}

/**
 * lowdb's port to the disk, with what its own adapters leave out: fsync, mode 0600, a previous generation, and a
 * judgement on what is read. A file it cannot read is never written over.
 */
export class DocumentFile<T extends object> implements Adapter<T> {
  readonly #path: string
  readonly #format: DocumentFormat<T>
  /** What was read in an earlier format, and is kept in it before anything newer takes its place. */
  #toKeep: { readonly format: string; readonly bytes: Buffer } | null = null

  constructor(path: string, format: DocumentFormat<T>) {
    this.#path = path
    this.#format = format
  }

  /** What the file holds, null when there never was one. Rejects with `GatewayError("document-damaged")`. */
  async read(): Promise<T | null> {
    const bytes = await readOrNull(this.#path)
    if (bytes !== null) {
      const content = contentOf(bytes, this.#format)
      if ("value" in content) {
        if (content.earlier !== undefined) this.#toKeep = { format: content.earlier, bytes }
        return content.value
      }
      return content.newer === undefined ? this.#refuse(content) : this.#revert(bytes, content)
    }
    // a first start has neither; a generation on its own means the newest was taken away
    if ((await readOrNull(previousOf(this.#path))) !== null) return this.#refuse({ damage: "it is missing" })
    return null
  }

  async write(value: T): Promise<void> {
    if (this.#toKeep !== null) {
      await writeDurably(keptOf(this.#path, this.#toKeep.format), this.#toKeep.bytes)
      this.#toKeep = null
    }
    await writeDurably(this.#path, rendered(value, this.#format.format), { keepPrevious: true })
  }

  /** Back from a newer version: goes on with what it kept of this one's, and sets its own document aside. */
  async #revert(newer: Buffer, content: Damage): Promise<T> {
    const kept = await keptValue(this.#path, this.#format, contentOf)
    if (kept === null) return this.#refuse(content)
    const aside = keptOf(this.#path, content.newer ?? "")
    await writeDurably(aside, newer)
    await writeDurably(this.#path, kept.bytes)
    this.#format.onReverted?.(`${this.#path} is as it was before a newer version changed it; that one's is in ${aside}`)
    return kept.value
  }

  async #refuse({ damage, newer }: Damage): Promise<never> {
    const previous = previousOf(this.#path)
    const bytes = await readOrNull(previous)
    const content = bytes === null ? { damage: "it is missing" } : contentOf(bytes, this.#format)
    const remedy =
      "value" in content
        ? `its previous generation is readable, and this goes back to it: cp -p ${quoted(previous)} ${quoted(this.#path)}`
        : `its previous generation cannot be read either (${content.damage}), so restore the file from a backup`
    const problem =
      newer !== undefined ? `cannot be used: ${damage}; start that version again, or else` : `is damaged: ${damage};`
    throw new GatewayError("document-damaged", `${this.#path} ${problem} ${remedy}`)
  }
}

interface Damage {
  readonly damage: string
  /** The format of a whole document that is of a version to come. */
  readonly newer?: string
}

/** `earlier`: the format that it was raised from. */
export type Content<T> = { readonly value: T; readonly earlier?: string } | Damage

const ENVELOPE = z.strictObject({ format: z.string(), value: z.unknown() })

function contentOf<T>(bytes: Buffer, { schema, format, earlier = [] }: DocumentFormat<T>): Content<T> {
  let parsed: unknown
  try {
    parsed = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes))
  } catch (error) {
    return { damage: error instanceof SyntaxError ? error.message : `it is not UTF-8 (${reasonOf(error)})` }
  }
  const envelope = ENVELOPE.safeParse(parsed)
  if (!envelope.success) return { damage: `it is not a document of the gateway (${firstOf(envelope.error)})` }
  const found = envelope.data.format
  const isEarlier = earlier.some((known) => known.format === found)
  const foreign = isEarlier ? null : foreignOf(found, format)
  if (foreign !== null) return foreign
  const value = isEarlier ? raised(envelope.data.value, found, earlier, schema) : schema.safeParse(envelope.data.value)
  if (!value.success) return { damage: `its content is not valid (${firstOf(value.error)})` }
  return { value: value.data, ...(isEarlier && { earlier: found }) }
}

function foreignOf(found: string, wanted: string): Damage | null {
  if (found === wanted) return null
  const [name, version] = found.split("/")
  const [ownName, ownVersion] = wanted.split("/")
  const formats = `format ${JSON.stringify(found)}, this one reads ${JSON.stringify(wanted)}`
  if (name !== ownName) return { damage: `it is of the format ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}` }
  const newer = Number(version) > Number(ownVersion)
  return {
    damage: `it was written by ${newer ? "a newer" : "another"} version of the gateway (${formats})`,
    ...(newer && { newer: found }),
  }
}

function firstOf(error: z.ZodError): string {
  const issue = error.issues[0]!
  return issue.path.length === 0 ? issue.message : `${issue.path.map(String).join(".")}: ${issue.message}`
}

/**
 * One line per element of a top-level list or record: a person can read it and a diff shows the one user that
 * changed, at the size and speed of compact JSON. The same value always gives the same bytes.
 */
function rendered(value: object, format: string): string {
  const members: string[] = []
  for (const [key, member] of Object.entries(value)) {
    const text = Array.isArray(member)
      ? lines(
          "[",
          member.map((element) => JSON.stringify(element) ?? "null"),
          "]",
        )
      : isRecord(member)
        ? lines("{", membersOf(member), "}")
        : JSON.stringify(member)
    if (text !== undefined) members.push(`${JSON.stringify(key)}:${text}`)
  }
  return `{"format":${JSON.stringify(format)},"value":${lines("{", members, "}")}}\n`
}

function membersOf(record: object): string[] {
  const members: string[] = []
  for (const [key, member] of Object.entries(record)) {
    const text = JSON.stringify(member)
    if (text !== undefined) members.push(`${JSON.stringify(key)}:${text}`)
  }
  return members
}

function lines(open: string, elements: readonly string[], close: string): string {
  return elements.length === 0 ? open + close : `${open}\n${elements.join(",\n")}\n${close}`
}

function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

/** One word for a shell. */
function quoted(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`
}
