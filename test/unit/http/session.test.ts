import assert from "node:assert/strict"
import { afterEach, beforeEach, test } from "node:test"
import { sessionIn } from "../../../service/http/identification.ts"
import { type Bench, openBench, PASSWORD, type Reply } from "./bench.ts"

let bench: Bench
beforeEach(async () => {
  bench = await openBench()
})
afterEach(() => bench[Symbol.asyncDispose]())

const OWN = { "Sec-Fetch-Site": "same-origin" }
const ask = (method: string, path: string, cookie: string, json?: unknown, headers: Record<string, string> = OWN) =>
  bench.ask(method, `/api/v1${path}`, {
    headers: { Cookie: cookie, ...headers },
    ...(json === undefined ? {} : { json }),
  })
const signIn = (username = "anna", password = PASSWORD, headers: Record<string, string> = OWN): Promise<Reply> =>
  bench.ask("POST", "/api/v1/session", { json: { username, password }, headers })
const cookieOf = (reply: Reply) => String(reply.headers["set-cookie"]).split(";")[0]!
const MINUTE = 60_000

test("signing in sets a cookie that only this host gets, over TLS, and no script", async () => {
  const reply = await signIn()
  assert.equal(reply.status, 201)
  assert.match(
    String(reply.headers["set-cookie"]),
    /^__Host-sid=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict$/,
  )
  assert.doesNotMatch(reply.text, new RegExp(cookieOf(reply).slice(11, 30)))
  const who = await ask("GET", "/session", cookieOf(reply))
  assert.deepEqual([who.at("username"), who.at("administrator"), who.at("idleSeconds")], ["anna", true, 900])
})

test("it fails as signing in for a token does, and sets nothing", async () => {
  for (const [name, password, status] of [
    ["anna", "wrong password", 401],
    ["nobody", PASSWORD, 401],
    ["dora", PASSWORD, 401],
    ["boss", PASSWORD, 401],
    ["otto", PASSWORD, 403],
  ] as const) {
    const reply = await signIn(name, password)
    assert.deepEqual([reply.status, reply.headers["set-cookie"]], [status, undefined])
  }
})

test("a session id is no token, a token no session, and neither opens anything from elsewhere", async () => {
  const cookie = cookieOf(await signIn())
  const id = cookie.split("=")[1]!
  const token = await bench.signIn("anna")
  for (const Authorization of [`Bearer ${id}`, `Bearer gh_${id}`]) {
    assert.equal((await bench.ask("GET", "/api/v1/status", { headers: { Authorization } })).status, 401)
  }
  for (const Cookie of [`__Host-sid=${token}`, `sid=${id}`, `__Host-sid=${id}; __Host-sid=${id}`, `__host-sid=${id}`]) {
    assert.equal((await bench.ask("GET", "/api/v1/status", { headers: { Cookie } })).status, 401)
  }
  assert.equal((await bench.ask("GET", `/api/v1/status?__Host-sid=${id}`)).status, 401)
})

test("with a session, every change wants proof that a page of ours sent it", async () => {
  const cookie = cookieOf(await signIn())
  const own = `https://127.0.0.1:${bench.port}`
  for (const line of bench.table.filter(({ method, access }) => method !== "GET" && access !== "public")) {
    const path = line.path.replace("/api/v1", "").replace(/:\w+/g, "nobody")
    for (const headers of [
      {},
      { "Sec-Fetch-Site": "none" },
      { "Sec-Fetch-Site": "cross-site" },
      { "Sec-Fetch-Site": "same-site" },
      { Origin: "https://evil.example" },
      { Origin: "null" },
      { "Sec-Fetch-Site": "same-origin", Origin: "https://evil.example" },
    ] as Record<string, string>[]) {
      const reply = await ask(line.method, path, cookie, undefined, headers)
      assert.deepEqual([reply.status, reply.at("code")], [403, "cross-site"], `${path} ${JSON.stringify(headers)}`)
    }
  }
  for (const headers of [OWN, { Origin: own }, { ...OWN, Origin: own }] as Record<string, string>[]) {
    assert.equal((await ask("DELETE", "/users/nobody", cookie, undefined, headers)).status, 404)
  }
})

test("a foreign page cannot sign a browser in", async () => {
  for (const headers of [{}, { "Sec-Fetch-Site": "cross-site" }, { Origin: "https://evil.example" }] as Record<
    string,
    string
  >[]) {
    assert.equal((await signIn("anna", PASSWORD, headers)).at("code"), "cross-site")
  }
})

test("it ends after fifteen idle minutes, and after twelve hours however busy", async () => {
  const cookie = cookieOf(await signIn())
  const alive = async () => (await ask("GET", "/status", cookie)).status === 200
  for (let i = 0; i < 3; i++) {
    bench.clock.advance(15 * MINUTE - 1)
    assert.ok(await alive())
  }
  for (let i = 0; i < 47; i++) {
    bench.clock.advance(15 * MINUTE - 1)
    if (!(await alive())) break
  }
  assert.ok(!(await alive()), "twelve hours")
  const other = cookieOf(await signIn())
  bench.clock.advance(15 * MINUTE)
  assert.equal((await ask("GET", "/status", other)).status, 401)
})

test("signing in again gives a new id and ends the old one", async () => {
  const first = cookieOf(await signIn())
  const second = cookieOf(await signIn("vera", PASSWORD, { ...OWN, Cookie: first }))
  assert.notEqual(first, second)
  assert.equal((await ask("GET", "/session", first)).status, 401)
  assert.equal((await ask("GET", "/session", second)).at("username"), "vera")
})

test("signing out ends it and clears the browser", async () => {
  const cookie = cookieOf(await signIn())
  const reply = await ask("DELETE", "/session", cookie)
  assert.equal(reply.status, 204)
  assert.match(String(reply.headers["set-cookie"]), /^__Host-sid=; .*Max-Age=0/)
  assert.match(String(reply.headers["clear-site-data"]), /"storage"/)
  assert.equal((await ask("GET", "/session", cookie)).status, 401)
})

test("people see and end their own, administrators everyone's; no list holds what opens one", async () => {
  const [anna, vera, tom] = [
    cookieOf(await signIn("anna")),
    cookieOf(await signIn("vera")),
    cookieOf(await signIn("tom")),
  ]
  const list = async (cookie: string) => {
    const reply = await ask("GET", "/sessions", cookie)
    for (const one of [anna, vera, tom]) assert.ok(!reply.text.includes(one.split("=")[1]!))
    return reply.at("sessions") as { id: string; username: string; current: boolean }[]
  }
  assert.deepEqual(
    (await list(vera)).map(({ username, current }) => [username, current]),
    [["vera", true]],
  )
  assert.equal((await list(anna)).length, 3)
  const [own] = await list(vera)
  assert.equal((await ask("DELETE", `/sessions/${own!.id}`, tom)).status, 404)
  assert.equal((await ask("DELETE", `/sessions/${own!.id}`, anna)).status, 204)
  assert.equal((await ask("GET", "/session", vera)).status, 401)
})

test("it ends with its user, and stays ended", async () => {
  const vera = cookieOf(await signIn("vera"))
  const token = await bench.signIn("anna")
  const patch = (json: unknown) => bench.ask("PATCH", "/api/v1/users/vera", { token, json })
  await patch({ enabled: false })
  assert.equal((await ask("GET", "/session", vera)).status, 401)
  await patch({ enabled: true })
  assert.equal((await ask("GET", "/session", vera)).status, 401)
})

test("changing one's password keeps this session and ends the others", async () => {
  const [one, two] = [cookieOf(await signIn("vera")), cookieOf(await signIn("vera"))]
  const json = { current: PASSWORD, next: "an entirely new secret" }
  assert.equal((await ask("PUT", "/account/password", one, json)).status, 204)
  assert.equal((await ask("GET", "/session", one)).status, 200)
  assert.equal((await ask("GET", "/session", two)).status, 401)
})

test("a cookie header is read to the letter", () => {
  const id = "a".repeat(43)
  assert.equal(sessionIn(`x=1; __Host-sid=${id};y=2`), id)
  for (const header of [
    undefined,
    "",
    `__Host-sid=${id}=`,
    `__Host-sid=${id}a`,
    `__Host-sid="${id}"`,
    `a__Host-sid=${id}`,
  ]) {
    assert.equal(sessionIn(header), undefined)
  }
})
