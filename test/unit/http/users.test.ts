import assert from "node:assert/strict"
import { afterEach, beforeEach, test } from "node:test"
import { type Ask, type Bench, openBench, PASSWORD, type Reply } from "./bench.ts"

let bench: Bench
let admin: string
let technician: string
beforeEach(async () => {
  bench = await openBench()
  admin = await bench.signIn("anna")
  technician = await bench.signIn("tom")
})
afterEach(() => bench[Symbol.asyncDispose]())

const USERS = "/api/v1/users"
const ask = (method: string, path: string, token: string, json?: unknown): Promise<Reply> => {
  const what: Ask = json === undefined ? { token } : { token, json }
  return bench.ask(method, path, what)
}
const certificate = { kind: "certificate" }

test("a device is made, shown, changed and removed", async () => {
  const json = { username: "press@7", grant: certificate, roles: ["device"], publishPrefix: "hall/2", note: "left" }
  const made = await ask("POST", USERS, technician, json)
  assert.equal(made.status, 201)
  assert.equal(made.headers.location, "/api/v1/users/press%407")
  const shown = { ...json, grant: { ...certificate, issuer: "gatehouse" }, permissions: [], enabled: true }
  assert.deepEqual(made.json, shown)
  assert.deepEqual((await ask("GET", String(made.headers.location), technician)).json, shown)

  const changed = await ask("PATCH", `${USERS}/press%407`, technician, { note: null, enabled: false })
  const { note: _, ...rest } = shown
  assert.deepEqual(changed.json, { ...rest, enabled: false })

  assert.equal((await ask("DELETE", `${USERS}/press%407`, technician)).status, 204)
  assert.equal((await ask("GET", `${USERS}/press%407`, technician)).status, 404)
  assert.equal((await ask("DELETE", `${USERS}/press%407`, technician)).status, 404)
  assert.equal((await ask("PATCH", `${USERS}/press%407`, technician, {})).status, 404)
})

test("no answer ever holds a password or its hash", async () => {
  const password = "device secret 1"
  const grant = { kind: "password", password }
  const replies = [
    await ask("POST", USERS, admin, { username: "new", grant }),
    await ask("PATCH", `${USERS}/new`, admin, { grant: { kind: "password", password: "device secret 2" } }),
    await ask("GET", `${USERS}/new`, admin),
    await ask("GET", `${USERS}?limit=200`, admin),
    await ask("POST", USERS, admin, { username: "new2", grant: { kind: "password", password: "short" } }),
    await ask("POST", USERS, admin, { username: "new", grant }),
  ]
  assert.deepEqual(
    replies.map(({ status }) => status),
    [201, 200, 200, 200, 400, 409],
  )
  for (const { text } of replies) assert.doesNotMatch(text, /argon2|device secret|"short"|forPeople|hash/)
  assert.deepEqual(replies[2]?.at("grant"), { kind: "password" })
})

test("pages hold every user once, whoever comes and goes meanwhile", async () => {
  const names: string[] = []
  let query = "?limit=3"
  for (;;) {
    const page = await ask("GET", `${USERS}${query}`, admin)
    const users = page.at("users") as { username: string }[]
    names.push(...users.map(({ username }) => username))
    const next = page.at("next")
    if (next === null) break
    query = `?limit=3&cursor=${next}`
    await bench.directory.change((draft) => void draft.users.delete(names.at(-1)!))
    if (names.length === 3) await ask("POST", USERS, admin, { username: "aaa", grant: certificate })
  }
  const everyone = ["anna", "boss", "dora", "foreign", "otto", "pinned", "plain", "pump", "tom", "valve", "vera"]
  assert.deepEqual(names, everyone)
})

test("a technician cannot make, become or touch an administrator", async () => {
  const grant = { kind: "password", password: "correct horse battery" }
  const http = [{ context: "http", operation: "read", resource: "/status" }]
  for (const [method, path, json] of [
    ["POST", USERS, { username: "eve", grant, roles: ["admin"] }],
    ["POST", USERS, { username: "eve", grant: certificate, roles: ["admin"] }],
    ["POST", USERS, { username: "eve", grant, permissions: http }],
    [
      "POST",
      USERS,
      { username: "eve", grant: certificate, permissions: [{ ...http[0], context: "mqtt", resource: "#" }] },
    ],
    ["PATCH", `${USERS}/tom`, { roles: ["admin"] }],
    ["PATCH", `${USERS}/pump`, { roles: ["admin"] }],
    ["PATCH", `${USERS}/anna`, { grant }],
    ["PATCH", `${USERS}/anna`, { enabled: false }],
    ["PATCH", `${USERS}/anna`, {}],
    ["PATCH", `${USERS}/boss`, { note: "mine" }],
    ["DELETE", `${USERS}/anna`, undefined],
    ["DELETE", `${USERS}/boss`, undefined],
  ] as const) {
    const reply = await ask(method, path, technician, json)
    assert.deepEqual([method, path, reply.status, reply.at("code")], [method, path, 403, "forbidden"])
  }
  assert.ok(!bench.directory.users.has("eve"))
})

test("fields that are not a user's are refused, so none can be slipped in", async () => {
  for (const more of [{ claimed: false }, { hash: "x" }, { isAdmin: true }, { username: "other" }]) {
    assert.equal((await ask("PATCH", `${USERS}/pump`, admin, more)).status, 400)
  }
  const grant = { kind: "password", password: PASSWORD, forPeople: true }
  assert.equal((await ask("PATCH", `${USERS}/pump`, admin, { grant })).status, 400)
  assert.equal(
    (await ask("PATCH", `${USERS}/pump`, admin, { grant: { kind: "password", hash: "$argon2id$x" } })).status,
    400,
  )
})

test("the last administrator stays, with a reason", async () => {
  for (const [method, json] of [
    ["DELETE", undefined],
    ["PATCH", { enabled: false }],
    ["PATCH", { roles: ["viewer"] }],
    ["PATCH", { grant: certificate }],
  ] as const) {
    const reply = await ask(method, `${USERS}/anna`, admin, json)
    assert.deepEqual([reply.status, reply.at("code")], [409, "conflict"])
    assert.match(String(reply.at("detail")), /last enabled administrator/)
  }
})

test("a parameter cannot reach beside its place", async () => {
  for (const name of [
    "..",
    "%2e%2e",
    "%2e",
    "a%2Fb",
    "%2Fanna",
    "anna%2F",
    "+",
    "%2B",
    "%23",
    "%25",
    "anna%00",
    "%u",
    "%25u",
  ]) {
    const reply = await ask("GET", `${USERS}/${name}`, admin)
    assert.ok(reply.status === 400 || reply.status === 404, `${name} ${reply.status}`)
  }
  for (const path of ["/users/anna/../boss", "/users/../status", "/users/x%2F..%2F..%2Fstatus"]) {
    const reply = await ask("DELETE", `/api/v1${path}`, technician)
    assert.ok(reply.status >= 400 && reply.status < 500)
  }
  assert.ok(bench.directory.users.has("boss"))
})

test("a full disk changes nothing and says so without saying where", async () => {
  bench.document.failNext()
  const reply = await ask("POST", USERS, admin, { username: "new", grant: certificate })
  assert.deepEqual([reply.status, reply.at("code")], [503, "disk-failed"])
  assert.doesNotMatch(reply.text, /as the test asked/)
  assert.ok(!bench.directory.users.has("new"))
})

test("roles are listed, made, replaced and removed by administrators", async () => {
  const role = {
    permissions: [{ context: "mqtt", operation: "read", resource: "hall/#" }],
    certificateLifetimeDays: 30,
  }
  const made = await ask("PUT", "/api/v1/roles/hall", admin, role)
  assert.deepEqual([made.status, made.headers.location], [201, "/api/v1/roles/hall"])
  assert.deepEqual(made.json, { name: "hall", ...role, builtIn: false })
  assert.equal((await ask("PUT", "/api/v1/roles/hall", admin, { permissions: [] })).status, 200)
  assert.deepEqual((await ask("GET", "/api/v1/roles/hall", technician)).json, {
    ...{ name: "hall", permissions: [], builtIn: false },
  })
  const list = (await ask("GET", "/api/v1/roles", technician)).at("roles") as { name: string; builtIn: boolean }[]
  assert.deepEqual(
    list.map(({ name, builtIn }) => `${name} ${builtIn}`),
    ["admin true", "technician true", "viewer true", "device true", "hall false"],
  )
  assert.equal((await ask("PATCH", `${USERS}/pump`, admin, { roles: ["hall"] })).status, 200)
  assert.equal((await ask("DELETE", "/api/v1/roles/hall", admin)).status, 409)
  assert.equal((await ask("PATCH", `${USERS}/pump`, admin, { roles: [] })).status, 200)
  assert.equal((await ask("DELETE", "/api/v1/roles/hall", admin)).status, 204)
  assert.equal((await ask("DELETE", "/api/v1/roles/hall", admin)).status, 404)
  assert.equal((await ask("GET", "/api/v1/roles/hall", admin)).status, 404)
})

test("built-in roles and bad ones are refused", async () => {
  assert.equal((await ask("PUT", "/api/v1/roles/viewer", admin, { permissions: [] })).status, 409)
  assert.equal((await ask("DELETE", "/api/v1/roles/admin", admin)).status, 409)
  assert.equal((await ask("PUT", "/api/v1/roles/a%2Fb", admin, { permissions: [] })).status, 400)
  assert.equal((await ask("PUT", "/api/v1/roles/hall", admin, { name: "other", permissions: [] })).status, 400)
  const resource = { context: "http", operation: "read", resource: "users" }
  assert.equal((await ask("PUT", "/api/v1/roles/hall", admin, { permissions: [resource] })).status, 400)
  assert.equal((await ask("PATCH", `${USERS}/pump`, admin, { roles: ["unheard-of"] })).status, 409)
})
