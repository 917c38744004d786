import assert from "node:assert/strict"
import { afterEach, beforeEach, test } from "node:test"
import { type Bench, openBench, PASSWORD, type Reply } from "./bench.ts"

let bench: Bench
let anna: string
beforeEach(async () => {
  bench = await openBench()
  anna = await bench.signIn("anna")
})
afterEach(() => bench[Symbol.asyncDispose]())

const ask = (method: string, path: string, json?: unknown, token = anna): Promise<Reply> =>
  bench.ask(method, `/api/v1${path}`, { token, ...(json === undefined ? {} : { json }) })
const person = { username: "new", grant: { kind: "password", password: "a long new secret" }, roles: ["viewer"] }
const FIVE_MINUTES = 5 * 60_000

const DANGEROUS = [
  ["PUT", "/roles/x", { permissions: [] }],
  ["DELETE", "/roles/x", undefined],
  ["POST", "/authorities", { certificate: "GOOD", scope: "plant7-*" }],
  ["DELETE", "/authorities/made", undefined],
  ["POST", "/authority/seal", undefined],
  ["POST", "/account/tokens", { label: "x" }],
  ["POST", "/users", person],
  ["PATCH", "/users/pump", { permissions: [{ context: "http", operation: "read", resource: "/status" }] }],
  ["PATCH", "/users/vera", { enabled: false }],
  ["PATCH", "/users/vera", { grant: { kind: "password", password: "a long new secret" } }],
  ["DELETE", "/users/vera", undefined],
] as const

for (const [method, path, json] of DANGEROUS) {
  test(`${method} ${path} ${Object.keys(json ?? {})} wants the password given within five minutes`, async () => {
    bench.clock.advance(FIVE_MINUTES)
    const before = bench.document.value
    const refused = await ask(method, path, json)
    assert.deepEqual([refused.status, refused.at("code")], [403, "confirmation-needed"])
    assert.match(String(refused.at("detail")), /\/session\/confirm/)
    assert.equal(bench.document.value, before)
    assert.equal((await ask("POST", "/tokens/current/confirm", { password: PASSWORD })).status, 204)
    assert.notEqual((await ask(method, path, json)).at("code"), "confirmation-needed")
  })
}

test("devices are changed without it", async () => {
  bench.clock.advance(FIVE_MINUTES)
  const made = await ask("POST", "/users", { username: "new", grant: { kind: "certificate" }, roles: ["device"] })
  assert.equal(made.status, 201)
  assert.equal((await ask("PATCH", "/users/new", { enabled: false })).status, 200)
  assert.equal((await ask("DELETE", "/users/new")).status, 204)
})

test("an administrator's certificate is neither issued nor revoked without it", async () => {
  const { newRequest } = await import("./bench.ts")
  const csr = newRequest()
  const serial = String((await ask("POST", "/users/boss/certificates", { csr })).at("serial"))
  bench.clock.advance(FIVE_MINUTES)
  assert.equal((await ask("POST", "/users/boss/certificates", { csr })).at("code"), "confirmation-needed")
  assert.equal((await ask("POST", `/certificates/${serial}/revoke`)).at("code"), "confirmation-needed")
  assert.equal((await ask("GET", `/certificates/${serial}`)).at("state"), "pending")
})

test("a wrong password confirms nothing, is counted, and leaves one signed in", async () => {
  bench.clock.advance(FIVE_MINUTES)
  const outcomes: unknown[] = []
  for (let i = 0; i < 6; i++)
    outcomes.push((await ask("POST", "/session/confirm", { password: "wrong password" })).at("code"))
  assert.deepEqual(outcomes, [...Array(5).fill("wrong-password"), "too-many-attempts"])
  assert.equal((await ask("PUT", "/roles/x", { permissions: [] })).at("code"), "confirmation-needed")
  assert.equal((await ask("GET", "/status")).status, 200)
})

test("one's confirmation is not another's, nor that of one's other token", async () => {
  const other = await bench.signIn("anna")
  bench.clock.advance(FIVE_MINUTES)
  await ask("POST", "/session/confirm", { password: PASSWORD }, other)
  assert.equal((await ask("PUT", "/roles/x", { permissions: [] }, other)).status, 201)
  assert.equal((await ask("PUT", "/roles/x", { permissions: [] })).status, 403)
  assert.equal((await ask("GET", "/session")).at("confirmed"), false)
})

test("it lasts five minutes and not longer, however the date is set", async () => {
  bench.clock.advance(FIVE_MINUTES - 1)
  assert.equal((await ask("PUT", "/roles/x", { permissions: [] })).status, 201)
  bench.clock.jump(-FIVE_MINUTES)
  bench.clock.advance(1)
  assert.equal((await ask("PUT", "/roles/x", { permissions: [] })).status, 403)
})

const change = (current: string, next: string, token = anna) =>
  ask("PUT", "/account/password", { current, next }, token)
const NEXT = "an entirely new secret"

test("everyone changes their own password, which ends their other tokens and nobody else's", async () => {
  const [vera, other, kept] = [await bench.signIn("vera"), await bench.signIn("vera"), await bench.signIn("vera")]
  const made = await ask("POST", "/account/tokens", { label: "x" }, kept)
  assert.equal((await change(PASSWORD, NEXT, vera)).status, 204)
  const alive = async (token: string) => (await ask("GET", "/status", undefined, token)).status
  assert.deepEqual([await alive(vera), await alive(other), await alive(String(made.at("token")))], [200, 401, 401])
  assert.equal(await alive(anna), 200)
  const signIn = (password: string) => bench.ask("POST", "/api/v1/tokens", { json: { username: "vera", password } })
  assert.deepEqual([(await signIn(PASSWORD)).status, (await signIn(NEXT)).status], [401, 201])
})

test("it takes the old one, follows the rules for people, and is slowed like any guessing", async () => {
  const before = bench.document.value
  assert.deepEqual((await change("wrong password", NEXT)).at("code"), "wrong-password")
  for (const next of ["short", "aaaaaaaaaaaaaaaa", "password1234", PASSWORD]) {
    assert.equal((await change(PASSWORD, next)).status, 400, next)
  }
  for (let i = 0; i < 5; i++) await change("wrong password", NEXT)
  assert.equal((await change(PASSWORD, NEXT)).status, 429)
  assert.equal(bench.document.value, before)
  assert.doesNotMatch(bench.lines.join(""), /wrong password|entirely|correct horse/)
})

test("two changes at once leave one of the two passwords and one of the two tokens", async () => {
  const [one, two] = [await bench.signIn("vera"), await bench.signIn("vera")]
  const replies = await Promise.all([change(PASSWORD, NEXT, one), change(PASSWORD, `${NEXT} 2`, two)])
  assert.equal(replies.filter(({ status }) => status === 204).length, 1)
  const alive = await Promise.all(
    [one, two].map(async (token) => (await ask("GET", "/status", undefined, token)).status),
  )
  assert.deepEqual(alive.sort(), [200, 401])
})

test("a disabled person's change under way does not bring the pass back", async () => {
  const vera = await bench.signIn("vera")
  const [changed] = await Promise.all([change(PASSWORD, NEXT, vera), ask("PATCH", "/users/vera", { enabled: false })])
  assert.notEqual(changed?.status, 500)
  assert.equal((await ask("GET", "/status", undefined, vera)).status, 401)
  await ask("PATCH", "/users/vera", { enabled: true })
  assert.equal((await ask("GET", "/status", undefined, vera)).status, 401)
})
