import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { gzipSync } from "node:zlib"
import { type Bench, openBench } from "./bench.ts"

let bench: Bench
let admin: string
before(async () => {
  bench = await openBench()
  admin = await bench.signIn("anna")
})
after(() => bench[Symbol.asyncDispose]())

const question = { username: "pump", operation: "write", topic: "devices/pump/t" }
const text = JSON.stringify(question)

async function sent(body: string | Buffer | undefined, headers: Record<string, string> = {}) {
  const all = { "Content-Type": "application/json", ...headers }
  const reply = await bench.ask("POST", "/api/v1/explain", { token: admin, ...(body && { body }), headers: all })
  return [reply.status, reply.at("code")]
}

for (const type of [
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "application/json; charset=utf-16",
  "application/json; charset=latin1",
  "application/json; x=y",
  "application/json, text/plain",
  "application/jsonx",
  "application/problem+json",
  "json",
  "",
]) {
  test(`a body of the type "${type}" is not taken`, async () => {
    assert.deepEqual(await sent(text, { "Content-Type": type }), [415, "unsupported-media-type"])
  })
}

for (const type of ["application/json", "Application/JSON", "application/json;charset=UTF-8"]) {
  test(`a body of the type ${type} is taken`, async () => {
    assert.deepEqual(await sent(text, { "Content-Type": type }), [200, undefined])
  })
}

for (const [name, body] of [
  ["broken", "{"],
  ["two values", `${text}${text}`],
  ["an array", "[]"],
  ["null", "null"],
  ["a string", '"x"'],
  ["a number", "7"],
  ["not UTF-8", Buffer.from(`{"username":"\xff"}`, "latin1")],
  ["UTF-16", Buffer.from(`\ufeff${text}`, "utf16le")],
  ["an unknown field", JSON.stringify({ ...question, admin: true })],
  ["a wrong type", JSON.stringify({ ...question, topic: ["a"] })],
  ["a wrong type inside", JSON.stringify({ ...question, username: { $ne: null } })],
  ["__proto__", `{"__proto__":{"isAdmin":true},${text.slice(1)}`],
  ["constructor", `{"constructor":{"prototype":{"x":1}},${text.slice(1)}`],
  ["an escaped __proto__", `{"\\u005f_proto__":{},${text.slice(1)}`],
  ["prototype deep inside", JSON.stringify({ ...question, topic: [{ a: { prototype: 1 } }] })],
] as const) {
  test(`a body that is ${name} is refused`, async () => {
    assert.deepEqual(await sent(body), [400, "bad-request"])
    assert.equal(({} as Record<string, unknown>).isAdmin, undefined)
  })
}

test("a body nested without end is refused before anything looks at it", async () => {
  assert.deepEqual(await sent("[".repeat(30_000) + "]".repeat(30_000)), [400, "bad-request"])
  assert.deepEqual(await sent(`${'{"a":'.repeat(9_000)}1${"}".repeat(9_000)}`), [400, "bad-request"])
  assert.deepEqual(await sent("[".repeat(60_000)), [400, "bad-request"])
})

test("a body beyond 64 KiB is refused, announced or not", async () => {
  const large = JSON.stringify({ ...question, topic: "x".repeat(65_536) })
  assert.deepEqual(await sent(large), [413, "body-too-large"])
  assert.deepEqual(await sent(large, { "Transfer-Encoding": "chunked" }), [413, "body-too-large"])
  const fits = `${text}${" ".repeat(65_536 - text.length)}`
  assert.deepEqual(await sent(fits), [200, undefined])
})

test("a compressed body is refused: a bomb would be one", async () => {
  assert.deepEqual(await sent(gzipSync(text), { "Content-Encoding": "gzip" }), [415, "unsupported-media-type"])
})

test("a missing body, and one that nobody asked for, are refused", async () => {
  assert.deepEqual(await sent(undefined), [400, "bad-request"])
  for (const [method, path] of [
    ["GET", "/api/v1/status"],
    ["DELETE", "/api/v1/tokens/current"],
    ["POST", "/api/v1/authority/seal"],
  ] as const) {
    const reply = await bench.ask(method, path, { token: admin, json: {} })
    assert.deepEqual([method, reply.status, reply.at("code")], [method, 400, "bad-request"])
  }
})

test("a stranger is turned away before the body is read", async () => {
  const reply = await bench.ask("POST", "/api/v1/users", { body: "{", headers: { "Content-Type": "text/plain" } })
  assert.equal(reply.status, 401)
})

test("every wrong place is named, and what stood there is not", async () => {
  const json = {
    username: "bad/secret1",
    grant: { kind: "password", password: 42 },
    roles: ["no such role secret2"],
    permissions: [{ context: "mqtt", operation: "secret3", resource: "secret4/#/x" }],
    publishPrefix: "secret5/#",
    surprise: "secret6",
  }
  const reply = await bench.ask("POST", "/api/v1/users", { token: admin, json })
  assert.equal(reply.status, 400)
  assert.doesNotMatch(reply.text, /secret|42/)
  const problems = reply.at("problems") as { path: string }[]
  const paths = problems.map(({ path }) => path)
  for (const path of [
    "username",
    "grant.password",
    "roles.0",
    "permissions.0.operation",
    "publishPrefix",
    "surprise",
  ]) {
    assert.ok(paths.includes(path), `${path} is missing in ${paths}`)
  }
})

test("a resource that cannot be granted is refused without repeating it", async () => {
  const permissions = [{ context: "mqtt", operation: "read", resource: "secret4/#/x" }]
  const json = { username: "new", grant: { kind: "certificate" }, permissions }
  const reply = await bench.ask("POST", "/api/v1/users", { token: admin, json })
  assert.equal(reply.at("problems", 0, "path"), "permissions.0.resource")
  assert.match(String(reply.at("problems", 0, "message")), /the value is not a topic filter/)
  assert.doesNotMatch(reply.text, /secret/)
})

test("a thousand wrong places make a short answer", async () => {
  const json = { username: "new", grant: { kind: "certificate" }, roles: Array.from({ length: 100 }, () => "/") }
  const reply = await bench.ask("POST", "/api/v1/users", { token: admin, json })
  assert.equal((reply.at("problems") as unknown[]).length, 20)
})
