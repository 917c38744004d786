import { z } from "zod"
import { problemAnswer } from "./contract.ts"
import { type ProblemCode, statusOf } from "./problem.ts"
import type { Route } from "./route.ts"

type Json = Readonly<Record<string, unknown>>

/** The API described in OpenAPI 3.1: made of the very table that answers, so that the two cannot differ. */
export function openApiOf(table: readonly Route[], version: string): Json {
  const paths: Record<string, Json> = {}
  for (const [path, lines] of Map.groupBy(table, (line) => line.path)) {
    const operations = lines.map((line) => [line.method.toLowerCase(), operationOf(line)] as const)
    paths[path.replace(/:([a-zA-Z]+)/g, "{$1}")] = Object.fromEntries(operations)
  }
  return {
    openapi: "3.1.0",
    info: { title: "Gatehouse", version, license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: { Problem: schemaOf(problemAnswer, "output") },
      securitySchemes: {
        token: { type: "http", scheme: "bearer" },
        session: { type: "apiKey", in: "cookie", name: "__Host-sid" },
      },
    },
  }
}

function operationOf(line: Route): Json {
  return {
    operationId: operationId(line),
    summary: line.summary,
    description: descriptionOf(line),
    security: line.access === "public" ? [] : [{ token: [] }, { session: [] }],
    parameters: [
      ...fieldsOf(line.schema.params, "path"),
      ...fieldsOf(line.schema.query, "query"),
      ...(line.tagged ? tagHeaders(line) : []),
      ...(line.idempotent ? [headerParameter("Idempotency-Key")] : []),
    ],
    ...(line.takesBody === "no" ? {} : { requestBody: bodyOf(line) }),
    responses: { ...successesOf(line), ...problemsOf(line) },
  }
}

/** "GET /api/v1/users/:username" is `get_users_username`; the page with the form at /claim is `get_page_claim`. */
function operationId({ method, path, types }: Route): string {
  const words = path.replace(/^\/api\/v\d+/, "").split(/[^a-zA-Z]+/)
  const kind = types.includes("text/html") ? ["page"] : []
  return [method.toLowerCase(), ...kind, ...words.filter((word) => word !== "")].join("_")
}

const WHO = {
  public: "Open to everyone.",
  token: "For whoever has a token or a session.",
  person: "For whoever signed in; not for kept tokens.",
  read: "Needs the permission to read this path.",
  write: "Needs the permission to write this path.",
} as const

function descriptionOf({ access, administratorOnly, confirmed }: Route): string {
  const more = [administratorOnly ? "Administrators only." : "", confirmed ? "Needs the password confirmed." : ""]
  return [WHO[access], ...more].filter((sentence) => sentence !== "").join(" ")
}

function tagHeaders({ method }: Route): Json[] {
  return method === "GET"
    ? [headerParameter("If-None-Match")]
    : [headerParameter("If-Match"), headerParameter("If-None-Match")]
}

function headerParameter(name: string): Json {
  return { name, in: "header", required: false, schema: { type: "string" } }
}

function fieldsOf(schema: z.ZodType, place: "path" | "query"): Json[] {
  const { properties = {}, required = [] } = schemaOf(schema, "input") as {
    properties?: Record<string, unknown>
    required?: readonly string[]
  }
  return Object.entries(properties).map(([name, field]) => ({
    ...{ name, in: place, required: place === "path" || required.includes(name), schema: field },
  }))
}

function bodyOf({ schema, raw, takesBody }: Route): Json {
  if (takesBody === "upload") {
    return { required: true, content: { "application/octet-stream": { schema: { type: "string", format: "binary" } } } }
  }
  const text = (raw?.types ?? []).map((type) => [type, { schema: { type: "string" } }])
  const json = ["application/json", { schema: schemaOf(schema.body, "input") }]
  return { required: takesBody === "yes", content: Object.fromEntries([json, ...text]) }
}

function successesOf(line: Route): Json {
  const tag = line.tagged && line.method !== "DELETE" ? { headers: { ETag: { schema: { type: "string" } } } } : {}
  const json = line.answers === undefined ? [] : [["application/json", { schema: schemaOf(line.answers, "output") }]]
  const others = line.types.map((type) => [type, {}])
  const content = json.length + others.length === 0 ? {} : { content: Object.fromEntries([...json, ...others]) }
  const successes = line.success.map((status) => [
    String(status),
    { description: DONE[status] ?? "Done", ...tag, ...content },
  ])
  const unchanged = line.tagged && line.method === "GET" ? [["304", { description: "Unchanged", ...tag }]] : []
  return Object.fromEntries([...successes, ...unchanged])
}

const DONE: Readonly<Record<number, string>> = {
  200: "Done",
  201: "Made",
  202: "Taken; it goes on",
  204: "Done; no content",
  503: "Unavailable",
}

/** Every problem by its status, each with the codes that it may bear. */
function problemsOf(line: Route): Json {
  const grouped = Map.groupBy(codesOf(line), (code) => String(statusOf(code)))
  const answers = [...grouped].map(([status, codes]) => [status, problemOf(codes)] as const)
  return Object.fromEntries(answers)
}

function problemOf(codes: readonly ProblemCode[]): Json {
  const coded = { properties: { code: { enum: codes } } }
  const schema = { allOf: [{ $ref: "#/components/schemas/Problem" }, coded] }
  return { description: codes.join(", "), content: { "application/problem+json": { schema } } }
}

/** Every way in which a route may refuse: what all do, what follows from its columns, and what it says itself. */
export function codesOf(line: Route): ProblemCode[] {
  const codes = new Set<ProblemCode>(["bad-request", "misdirected", "internal", ...line.refuses])
  const changing = line.method !== "GET"
  if (line.access !== "public") codes.add("unauthenticated")
  if (["person", "read", "write"].includes(line.access) || line.administratorOnly) codes.add("forbidden")
  if (changing) codes.add("cross-site")
  if (changing || line.takesBody !== "no") {
    codes.add("body-too-large").add("unsupported-media-type").add("request-timeout")
  }
  if (line.confirmed) codes.add("confirmation-needed")
  if (line.tagged && changing) codes.add("stale")
  return [...codes].sort()
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): unknown {
  // refinements and transformations have no form in JSON Schema; the answer to a wrong value says what is wrong
  const { $schema: _, ...made } = z.toJSONSchema(schema, { io, unrepresentable: "any", reused: "inline" })
  return made
}
