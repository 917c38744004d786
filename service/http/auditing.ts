import type { AuditRecord } from "../audit.ts"
import type { Answer } from "./answer.ts"
import { resourceOf } from "./authorisation.ts"
import { API } from "./contract.ts"
import type { Route } from "./route.ts"

type Params = Readonly<Record<string, string | readonly string[]>>

/** Members whose values are told; of any other only that it was there, so that a secret never gets into the record. */
const TOLD: ReadonlySet<string> = new Set([
  ...["username", "roles", "permissions", "enabled", "publishPrefix", "note", "certificateLifetimeDays"],
  ...["id", "name", "scope", "reason", "label", "readOnly", "ttlSeconds"],
])
const LONGEST = 1000
const LONGEST_NAME = 256

/** What a successful request changed, for the record of who changed what. */
export function changeOf(
  { method, path }: Route,
  params: Params,
  body: unknown,
  answer: Answer,
): Pick<AuditRecord, "method" | "route" | "object" | "change" | "status"> {
  const made = answer.status === 201 ? answer.headers?.Location : undefined
  return {
    method,
    route: below(path),
    object: (made === undefined ? resourceOf(path, params) : decoded(below(made))).slice(0, LONGEST_NAME),
    change: told(body).slice(0, LONGEST),
    status: answer.status,
  }
}

function below(path: string): string {
  return path.startsWith(API) ? path.slice(API.length) : path
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

function told(body: unknown): string {
  if (typeof body !== "object" || body === null) return ""
  const members = Object.entries(body).map(([name, value]) => [name, shown(name, value)])
  return members.length === 0 ? "" : JSON.stringify(Object.fromEntries(members))
}

function shown(name: string, value: unknown): unknown {
  if (TOLD.has(name)) return value
  // of a grant its kind: what proves it is nobody else's business
  if (name === "grant" && typeof value === "object" && value !== null && "kind" in value) return value.kind
  return "…"
}
