import assert from "node:assert/strict"
import { afterEach, beforeEach, test } from "node:test"
import { type Bench, openBench, type Reply } from "./bench.ts"

let bench: Bench
let token: string
beforeEach(async () => {
  bench = await openBench()
  token = await bench.signIn("anna")
})
afterEach(() => bench[Symbol.asyncDispose]())

const ask = (method: string, path: string, json?: unknown, headers: Record<string, string> = {}): Promise<Reply> =>
  bench.ask(method, `/api/v1${path}`, { token, headers, ...(json === undefined ? {} : { json }) })
const tagOf = async (path: string) => String((await ask("GET", path)).headers.etag)
const ROLE = { permissions: [{ context: "mqtt", operation: "read", resource: "a/#" }] }

test("what is shown has a strong tag, which changes when it does and only then", async () => {
  const before = await tagOf("/users/pump")
  assert.match(before, /^"[A-Za-z0-9_-]{27}"$/)
  assert.equal(await tagOf("/users/pump"), before)
  assert.notEqual(await tagOf("/users/valve"), before)
  const changed = await ask("PATCH", "/users/pump", { note: "hall 2" })
  assert.notEqual(changed.headers.etag, before)
  assert.equal(changed.headers.etag, await tagOf("/users/pump"))
})

test("who has it already is told so", async () => {
  for (const path of ["/users/pump", "/roles/device"]) {
    const tag = await tagOf(path)
    for (const known of [tag, `W/${tag}`, `"x", ${tag}`, "*"]) {
      const reply = await ask("GET", path, undefined, { "If-None-Match": known })
      assert.deepEqual([reply.status, reply.text, reply.headers.etag], [304, "", tag])
    }
    assert.equal((await ask("GET", path, undefined, { "If-None-Match": '"x"' })).status, 200)
  }
})

test("a change or removal of a state that is no longer so is refused, and changes nothing", async () => {
  await ask("PUT", "/roles/press", ROLE)
  for (const [path, method, json] of [
    ["/users/pump", "PATCH", { note: "mine" }],
    ["/roles/press", "PUT", { permissions: [] }],
    ["/users/pump", "DELETE", undefined],
    ["/roles/press", "DELETE", undefined],
  ] as const) {
    const tag = await tagOf(path)
    const { value } = bench.document
    for (const old of ['"AAAAAAAAAAAAAAAAAAAAAAAAAAA"', `W/${tag}`, "", tag.slice(1, -1), "x"]) {
      const reply = await ask(method, path, json, { "If-Match": old })
      assert.deepEqual([reply.status, reply.at("code")], [412, "stale"], `${method} ${path} ${old}`)
    }
    assert.equal(bench.document.value, value)
    assert.ok((await ask(method, path, json, { "If-Match": `"x", ${tag}` })).status < 300)
  }
})

test("of two who saw the same and change it at the same moment, one wins", async () => {
  const tag = await tagOf("/users/plain")
  const change = (password: string) =>
    ask("PATCH", "/users/plain", { note: password, grant: { kind: "password", password } }, { "If-Match": tag })
  const replies = await Promise.all([change("the first secret"), change("the second secret")])
  assert.deepEqual(replies.map(({ status }) => status).sort(), [200, 412])
})

test("a role can be made only if there is none", async () => {
  assert.equal((await ask("PUT", "/roles/press", ROLE, { "If-Match": "*" })).status, 412)
  assert.equal((await ask("PUT", "/roles/press", ROLE, { "If-None-Match": "*" })).status, 201)
  assert.equal((await ask("PUT", "/roles/press", ROLE, { "If-None-Match": "*" })).status, 412)
  assert.equal((await ask("PUT", "/roles/press", ROLE, { "If-Match": "*" })).status, 200)
})

test("a stale tag does not open what is forbidden, nor tell that it is there", async () => {
  const tom = await bench.signIn("tom")
  const reply = await bench.ask("DELETE", "/api/v1/users/anna", { token: tom, headers: { "If-Match": '"x"' } })
  assert.deepEqual([reply.status, reply.at("code")], [403, "forbidden"])
})
