import { type ErrorCode, GatewayError } from "../errors.ts"
import type { ProblemAnswer } from "./contract.ts"

/** Refusals that only HTTP knows. Stable, as every code is. */
export type HttpCode =
  | "misdirected"
  | "cross-site"
  | "unknown-route"
  | "method-not-allowed"
  | "not-acceptable"
  | "request-timeout"
  | "body-too-large"
  | "unsupported-media-type"
  | "stale"
  | "confirmation-needed"
  | "wrong-password"

export type ProblemCode = ErrorCode | HttpCode

/** The one place where a code becomes an HTTP status. What has no line here is nobody's fault but ours: 500. */
const KNOWN = {
  "bad-request": [400, "The request is malformed"],
  unauthenticated: [401, "Sign in first"],
  forbidden: [403, "Not permitted"],
  "claim-refused": [403, "The claim was refused"],
  "confirmation-needed": [403, "Give your password again first"],
  "wrong-password": [403, "The password is wrong"],
  "cross-site": [403, "The request came from another site"],
  "not-found": [404, "Not found"],
  "unknown-route": [404, "There is nothing at this address"],
  "method-not-allowed": [405, "The address does not know this method"],
  "not-acceptable": [406, "None of the accepted formats is available"],
  "request-timeout": [408, "The request came too slowly"],
  conflict: [409, "The state of the gateway does not allow this"],
  "already-claimed": [409, "The gateway is in service already"],
  "not-claimed": [409, "The gateway is not in service yet"],
  stale: [412, "Somebody changed this in between"],
  "body-too-large": [413, "The body is too large"],
  "unsupported-media-type": [415, "The body's type is not taken here"],
  misdirected: [421, "This gateway does not bear that name"],
  "csr-refused": [422, "The certificate request was refused"],
  "certificate-refused": [422, "The certificate was refused"],
  "registry-closed": [423, "The registry is closed"],
  "too-many-attempts": [429, "Too many wrong attempts"],
  busy: [503, "Busy"],
  "disk-failed": [503, "The state could not be written"],
  "no-room": [507, "There is not enough room on the disk"],
} as const satisfies Partial<Record<ProblemCode, readonly [status: number, title: string]>>
const OUTWARD: Readonly<Partial<Record<ProblemCode, readonly [status: number, title: string]>>> = KNOWN
const INWARD = [500, "Something went wrong inside the gateway; its log tells more"] as const

/** A code as it is seen from outside. */
export type OutwardCode = keyof typeof KNOWN | "internal"

export function statusOf(code: ProblemCode): number {
  return (OUTWARD[code] ?? INWARD)[0]
}

/** Seconds after which it is worth coming back, unless the one who throws knows better. */
const COME_BACK = "2"

export interface Place {
  readonly path: string
  readonly message: string
}

/** A refusal with what only HTTP can carry: headers, and the places of a body that are wrong. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly headers: Readonly<Record<string, string>>
  readonly places: readonly Place[]

  constructor(
    code: ProblemCode,
    detail: string,
    extra: { headers?: Readonly<Record<string, string>>; places?: readonly Place[] } = {},
  ) {
    super(detail)
    this.name = "Problem"
    this.code = code
    this.headers = extra.headers ?? {}
    this.places = extra.places ?? []
  }
}

export interface Outward {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: ProblemAnswer
  /** Something is wrong here, not with the request: worth a line in the log. */
  readonly fault: boolean
}

/** How anything thrown looks from outside. A bug and a broken disk say that they happened, never how. */
export function outward(error: unknown): Outward {
  const { code, detail, headers, places } = described(error)
  const [status, title] = OUTWARD[code] ?? INWARD
  const type = `urn:gatehouse:problem:${code}`
  return {
    status,
    headers,
    fault: code === "internal" || code === "disk-failed",
    body: {
      type,
      title,
      status,
      code,
      ...(detail === undefined ? {} : { detail }),
      ...(places.length === 0 ? {} : { problems: [...places] }),
    },
  }
}

interface Described {
  readonly code: ProblemCode
  readonly detail: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly places: readonly Place[]
}

function described(error: unknown): Described {
  if (error instanceof Problem) {
    return { code: error.code, detail: error.message, headers: error.headers, places: error.places }
  }
  const plain = { headers: {}, places: [] }
  if (!(error instanceof GatewayError) || OUTWARD[error.code] === undefined) {
    return { ...plain, code: "internal", detail: undefined }
  }
  if (error.code === "disk-failed") {
    const detail = "nothing was changed; check the disk for space and errors, then try again"
    return { ...plain, code: error.code, detail, headers: { "Retry-After": COME_BACK } }
  }
  const headers = error.code === "busy" ? { "Retry-After": COME_BACK } : {}
  return { ...plain, code: error.code, detail: error.message, headers }
}
