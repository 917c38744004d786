import assert from "node:assert/strict"
import { afterEach, beforeEach, test } from "node:test"
import { type Bench, openBench, PASSWORD } from "./bench.ts"

let bench: Bench
let token: string
beforeEach(async () => {
  bench = await openBench()
  token = await bench.signIn("anna")
})
afterEach(() => bench[Symbol.asyncDispose]())

type Entry = Record<string, unknown> & { number: number }
const audit = async (query = "") =>
  (await bench.ask("GET", `/api/v1/audit${query}`, { token })).at("entries") as Entry[]

test("every change leaves one entry with who, what, and nothing secret; questions and refusals leave none", async () => {
  const secret = "a very secret password"
  const grant = { kind: "password", password: secret }
  const ask = (method: string, path: string, json?: unknown) => bench.ask(method, `/api/v1${path}`, { token, json })
  const signedIn = await audit()
  assert.deepEqual([signedIn.length, signedIn[0]?.route, signedIn[0]?.actor], [1, "/tokens", "anna"])
  await ask("POST", "/users", { username: "fan", grant, roles: ["device"] })
  await ask("PATCH", "/users/fan", { enabled: false, note: "<b>" })
  await ask("POST", "/users/fan/preview", { enabled: true })
  await ask("POST", "/explain", { username: "fan", operation: "read", topic: "a" })
  await ask("POST", "/messages", { topic: "a", payload: secret })
  await ask("POST", "/users", { username: "fan", grant })
  await ask("DELETE", "/users/fan")
  await ask("POST", "/tokens", { username: "anna", password: "wrong wrong wrong" })
  const entries = await audit("?actor=anna")
  assert.deepEqual(
    entries.map(({ method, object, change, status }) => [method, object, change, status]),
    [
      ["DELETE", "/users/fan", "", 204],
      ["PATCH", "/users/fan", '{"enabled":false,"note":"<b>"}', 200],
      ["POST", "/users/fan", '{"username":"fan","grant":"password","roles":["device"]}', 201],
      ["POST", "/tokens", '{"username":"anna","password":"…"}', 201],
    ],
  )
  assert.ok(!JSON.stringify(entries).includes(secret) && !JSON.stringify(entries).includes(PASSWORD))
})

test("entries come in pages, the newest first, and a page begun goes on where it stood", async () => {
  for (let i = 0; i < 5; i++) await bench.signIn("tom")
  const first = await audit("?limit=2")
  await bench.signIn("tom")
  const rest = await audit(`?limit=200&before=${first.at(-1)?.number}`)
  assert.deepEqual(
    [...first, ...rest].map(({ number }) => number),
    [6, 5, 4, 3, 2, 1],
  )
})

test("the log is read by level, by part and in pages", async () => {
  const { recentLog } = bench.gateway as unknown as { recentLog: import("../../../service/recent-log.ts").RecentLog }
  const log = recentLog.keeping(bench.gateway.log)
  log.for("broker").info("client connected", { client: "pump" })
  log.for("ca").error("the disk is full")
  const read = async (query: string) =>
    ((await bench.ask("GET", `/api/v1/log${query}`, { token })).at("entries") as Entry[]).map(({ message }) => message)
  assert.deepEqual(await read(""), ["the disk is full", "client connected"])
  assert.deepEqual(await read("?level=warn"), ["the disk is full"])
  assert.deepEqual(await read("?part=broker"), ["client connected"])
  assert.deepEqual(await read("?before=2"), ["client connected"])
})

test("a restart is an administrator's, wants the password, and is refused where nothing would start it again", async () => {
  assert.equal((await bench.ask("POST", "/api/v1/restart", { token: await bench.signIn("tom") })).status, 403)
  const refused = await bench.ask("POST", "/api/v1/restart", { token })
  assert.equal(refused.status, 409)
  assert.match(String(refused.at("detail")), /does not run under systemd/)
  const restarted = Promise.withResolvers<void>()
  await using under = await openBench(true, { restart: () => restarted.resolve() })
  const admin = await under.signIn("anna")
  assert.equal((await under.ask("POST", "/api/v1/restart", { token: admin })).status, 202)
  await restarted.promise
  under.clock.advance(6 * 60_000)
  assert.equal((await under.ask("POST", "/api/v1/restart", { token: admin })).at("code"), "confirmation-needed")
})

test("the calendar counts what is in force by its month, and leaves out what is over", async () => {
  const { issueLog, clock } = bench.gateway
  const log = issueLog as import("../../../service/ca/issue-log.ts").IssueLog
  const month = 30 * 86_400_000
  const issued = async (n: number, notAfter: number) => {
    const hex = n.toString(16)
    await log.record({
      ...{ serial: hex.padStart(32, "0"), sha256: hex.padStart(64, "0"), spkiHash: hex.padStart(64, "0") },
      ...{ commonName: `pump-${n}`, notAfter, at: clock.now(), by: "anna", through: "api" },
      ...{ keyOrigin: "device", kind: "device", authority: "00".repeat(20) },
    })
  }
  for (let n = 1; n <= 30; n++) await issued(n, clock.now() + 2 * month)
  await issued(31, clock.now() + 1000 * month)
  await issued(32, clock.now() + 1)
  await issued(33, clock.now() + 2 * month)
  await log.revoke("21".padStart(32, "0"), "lost", "anna", clock.now())
  bench.clock.advance(10)
  const reply = await bench.ask("GET", "/api/v1/expiries", { token })
  const months = reply.at("months") as { month: string; count: number; certificates: unknown[] }[]
  const busy = months.filter(({ count }) => count > 0)
  assert.deepEqual([months.length, busy.length, busy[0]?.count, busy[0]?.certificates.length], [36, 1, 30, 20])
  assert.deepEqual([reply.at("later"), reply.at("expired")], [1, 1])
})

test("the clock is told with what speaks for it", async () => {
  const reply = await bench.ask("GET", "/api/v1/time", { token })
  assert.equal(reply.at("now"), new Date(bench.clock.now()).toISOString())
  assert.deepEqual([reply.at("synchronised"), reply.at("notBefore"), reply.at("behind")], [null, null, false])
})
