import type { z } from "zod"
import { type Place, Problem } from "./problem.ts"

/** Places named in one answer; who sends a thousand wrong items learns nothing from the last. */
const MOST_PLACES = 20
const LONGEST_NAME = 64

type Part = "address" | "query" | "body"

/** The value as the schema gives it, or a `bad-request` that names every wrong place and repeats no value. */
export function validated<T>(schema: z.ZodType<T>, value: unknown, part: Part): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const places = parsed.error.issues.flatMap((issue) => placesOf(issue, value, [])).slice(0, MOST_PLACES)
  throw new Problem("bad-request", `the ${part} is not as it must be; see problems`, { places })
}

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

function placesOf(issue: Issue, value: unknown, above: Path): Place[] {
  const path = [...above, ...issue.path]
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path: named([...path, key]), message: "is not known here" }))
  }
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const nearest = issue.errors.reduce((best, branch) => (branch.length < best.length ? branch : best))
    return nearest.flatMap((inner) => placesOf(inner, value, path))
  }
  return [{ path: named(path), message: withoutValue(issue.message, at(value, path)) }]
}

function named(path: Path): string {
  return path.map((level) => String(level).slice(0, LONGEST_NAME)).join(".")
}

/** The domain's sentences quote what they refuse, for a file on a person's own machine; here it goes over the wire. */
function withoutValue(message: string, value: unknown): string {
  return typeof value === "string" ? message.replaceAll(`"${value}"`, "the value") : message
}

function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inside, level) =>
      typeof inside === "object" && inside !== null ? (inside as Record<PropertyKey, unknown>)[level] : undefined,
    value,
  )
}
