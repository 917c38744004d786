import type { ServerResponse } from "node:http"

/** What a route says: a value, put on the wire in one place. */
export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** JSON, unless `type` names something else. */
  readonly body?: unknown
  readonly type?: string
  /** Who the request turned out to come from, for the log; for routes without a token. */
  readonly actor?: string
  /** Goes on writing after the headers, for as long as it likes; instead of a body. */
  readonly stream?: (response: ServerResponse) => void
}

export function ok(body: unknown): Answer {
  return { status: 200, body }
}

export function created(body: unknown, location?: string): Answer {
  return { status: 201, body, ...(location === undefined ? {} : { headers: { Location: location } }) }
}

export const noContent: Answer = { status: 204 }

/** Something other than JSON. */
export function content(type: string, body: string | Buffer): Answer {
  return { status: 200, type, body }
}

/** Puts an answer on the wire. What is already on its way cannot be taken back: then the connection ends. */
export function send(response: ServerResponse, answer: Answer): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  response.statusCode = answer.status
  if (!response.req.complete) endUnread(response)
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value)
  if (answer.stream !== undefined && response.req.method !== "HEAD") {
    if (answer.type !== undefined) response.setHeader("Content-Type", answer.type)
    response.flushHeaders()
    answer.stream(response)
    return
  }
  if (answer.body === undefined) {
    response.end()
    return
  }
  const type = "type" in answer ? answer.type : undefined
  const bytes = type === undefined ? Buffer.from(JSON.stringify(answer.body)) : bytesOf(answer.body)
  response.setHeader("Content-Type", type ?? `application/${answer.status >= 400 ? "problem+" : ""}json`)
  response.setHeader("Content-Length", bytes.length)
  response.end(bytes) // without its body where the request was HEAD
}

/** Who is answered before its body was read may go on sending, for ever so long: it gets time to read the answer. */
function endUnread(response: ServerResponse): void {
  if (response.req.headers["content-length"] === undefined && response.req.headers["transfer-encoding"] === undefined) {
    return
  }
  const { socket } = response.req
  response.setHeader("Connection", "close")
  response.once("finish", () => {
    const end = setTimeout(() => socket.destroy(), LINGER_MS)
    socket.once("close", () => clearTimeout(end))
  })
}

const LINGER_MS = 2000

function bytesOf(body: unknown): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(String(body))
}
