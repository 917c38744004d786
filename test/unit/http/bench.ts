import { execFileSync } from "node:child_process"
import { createHash, randomBytes } from "node:crypto"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { Agent, type RequestOptions, request } from "node:https"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type AccessDocument, emptyAccess } from "../../../service/access/access-document.ts"
import { Accounts } from "../../../service/access/accounts.ts"
import { Attempts } from "../../../service/access/attempts.ts"
import type { ConnectedClient } from "../../../service/access/clients.ts"
import { Directory } from "../../../service/access/directory.ts"
import { Door } from "../../../service/access/door.ts"
import { Passwords } from "../../../service/access/password.ts"
import type { User } from "../../../service/access/user.ts"
import { parseCsr } from "../../../service/ca/csr.ts"
import { IssueLog, type IssueRecord } from "../../../service/ca/issue-log.ts"
import { GatewayError } from "../../../service/errors.ts"
import { Health } from "../../../service/health.ts"
import { problemAnswer } from "../../../service/http/contract.ts"
import type { Gateway, TrustedAuthority } from "../../../service/http/ports.ts"
import type { Route } from "../../../service/http/route.ts"
import { routeTable } from "../../../service/http/routes/routes.ts"
import { type HttpOptions, openHttp } from "../../../service/http/server.ts"
import { openTokens } from "../../../service/http/token.ts"
import { openLog } from "../../../service/log.ts"
import { FakeClock } from "../../support/fake-clock.ts"
import { MemoryDocument } from "../../support/memory-document.ts"

export const PASSWORD = "correct horse battery"
export const CODE = "ABCD-EFGH-JKMN"
const passwords = new Passwords(4)
let hash: Promise<string> | undefined

/** What openssl makes once for all tests of a file: a server's key and certificate, and requests of devices. */
export function material(): { keyPem: string; certPem: string; csr(name?: string): string } {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-http-"))
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" })
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
  try {
    const names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    openssl("req", "-x509", ...newKey, "-keyout", "k", "-out", "c", "-subj", "/CN=localhost", "-addext", names)
    openssl("req", "-new", ...newKey, "-keyout", "d", "-out", "r", "-subj", "/O=device")
    const [keyPem, certPem, csr] = ["k", "c", "r"].map((name) => readFileSync(join(folder, name), "utf8"))
    return { keyPem: keyPem!, certPem: certPem!, csr: () => csr! }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const ours = material()
export const csr = ours.csr()
export const tls = { keyPem: ours.keyPem, certPem: ours.certPem }

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
  hash ??= passwords.hash(PASSWORD)
  const document = new MemoryDocument(claimed ? population(await hash) : emptyAccess())
  const clock = new FakeClock()
  const lines: string[] = []
  const clients = new Map<string, ConnectedClient>()
  const directory = new Directory(document)
  const gateway = { ...gatewayOf(directory, clock, lines, clients), ...changes }
  const http = await openHttp({
    host: "127.0.0.1",
    port: 0,
    ...tls,
    hosts: changes.hosts ?? (() => ["gatehouse-1234abcd.local", "192.168.7.1", "fe80::1%eth0"]),
    ...(changes.onUpgrade && { onUpgrade: changes.onUpgrade }),
    ...(changes.maxConnections && { maxConnections: changes.maxConnections }),
    gateway,
  })
  const table = routeTable(gateway, openTokens(directory, clock))
  const agent = new Agent({ keepAlive: true, ca: tls.certPem, servername: "localhost" })
  const ask = (method: string, path: string, what: Ask = {}) => checked(table, asked(agent, http.port, method, path, what))
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

function population(hash: string): AccessDocument {
  const person = (username: string, ...roles: string[]): User => ({
    ...{ username, roles, permissions: [], enabled: true },
    grant: { kind: "password", hash, forPeople: true },
  })
  const device = (username: string, more: Partial<User> = {}): User => ({
    ...{ username, roles: ["device"], permissions: [], enabled: true },
    grant: { kind: "certificate", issuer: "gatehouse" },
    ...more,
  })
  return {
    ...emptyAccess(),
    claimed: true,
    users: [
      person("anna", "admin"),
      person("tom", "technician"),
      person("vera", "viewer"),
      person("otto"),
      { ...person("dora", "viewer"), enabled: false },
      device("pump"),
      device("boss", { roles: ["admin"] }),
      device("valve", { enabled: false }),
      device("foreign", { grant: { kind: "certificate", issuer: "plant7" } }),
      device("pinned", { grant: { kind: "certificate", issuer: "gatehouse", publicKey: "ab".repeat(32) } }),
      device("plain", { grant: { kind: "password", hash, forPeople: false } }),
    ],
  }
}

function gatewayOf(
  directory: Directory,
  clock: FakeClock,
  lines: string[],
  clients: Map<string, ConnectedClient>,
): Gateway {
  const accounts = new Accounts(directory, passwords, (issuer) => issuer === "gatehouse" || issuer === "plant7")
  const records: IssueRecord[] = []
  const issueLog = new IssueLog({ records: [], append: async (record) => void records.push(record) })
  let sealed = false
  return {
    ...{ version: "1.2.3", directory, accounts, passwords, issueLog, clock },
    attempts: new Attempts(clock),
    authority: authorityOf(issueLog, clock),
    trust: trustOf(),
    clients: {
      list: () => [...clients.values()],
      find: (id) => clients.get(id),
      disconnect: (id) => clients.delete(id),
      counters: () => ({ published: 7 }),
    },
    door: new Door(() => clock.now()),
    health: new Health(() => clock.now()),
    log: openLog("debug", (line) => lines.push(line)),
    listeners: () => [{ name: "mqtts", host: "*", port: 8883, open: true }],
    alive: () => true,
    claimCode: () => CODE,
    async claim(username, password) {
      await accounts.claim(username, password)
      return { recoveryKey: "recovery" }
    },
    async sealRoot() {
      if (sealed) throw new GatewayError("conflict", "the root key is sealed already")
      sealed = true
      return "recovery"
    },
  }
}

function authorityOf(log: IssueLog, clock: FakeClock): Gateway["authority"] {
  return {
    anchors: ["ISSUING\n", "ROOT\n"],
    crl: () => ({ pem: "CRL\n", der: Buffer.from([0x30, 0x80, 0xff]) }),
    revoke: (serial, reason, by) => log.revoke(serial, reason, by, clock.now()),
    async issue({ commonName, csr, lifetimeDays, by, through }) {
      const verdict = parseCsr(csr)
      if (!verdict.ok) throw new GatewayError("csr-refused", verdict.sentence)
      const days = lifetimeDays === "never" ? 99_999 : (lifetimeDays ?? 398)
      const notAfter = clock.now() + days * 86_400_000
      const serial = randomBytes(16).toString("hex")
      const { spkiHash } = verdict
      const sha256 = createHash("sha256").update(serial).digest("hex")
      const what = { commonName, spkiHash, notAfter, by, through, serial, sha256, at: clock.now() }
      await log.record({ ...what, keyOrigin: "device", kind: "device", authority: "00".repeat(20) })
      const pems = { certificatePem: "LEAF\n", chainPem: "LEAF\nISSUING\n", rootPem: "ROOT\n" }
      return { serial, fingerprint: sha256, ...pems, notAfter, commonName, spkiHash }
    },
  }
}

function trustOf(): Gateway["trust"] {
  const held = new Map<string, TrustedAuthority>()
  return {
    list: () => [...held.values()],
    async add(pem, { id = "made", name = "made", scope }) {
      if (pem !== "GOOD") throw new GatewayError("certificate-refused", "certificate 1 of 1 is no authority")
      if (held.has(id)) throw new GatewayError("conflict", `the id ${id} is taken`)
      held.set(id, { id, name, subject: "CN=Plant 7", scope, fingerprint: "cd".repeat(32), notAfter: 0 })
      return [held.get(id)!]
    },
    async remove(id) {
      if (!held.delete(id)) throw new GatewayError("not-found", `there is no trusted authority ${id}`)
    },
  }
}

function asked(agent: Agent, port: number, method: string, path: string, what: Ask): Promise<[string, string, Reply]> {
  const body = what.json === undefined ? what.body : JSON.stringify(what.json)
  const headers = {
    ...(what.json === undefined ? {} : { "Content-Type": "application/json" }),
    ...(body === undefined || what.headers?.["Transfer-Encoding"] !== undefined ? {} : { "Content-Length": String(Buffer.byteLength(body)) }),
    ...(what.token === undefined ? {} : { Authorization: `Bearer ${what.token}` }),
    ...what.headers,
  }
  const options: RequestOptions = { agent, host: "127.0.0.1", port, method, path, headers }
  return new Promise((resolve, reject) => {
    const asking = request(options, (response) => {
      const chunks: Buffer[] = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("error", reject)
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
  if (reply.json === undefined) return reply
  if (reply.status >= 400) {
    if (reply.headers["content-type"] !== "application/problem+json") throw new Error("a problem of another type")
    problemAnswer.parse(reply.json)
    return reply
  }
  const [bare = ""] = path.split("?")
  const line = table.find((route) => {
    const template = new RegExp(`^${route.path.replace(/:[a-zA-Z]+/g, "[^/]+")}$`)
    return route.method === method && template.test(bare)
  })
  if (line?.answers === undefined) throw new Error(`${method} ${path} answers JSON that its table line does not declare`)
  line.answers.parse(reply.json)
  return reply
}
