import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { Agent, type RequestOptions, request } from "node:https"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type AccessDocument, emptyAccess } from "../../../service/access/access-document.ts"
import type { ConnectedClient } from "../../../service/access/clients.ts"
import { Directory } from "../../../service/access/directory.ts"
import { problemAnswer } from "../../../service/http/contract.ts"
import { openDesk } from "../../../service/http/desk.ts"
import { codesOf } from "../../../service/http/openapi.ts"
import type { Gateway } from "../../../service/http/ports.ts"
import type { Route } from "../../../service/http/route.ts"
import { routeTable } from "../../../service/http/routes/routes.ts"
import { type HttpOptions, openHttp } from "../../../service/http/server.ts"
import { feed } from "../../../service/parts/event-sources.ts"
import { FakeClock } from "../../support/fake-clock.ts"
import { MemoryDocument } from "../../support/memory-document.ts"
import { gatewayOf, PASSWORD, population } from "./fake-gateway.ts"

export { CODE, PASSWORD } from "./fake-gateway.ts"

/** A server's self-signed key and certificate, fresh. */
export function newPair(): { keyPem: string; certPem: string } {
  const names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
  const [keyPem, certPem] = openssl("-x509", "-subj", "/CN=localhost", "-addext", names)
  return { keyPem, certPem }
}

/** A device's request in PEM, without a common name. */
export function newRequest(): string {
  return openssl("-new", "-subj", "/O=device")[1]
}

/** node:crypto can make keys but neither certificates nor requests. */
function openssl(...args: string[]): [key: string, made: string] {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-http-"))
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key", "-out", "made"]
  try {
    execFileSync("openssl", ["req", ...newKey, ...args], { cwd: folder, stdio: "pipe" })
    return [readFileSync(join(folder, "key"), "utf8"), readFileSync(join(folder, "made"), "utf8")]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export const tls = newPair()

export interface Bench extends AsyncDisposable {
  readonly port: number
  readonly gateway: Gateway
  readonly directory: Directory
  readonly document: MemoryDocument<AccessDocument>
  readonly clock: FakeClock
  readonly lines: string[]
  readonly table: readonly Route[]
  readonly clients: Map<string, ConnectedClient>
  ask(method: string, path: string, what?: Ask): Promise<Reply>
  /** A token of that user. */
  signIn(username: string): Promise<string>
  replaceCertificate(keyPem: string, certPem: string): void
}

export interface Ask {
  token?: string | undefined
  json?: unknown
  body?: string | Buffer
  headers?: Record<string, string | string[]>
}

export interface Reply {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly text: string
  readonly bytes: Buffer
  readonly json: unknown
  /** What stands in the JSON at that path. */
  at(...path: (string | number)[]): unknown
}

export type Changes = Partial<Gateway> & Partial<Pick<HttpOptions, "hosts" | "onUpgrade" | "maxConnections">>

export async function openBench(claimed = true, changes: Changes = {}): Promise<Bench> {
  const document = new MemoryDocument(claimed ? await population() : emptyAccess())
  const clock = new FakeClock()
  const lines: string[] = []
  const clients = new Map<string, ConnectedClient>()
  const directory = new Directory(document)
  const gateway = { ...gatewayOf(directory, clock, lines, clients), ...changes }
  feed(gateway.events, { ...gateway, authority: { onRevoked: () => () => {} } })
  const http = await openHttp({
    host: "127.0.0.1",
    port: 0,
    ...tls,
    hosts: changes.hosts ?? (() => ["gatehouse-1234abcd.local", "192.168.7.1", "fe80::1%eth0"]),
    ...(changes.onUpgrade && { onUpgrade: changes.onUpgrade }),
    ...(changes.maxConnections && { maxConnections: changes.maxConnections }),
    gateway,
  })
  await using idle = new AsyncDisposableStack()
  const table = routeTable(gateway, openDesk(gateway, idle))
  const agent = new Agent({ keepAlive: true, ca: tls.certPem, servername: "localhost" })
  const ask = (method: string, path: string, what: Ask = {}) =>
    checked(table, asked(agent, http.port, method, path, what))
  return {
    ...{ port: http.port, gateway, directory, document, clock, lines, table, clients, ask },
    async signIn(username) {
      const reply = await ask("POST", "/api/v1/tokens", { json: { username, password: PASSWORD } })
      if (reply.status !== 201) throw new Error(`no token for ${username}: ${reply.text}`)
      return String(reply.at("token"))
    },
    replaceCertificate: http.replaceCertificate,
    async [Symbol.asyncDispose]() {
      agent.destroy()
      await http[Symbol.asyncDispose]()
    },
  }
}

function asked(agent: Agent, port: number, method: string, path: string, what: Ask): Promise<[string, string, Reply]> {
  const body = what.json === undefined ? what.body : JSON.stringify(what.json)
  const headers = {
    ...(what.json === undefined ? {} : { "Content-Type": "application/json" }),
    ...(body === undefined || what.headers?.["Transfer-Encoding"] !== undefined
      ? {}
      : { "Content-Length": String(Buffer.byteLength(body)) }),
    ...(what.token === undefined ? {} : { Authorization: `Bearer ${what.token}` }),
    ...what.headers,
  }
  const options: RequestOptions = { agent, host: "127.0.0.1", port, method, path, headers }
  return new Promise((resolve, reject) => {
    const asking = request(options, (response) => {
      const isStream = response.headers["content-type"] === "text/event-stream"
      const chunks: Buffer[] = []
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk)
        if (isStream) response.destroy() // it would go on
      })
      response.on("error", reject)
      if (isStream) response.on("close", () => response.emit("end"))
      response.on("end", () => {
        const bytes = Buffer.concat(chunks)
        const text = bytes.toString()
        const isJson = String(response.headers["content-type"]).includes("json") && text !== ""
        const reply = { status: response.statusCode ?? 0, headers: response.headers, text, bytes }
        const json: unknown = isJson ? JSON.parse(text) : undefined
        resolve([method, path, { ...reply, json, at: (...inside) => inside.reduce(into, json) }])
      })
    })
    asking.on("error", reject)
    asking.end(body)
  })
}

function into(value: unknown, level: string | number): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string | number, unknown>)[level] : undefined
}

/** Every answer of every test is held against the contract. */
async function checked(table: readonly Route[], asking: Promise<[string, string, Reply]>): Promise<Reply> {
  const [method, path, reply] = await asking
  const [bare = ""] = path.split("?")
  const line = table.find((route) => {
    const template = new RegExp(`^${route.path.replace(/:[a-zA-Z]+/g, "[^/]+")}$`)
    return route.method === method && template.test(bare)
  })
  if (reply.status < 400 && line && ![...line.success, 304].includes(reply.status)) {
    throw new Error(`${method} ${path} answers ${reply.status}, which its table line does not declare`)
  }
  if (reply.json === undefined) return reply
  if (reply.status >= 400) {
    if (reply.headers["content-type"] !== "application/problem+json") throw new Error("a problem of another type")
    const { code } = problemAnswer.parse(reply.json)
    const known: readonly string[] = line === undefined ? [code] : codesOf(line)
    if (!known.includes(code)) throw new Error(`${method} ${path} refuses with ${code}, which it does not declare`)
    return reply
  }
  if (line?.answers === undefined)
    throw new Error(`${method} ${path} answers JSON that its table line does not declare`)
  line.answers.parse(reply.json)
  return reply
}
