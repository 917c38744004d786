import { type IncomingMessage, request } from "node:http"
import type { Readable } from "node:stream"
import type { ProblemAnswer } from "../../service/http/contract.ts"
import { Failure, REFUSED } from "./command.ts"

/** What a request carries: a JSON value, or bytes of another type. */
export interface Sent {
  readonly json?: unknown
  readonly bytes?: Buffer
  readonly type?: string
  /** A file too large to be held: it is sent while it is read. */
  readonly file?: { readonly stream: Readable; readonly length: number }
}

const ROOT = "/api/v1"
const PATIENCE_MS = 30_000

/** The gateway's API over its local socket. What it refuses is thrown as a `Failure` with its own sentence. */
export class Api {
  readonly socket: string

  constructor(socket: string) {
    this.socket = socket
  }

  /** The JSON of an answer, whose form is the contract's; undefined where there is none. */
  async ask<T = void>(method: string, path: string, sent: Sent = {}): Promise<T> {
    const text = await this.text(method, path, sent)
    return (text === "" ? undefined : JSON.parse(text)) as T
  }

  get<T>(path: string): Promise<T> {
    return this.ask<T>("GET", path)
  }

  /** Every item of a list that comes in pages. */
  async all<K extends string, T>(path: string, name: K): Promise<Record<K, T[]> & { next: null }> {
    const items: T[] = []
    let cursor: string | null = null
    do {
      const query: string = new URLSearchParams({ limit: "200", ...(cursor === null ? {} : { cursor }) }).toString()
      const page: Record<K, T[]> & { next: string | null } = await this.get(
        `${path}${path.includes("?") ? "&" : "?"}${query}`,
      )
      items.push(...page[name])
      cursor = page.next
    } while (cursor !== null)
    return { [name]: items, next: null } as Record<K, T[]> & { next: null }
  }

  async text(
    method: string,
    path: string,
    { json, bytes, file, type = "application/json" }: Sent = {},
  ): Promise<string> {
    const body = json === undefined ? bytes : Buffer.from(JSON.stringify(json))
    const length = file?.length ?? body?.length
    const headers = length === undefined ? {} : { "content-type": type, "content-length": length }
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const options = { socketPath: this.socket, method, path: ROOT + path, headers, timeout: PATIENCE_MS, agent: false }
    const asking = request(options, (response) => void received(response).then(resolve, reject))
    asking.on("timeout", () => asking.destroy(new Failure(`the gateway does not answer at ${this.socket}`)))
    asking.on("error", (error) => reject(unreachable(error, this.socket)))
    if (file === undefined) asking.end(body)
    else file.stream.on("error", (error) => asking.destroy(new Failure(error.message))).pipe(asking)
    return promise
  }
}

/** A name as one part of an address. */
export function part(name: string): string {
  return encodeURIComponent(name)
}

async function received(response: IncomingMessage): Promise<string> {
  let text = ""
  response.setEncoding("utf8")
  for await (const chunk of response) text += chunk
  const status = response.statusCode ?? 0
  if (status >= 400) throw refused(JSON.parse(text) as ProblemAnswer)
  return text
}

function refused({ detail, title, problems = [], code }: ProblemAnswer): Failure {
  const places = problems.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`))
  const sentence = places.length > 0 ? places.join("; ") : (detail ?? title)
  return new Failure(sentence, REFUSED, code)
}

function unreachable(error: Error, socket: string): Failure {
  if (error instanceof Failure) return error
  switch ("code" in error ? error.code : undefined) {
    case "EACCES":
      return new Failure(`only root and the gateway's user may open ${socket}; try again with sudo`)
    case "ENOENT":
    case "ECONNREFUSED":
    case "ENOTDIR":
      return new Failure(
        `the gateway is not running: nothing listens at ${socket}; start it with "systemctl start gatehouse" or "npm start", or name another state directory with --state DIR`,
      )
    default:
      return new Failure(`the gateway ended the conversation at ${socket}: ${error.message}`)
  }
}
