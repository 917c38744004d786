import type { Adapter } from "lowdb"
import { z } from "zod"
import { GatewayError, reasonOf } from "../errors.ts"
import { parseJson } from "../json.ts"
import { previousOf, readOrNull, writeDurably } from "./durable-file.ts"

export interface DocumentFormat<T> {
  /** What may stand in the document; checked when it is read. */
  readonly schema: z.ZodType<T>
  /** `name/version`, as in `gatehouse-access/1`; stands at the head of the file. */
  readonly format: string
}

/**
 * lowdb's port to the disk, with what its own adapters leave out: fsync, mode 0600, a previous generation, and a
 * judgement on what is read. A file it cannot read is never written over.
 */
export class DocumentFile<T extends object> implements Adapter<T> {
  readonly #path: string
  readonly #format: DocumentFormat<T>

  constructor(path: string, format: DocumentFormat<T>) {
    this.#path = path
    this.#format = format
  }

  /** What the file holds, null when there never was one. Rejects with `GatewayError("document-damaged")`. */
  async read(): Promise<T | null> {
    const bytes = await readOrNull(this.#path)
    if (bytes !== null) {
      const content = contentOf(bytes, this.#format)
      return "value" in content ? content.value : this.#refuse(content)
    }
    // a first start has neither; a generation on its own means the newest was taken away
    if ((await readOrNull(previousOf(this.#path))) !== null) return this.#refuse({ damage: "it is missing" })
    return null
  }

  async write(value: T): Promise<void> {
    await writeDurably(this.#path, rendered(value, this.#format.format), { keepPrevious: true })
  }

  async #refuse({ damage, newer = false }: Damage): Promise<never> {
    const previous = previousOf(this.#path)
    const bytes = await readOrNull(previous)
    const content = bytes === null ? { damage: "it is missing" } : contentOf(bytes, this.#format)
    const remedy =
      "value" in content
        ? `its previous generation is readable, and this goes back to it: cp -p ${quoted(previous)} ${quoted(this.#path)}`
        : `its previous generation cannot be read either (${content.damage}), so restore the file from a backup`
    const problem = newer ? `cannot be used: ${damage}; start that version again, or else` : `is damaged: ${damage};`
    throw new GatewayError("document-damaged", `${this.#path} ${problem} ${remedy}`)
  }
}

interface Damage {
  readonly damage: string
  /** Whole, but of a version to come. */
  readonly newer?: boolean
}

type Content<T> = { readonly value: T } | Damage

const ENVELOPE = z.strictObject({ format: z.string(), value: z.unknown() })

function contentOf<T>(bytes: Buffer, { schema, format }: DocumentFormat<T>): Content<T> {
  let parsed: unknown
  try {
    parsed = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes))
  } catch (error) {
    return { damage: error instanceof SyntaxError ? error.message : `it is not UTF-8 (${reasonOf(error)})` }
  }
  const envelope = ENVELOPE.safeParse(parsed)
  if (!envelope.success) return { damage: `it is not a document of the gateway (${firstOf(envelope.error)})` }
  const foreign = foreignOf(envelope.data.format, format)
  if (foreign !== null) return foreign
  const value = schema.safeParse(envelope.data.value)
  return value.success ? { value: value.data } : { damage: `its content is not valid (${firstOf(value.error)})` }
}

function foreignOf(found: string, wanted: string): Damage | null {
  if (found === wanted) return null
  const [name, version] = found.split("/")
  const [ownName, ownVersion] = wanted.split("/")
  const formats = `format ${JSON.stringify(found)}, this one reads ${JSON.stringify(wanted)}`
  if (name !== ownName) return { damage: `it is of the format ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}` }
  const newer = Number(version) > Number(ownVersion)
  return { damage: `it was written by ${newer ? "a newer" : "another"} version of the gateway (${formats})`, newer }
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
