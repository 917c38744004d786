import type { z } from "zod"
import type { Content, DocumentFormat } from "./document-file.ts"
import { readOrNull } from "./durable-file.ts"

/** A format of an earlier version, and how its value becomes one of the next format. */
export interface EarlierFormat {
  readonly format: string
  readonly schema: z.ZodType
  raise(value: never): unknown
}

/** Where the document at `path` is kept in another format: for the version that falls back, or is tried once more. */
export function keptOf(path: string, format: string): string {
  return `${path}.${format.replaceAll("/", "-")}`
}

/** A value of an earlier format, raised step by step to the present one. */
export function raised<T>(
  value: unknown,
  found: string,
  earlier: readonly EarlierFormat[],
  schema: z.ZodType<T>,
): z.ZodSafeParseResult<T> {
  const steps = earlier.slice(earlier.findIndex(({ format }) => format === found))
  let current = value
  for (const step of steps) {
    const parsed = step.schema.safeParse(current)
    if (!parsed.success) return parsed as z.ZodSafeParseError<T>
    current = step.raise(parsed.data as never)
  }
  return schema.safeParse(current)
}

/** What a newer version kept of this version's document before it wrote its own; null when there is none to go on with. */
export async function keptValue<T>(
  path: string,
  format: DocumentFormat<T>,
  contentOf: (bytes: Buffer, format: DocumentFormat<T>) => Content<T>,
): Promise<{ readonly bytes: Buffer; readonly value: T } | null> {
  const bytes = await readOrNull(keptOf(path, format.format))
  const content = bytes === null ? null : contentOf(bytes, format)
  return bytes !== null && content !== null && "value" in content ? { bytes, value: content.value } : null
}
