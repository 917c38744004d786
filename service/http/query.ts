import { Problem } from "./problem.ts"

/** The query of a request's target, not validated yet. A name given twice is refused: two readers may pick two values. */
export function queryOf(target: string): Record<string, string> {
  const start = target.indexOf("?")
  const query: Record<string, string> = Object.create(null)
  if (start < 0) return query
  for (const [name, value] of new URLSearchParams(target.slice(start + 1))) {
    if (name in query) throw new Problem("bad-request", "the query names a field twice; name it once")
    query[name] = value
  }
  return query
}
