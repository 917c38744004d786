import assert from "node:assert/strict"
import { afterEach, beforeEach, test } from "node:test"
import { noTokens } from "../../../service/access/kept-tokens.ts"
import { MemoryDocument } from "../../support/memory-document.ts"
import { type Bench, openBench, type Reply } from "./bench.ts"

let bench: Bench
let keptTokens: MemoryDocument<ReturnType<typeof noTokens>>
beforeEach(async () => {
  keptTokens = new MemoryDocument(noTokens())
  bench = await openBench(true, { keptTokens })
})
afterEach(() => bench[Symbol.asyncDispose]())

const ask = (method: string, path: string, token?: string, json?: unknown): Promise<Reply> =>
  bench.ask(method, `/api/v1${path}`, { token, ...(json === undefined ? {} : { json }) })
async function made(token: string, more: object = {}): Promise<{ token: string; id: string }> {
  const reply = await ask("POST", "/account/tokens", token, { label: "backup script", ...more })
  assert.equal(reply.status, 201, reply.text)
  return { token: String(reply.at("token")), id: String(reply.at("id")) }
}
const device = (username: string) => ({ username, grant: { kind: "certificate" } })
const statuses = async (token: string) => (await ask("GET", "/status", token)).status

test("a kept token is shown once, and the disk cannot make it again", async () => {
  const anna = await bench.signIn("anna")
  const { token, id } = await made(anna)
  assert.equal(await statuses(token), 200)
  const list = await ask("GET", "/tokens", anna)
  const entry = (list.at("tokens") as Record<string, unknown>[]).find((one) => one.id === id)
  assert.deepEqual(
    [entry?.label, entry?.kind, entry?.username, entry?.address],
    ["backup script", "kept", "anna", "127.0.0.1"],
  )
  const disk = JSON.stringify(keptTokens.value)
  for (const text of [list.text, disk, bench.lines.join("")]) assert.doesNotMatch(text, new RegExp(token.slice(3, 20)))
  assert.doesNotMatch(disk, /argon2/)
})

test("it survives a restart, with the rest of its life", async () => {
  const { token } = await made(await bench.signIn("anna"), { ttlSeconds: 3600 })
  await using after = await openBench(true, { keptTokens })
  const again = async () => (await after.ask("GET", "/api/v1/status", { token })).status
  assert.equal(await again(), 200)
  after.clock.advance(3_600_000)
  assert.equal(await again(), 401)
})

test("after a restart it is dead if its user, or the user's password, is another", async () => {
  const { token } = await made(await bench.signIn("anna"))
  await using after = await openBench(true, { keptTokens })
  await after.directory.change((draft) => {
    draft.users.set("zoe", { ...draft.users.get("anna")!, username: "zoe" })
    const { grant, ...anna } = draft.users.get("anna")!
    if (grant.kind === "password")
      draft.users.set("anna", { ...anna, grant: { ...grant, hash: grant.hash.replace(/.$/, "x") } })
  })
  assert.equal((await after.ask("GET", "/api/v1/status", { token })).status, 401)
})

test("ended, it is dead at once and stays so", async () => {
  const anna = await bench.signIn("anna")
  const { token, id } = await made(anna)
  keptTokens.failNext()
  assert.equal((await ask("DELETE", `/tokens/${id}`, anna)).status, 503)
  assert.equal(await statuses(token), 200, "nothing was changed")
  assert.equal((await ask("DELETE", `/tokens/${id}`, anna)).status, 204)
  assert.equal(await statuses(token), 401)
  assert.deepEqual(keptTokens.value.tokens, [])
  assert.equal((await ask("DELETE", `/tokens/${id}`, anna)).status, 404)
})

test("one that could not be written is not usable", async () => {
  const anna = await bench.signIn("anna")
  keptTokens.failNext()
  assert.equal((await ask("POST", "/account/tokens", anna, { label: "x" })).status, 503)
  const list = await ask("GET", "/tokens", anna)
  assert.equal((list.at("tokens") as unknown[]).length, 1)
})

test("it has what was asked for and no more, whatever its user may", async () => {
  const permissions = [{ context: "http", operation: "read", resource: "/users/#" }]
  const { token } = await made(await bench.signIn("anna"), { permissions })
  assert.equal((await ask("GET", "/users/pump", token)).status, 200)
  assert.equal(await statuses(token), 403)
  assert.equal((await ask("POST", "/users", token, device("new"))).status, 403)
})

test("for reading only, it changes nothing", async () => {
  const { token } = await made(await bench.signIn("anna"), { readOnly: true })
  assert.equal(await statuses(token), 200)
  const before = bench.document.value
  for (const [method, path, json] of [
    ["POST", "/users", device("new")],
    ["DELETE", "/users/pump", undefined],
    ["PUT", "/roles/x", { permissions: [] }],
    ["POST", "/authority/seal", undefined],
  ] as const) {
    assert.equal((await ask(method, path, token, json)).status, 403, path)
  }
  assert.equal(bench.document.value, before)
})

test("it gains nothing that its user is given later, and loses what its user loses", async () => {
  const { token } = await made(await bench.signIn("tom"))
  const set = (roles: string[]) =>
    bench.directory.change((draft) => void draft.users.set("tom", { ...draft.users.get("tom")!, roles }))
  assert.equal((await ask("POST", "/users", token, device("one"))).status, 201)
  await set(["admin"])
  assert.equal((await ask("POST", "/users", token, device("two"))).status, 201)
  for (const json of [
    { ...device("three"), roles: ["admin"] },
    { ...device("four"), permissions: [ALL] },
  ]) {
    assert.equal((await ask("POST", "/users", token, json)).status, 403)
  }
  await set(["viewer"])
  assert.equal((await ask("POST", "/users", token, device("five"))).status, 403)
  assert.equal(await statuses(token), 200)
})
const ALL = { context: "mqtt", operation: "readWrite", resource: "#" }

test("nobody makes one with more than they have", async () => {
  const tom = await bench.signIn("tom")
  for (const resource of ["/#", "/roles/+"]) {
    const permissions = [{ context: "http", operation: "write", resource }]
    const reply = await ask("POST", "/account/tokens", tom, { label: "x", permissions })
    assert.deepEqual([reply.status, reply.at("code")], [403, "forbidden"])
  }
})

test("it does nothing dangerous, makes no other token, and is no person", async () => {
  const { token } = await made(await bench.signIn("anna"))
  for (const [method, path, json] of [
    ["PUT", "/roles/x", { permissions: [] }],
    ["POST", "/authority/seal", undefined],
    ["PATCH", "/users/vera", { roles: ["admin"] }],
    ["POST", "/account/tokens", { label: "y" }],
    ["PUT", "/account/password", { current: "correct horse battery", next: "another long secret" }],
    ["POST", "/tokens/current/confirm", { password: "correct horse battery" }],
    ["GET", "/tokens", undefined],
    ["GET", "/sessions", undefined],
  ] as const) {
    assert.equal((await ask(method, path, token, json)).status, 403, path)
  }
})

test("it ends with its user's password and with its user", async () => {
  const { token } = await made(await bench.signIn("vera"))
  const other = await made(await bench.signIn("tom"))
  const anna = await bench.signIn("anna")
  await ask("PATCH", "/users/vera", anna, { grant: { kind: "password", password: "another long secret" } })
  await ask("DELETE", "/users/tom", anna)
  assert.deepEqual([await statuses(token), await statuses(other.token)], [401, 401])
  assert.deepEqual(keptTokens.value.tokens, [], "the disk does not keep them either")
})

test("another's token looks like none, except to an administrator", async () => {
  const { id } = await made(await bench.signIn("vera"))
  assert.equal((await ask("DELETE", `/tokens/${id}`, await bench.signIn("tom"))).status, 404)
  const list = await ask("GET", "/tokens", await bench.signIn("tom"))
  assert.doesNotMatch(list.text, /vera|anna/)
  assert.match((await ask("GET", "/tokens", await bench.signIn("anna"))).text, /vera/)
  assert.equal((await ask("DELETE", `/tokens/${id}`, await bench.signIn("anna"))).status, 204)
})

test("its life is capped, and so is their number", async () => {
  const anna = await bench.signIn("anna")
  for (const more of [
    { ttlSeconds: 366 * 86_400 + 1 },
    { ttlSeconds: 0 },
    { label: "" },
    { label: "a\nb" },
    { label: "\u202e" },
  ]) {
    assert.equal((await ask("POST", "/account/tokens", anna, { label: "x", ...more })).status, 400)
  }
  for (let i = 0; i < 20; i++) await made(anna)
  assert.equal((await ask("POST", "/account/tokens", anna, { label: "x" })).status, 409)
  assert.equal((await made(await bench.signIn("vera"))).id.length, 32)
})

test("signing in a hundred times pushes out no kept token", async () => {
  const { token } = await made(await bench.signIn("vera"))
  for (let i = 0; i < 60; i++) await bench.signIn("vera")
  assert.equal(await statuses(token), 200)
})
