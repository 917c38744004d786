import type { z } from "zod"
import type { ProblemAnswer } from "../service/http/contract.ts"
import { learnClock } from "./format.ts"
import { problemSentence } from "./problem.ts"

/** A call that the gateway refused or that did not reach it, in a sentence for a person. */
export class Refused extends Error {
  /** HTTP status; 0 when the gateway could not be reached. */
  readonly status: number
  /** The problem's stable code; "unreachable" when the gateway could not be reached. */
  readonly code: string
  /** The places of the request that are wrong, by their path in the body. */
  readonly places: ReadonlyMap<string, string>
  /** Seconds after which the gateway takes another try. */
  readonly retryAfter: number | undefined

  constructor(status: number, problem: Pick<ProblemAnswer, "code" | "detail" | "problems">, retryAfter?: number) {
    super(problemSentence(problem.code, problem.detail))
    this.name = "Refused"
    this.status = status
    this.code = problem.code
    this.places = new Map((problem.problems ?? []).map(({ path, message }) => [path, message]))
    this.retryAfter = retryAfter
  }
}

export interface CallOptions {
  /** Nobody asked for it: it must not keep a session alive that its person has left. */
  readonly unattended?: boolean
  readonly signal?: AbortSignal | undefined
  /** Makes a change only if what the person saw is still so (an answer's `etag`). */
  readonly ifMatch?: string | undefined
}

/** An answer, as the schema of the contract describes it: `get<typeof statusAnswer>("/status")`. */
export function get<S extends z.ZodType>(path: string, options: CallOptions = {}): Promise<z.output<S>> {
  return call("GET", path, undefined, options).then(({ body }) => body as z.output<S>)
}

/** As `get`, with the entity tag that says which state it was. */
export function getTagged<S extends z.ZodType>(
  path: string,
  options: CallOptions = {},
): Promise<{ body: z.output<S>; etag: string | undefined }> {
  return call("GET", path, undefined, options) as Promise<{ body: z.output<S>; etag: string | undefined }>
}

export type Change = "POST" | "PUT" | "PATCH" | "DELETE"

/** A change; `send<typeof issuedAnswer>("POST", path, body)`. Rejects with `Refused`, as all calls do. */
export function send<S extends z.ZodType = z.ZodUndefined>(
  method: Change,
  path: string,
  body?: unknown,
  options: CallOptions = {},
): Promise<z.output<S>> {
  return call(method, path, body, options).then(({ body }) => body as z.output<S>)
}

/** Where the page is sent once a call says that the session is over. */
let onSignedOut = (): void => {}
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener
}

async function call(
  method: "GET" | Change,
  path: string,
  body: unknown,
  { unattended = false, signal, ifMatch }: CallOptions,
): Promise<{ body: unknown; etag: string | undefined }> {
  const headers: Record<string, string> = {}
  if (body !== undefined) headers["Content-Type"] = "application/json"
  if (unattended) headers["Gatehouse-Unattended"] = "1"
  if (ifMatch !== undefined) headers["If-Match"] = ifMatch
  const response = await fetch(`/api/v1${path}`, {
    method,
    headers,
    credentials: "same-origin",
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error
    throw new Refused(0, { code: "unreachable" })
  })
  learn(response)
  const answer: unknown = response.headers.get("Content-Type")?.includes("json") ? await response.json() : undefined
  if (response.ok) return { body: answer, etag: response.headers.get("ETag") ?? undefined }
  if (response.status === 401) onSignedOut()
  const problem = (answer ?? { code: "internal" }) as ProblemAnswer
  throw new Refused(response.status, problem, Number(response.headers.get("Retry-After")) || undefined)
}

function learn(response: Response): void {
  const date = Date.parse(response.headers.get("Date") ?? "")
  if (!Number.isNaN(date)) learnClock(date + 500, "roughly") // the header has whole seconds; half of one is the best guess
}
