import { Problem } from "./problem.ts"

export interface PageRequest {
  readonly cursor?: string | undefined
  readonly limit: number
}

export interface Page<T> {
  readonly items: readonly T[]
  /** The cursor of the following page; null on the last. */
  readonly next: string | null
}

/**
 * One page of the items in the order of their keys. The cursor holds the last key of the page before, so that items
 * that come and go between two pages neither shift nor break it.
 */
export function pageOf<T>(items: Iterable<T>, keyOf: (item: T) => string, { cursor, limit }: PageRequest): Page<T> {
  const after = cursor === undefined ? undefined : decoded(cursor)
  const rest = [...items]
    .map((item) => ({ item, key: keyOf(item) }))
    .filter(({ key }) => after === undefined || key > after)
    .sort((a, b) => (a.key < b.key ? -1 : 1))
  const page = rest.slice(0, limit)
  const last = page.at(-1)
  return {
    items: page.map(({ item }) => item),
    next: rest.length > limit && last !== undefined ? Buffer.from(last.key).toString("base64url") : null,
  }
}

/** The items of which one of the texts holds what is looked for, whatever the case; all of them without a search. */
export function found<T>(items: Iterable<T>, search: string | undefined, textsOf: (item: T) => readonly string[]): T[] {
  const wanted = search?.toLowerCase()
  return wanted === undefined
    ? [...items]
    : [...items].filter((item) => textsOf(item).some((text) => text.toLowerCase().includes(wanted)))
}

function decoded(cursor: string): string {
  const bytes = Buffer.from(cursor, "base64url")
  if (bytes.length === 0 || bytes.toString("base64url") !== cursor) {
    throw new Problem("bad-request", "the cursor is none of ours; begin again without one")
  }
  return bytes.toString()
}
