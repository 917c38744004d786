/**
 * One class for every failure that a person may have to read. The code is stable and is API; the message names the
 * thing and the remedy. How a code looks from outside (an HTTP status) stands once, in `http/problem.ts`.
 */
export class GatewayError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = "GatewayError"
    this.code = code
  }
}

/** Every code in use. A code is never renamed once released. */
export type ErrorCode =
  | "config-invalid"
  | "state-unusable"
  | "document-damaged"
  | "disk-failed"
  | "no-room"
  | "port-in-use"
  | "listen-failed"
  | "bootstrap-invalid"
  | "already-claimed"
  | "not-claimed"
  | "claim-refused"
  | "bad-request"
  | "unauthenticated"
  | "forbidden"
  | "not-found"
  | "conflict"
  | "too-many-attempts"
  | "busy"
  | "registry-closed"
  | "csr-refused"
  | "certificate-refused"
  | "internal"

/** The message of anything thrown, in one line; for logs and start-up failures. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? "" : ` (${reasonOf(error.cause)})`
  return error.message + cause
}
