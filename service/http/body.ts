import express, { type Request, type Response } from "express"
import { Problem } from "./problem.ts"
import type { Route, Upload } from "./route.ts"

const LARGEST = 64 * 1024
/** For all of a body, however it dribbles. */
const PATIENCE_MS = 30_000
const TOO_SLOW = "the body was not complete within 30 s; send it again"
/** No body of the contract nests half as deep. */
const DEEPEST = 16
/** Names that reach an object's prototype when something, some day, copies a body carelessly. */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"])

// no inflating: 64 KiB on the wire are 64 KiB in memory
const collect = express.raw({ type: () => true, limit: LARGEST, inflate: false })

/** The request's body as its route takes it, not validated yet. */
export async function bodyOf(request: Request, response: Response, route: Route): Promise<unknown> {
  if (route.takesBody === "upload") return {} // the route reads it itself
  if (!hasBody(request)) {
    if (route.takesBody === "yes") throw new Problem("bad-request", "a body is missing; send one as application/json")
    return {}
  }
  if (route.takesBody === "no") throw new Problem("bad-request", "this address takes no body; send none")
  const type = mediaType(request.headers["content-type"])
  const raw = type !== undefined && route.raw?.types.includes(type) ? route.raw : undefined
  if (type !== "application/json" && raw === undefined) throw wrongType(route)
  const bytes = await collected(request, response)
  return raw === undefined ? parsed(bytes) : raw.read(bytes)
}

/** A body that is read as it comes. It must say beforehand how long it is, and be no form that a foreign page could send. */
export function uploadOf(request: Request, { uploadBytes }: Route): Upload {
  const type = mediaType(request.headers["content-type"])
  if (type !== "application/octet-stream") {
    throw new Problem("unsupported-media-type", "send the file itself as application/octet-stream")
  }
  const announced = request.headers["content-length"]
  if (announced === undefined || announced === "0") {
    throw new Problem("bad-request", "say with Content-Length how many bytes the file has; it must have some")
  }
  const bytes = Number(announced)
  if (bytes > uploadBytes) throw new Problem("body-too-large", `a file has at most ${uploadBytes} bytes`)
  return { bytes, stream: request }
}

function hasBody(request: Request): boolean {
  const { "content-length": length, "transfer-encoding": encoding } = request.headers
  return encoding !== undefined || (length !== undefined && length !== "0")
}

/** The media type in lower case; undefined when it is missing, malformed, or in another charset than UTF-8. */
function mediaType(header: string | undefined): string | undefined {
  const match = /^([\w.+-]+\/[\w.+-]+)\s*(?:;\s*charset="?utf-8"?\s*)?$/i.exec(header ?? "")
  return match?.[1]?.toLowerCase()
}

function wrongType(route: Route): Problem {
  const types = ["application/json", ...(route.raw?.types ?? [])].join(", ")
  return new Problem("unsupported-media-type", `send the body as ${types}, in UTF-8`)
}

async function collected(request: Request, response: Response): Promise<Buffer> {
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => reject(new Problem("request-timeout", TOO_SLOW)), PATIENCE_MS)
    collect(request, response, (error?: unknown) => {
      clearTimeout(late)
      if (error === undefined) resolve()
      else reject(bodyProblem(error))
    })
  })
  const body: unknown = request.body
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0)
}

/** body-parser's errors, by their type (https://github.com/expressjs/body-parser#errors). */
function bodyProblem(error: unknown): unknown {
  const type = error instanceof Error && "type" in error ? error.type : undefined
  switch (type) {
    case "entity.too.large":
      return new Problem("body-too-large", `a body has at most ${LARGEST} bytes`)
    case "encoding.unsupported":
      return new Problem("unsupported-media-type", "send the body without a content encoding")
    case "request.aborted":
    case "request.size.invalid":
      return new Problem("bad-request", "the body ended before its announced length")
    default:
      return error
  }
}

function parsed(bytes: Buffer): unknown {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes))
  } catch {
    throw new Problem("bad-request", "the body is not JSON in UTF-8") // the parser's own words quote the body
  }
  assertPlain(value, 0)
  return value
}

function assertPlain(value: unknown, depth: number): void {
  if (typeof value !== "object" || value === null) return
  if (depth >= DEEPEST) throw new Problem("bad-request", `the body is nested deeper than ${DEEPEST} levels`)
  for (const [key, inner] of Object.entries(value)) {
    if (FORBIDDEN_KEYS.has(key)) throw new Problem("bad-request", `the body has a field named ${key}, which is refused`)
    assertPlain(inner, depth + 1)
  }
}
