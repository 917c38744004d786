import assert from "node:assert/strict"
import { afterEach, beforeEach, test } from "node:test"
import { type Bench, openBench, PASSWORD } from "./bench.ts"

const OWN = "a password of my own"
const HOUR = 3_600_000
let bench: Bench
let admin: string
beforeEach(async () => {
  bench = await openBench()
  admin = await bench.signIn("anna")
})
afterEach(() => bench[Symbol.asyncDispose]())

const give = (username: string, token = admin) =>
  bench.ask("POST", `/api/v1/users/${username}/one-time-password`, { token })
const first = (username: string, oneTimePassword: string, password = OWN) =>
  bench.ask("POST", "/api/v1/account/first-password", { json: { username, oneTimePassword, password } })
const signIn = (username: string, password: string) =>
  bench.ask("POST", "/api/v1/tokens", { json: { username, password } })

test("a one-time password takes the place of the old one, opens nothing, and becomes one's own", async () => {
  const old = await bench.signIn("vera")
  const given = await give("vera")
  const code = String(given.at("oneTimePassword"))
  assert.match(code, /^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/)
  const shown = await bench.ask("GET", "/api/v1/users/vera", { token: admin })
  assert.deepEqual(shown.at("grant"), { kind: "password", oneTimeUntil: given.at("expiresAt") })
  assert.equal((await bench.ask("GET", "/api/v1/status", { token: old })).status, 401)
  for (const password of [PASSWORD, code]) assert.equal((await signIn("vera", password)).status, 401)
  assert.equal((await first("vera", code.toLowerCase().replaceAll("-", " "))).status, 204)
  assert.equal((await signIn("vera", OWN)).status, 201)
  assert.equal((await first("vera", code)).status, 401)
})

test("it ends after three days, with a newer one, and when its user is disabled", async () => {
  const code = String((await give("vera")).at("oneTimePassword"))
  bench.clock.advance(5 * 60_000 - 1)
  const newer = String((await give("vera", await bench.signIn("anna"))).at("oneTimePassword"))
  assert.equal((await first("vera", code)).status, 401)
  bench.clock.advance(72 * HOUR)
  assert.equal((await first("vera", newer)).status, 401)
  const last = String((await give("vera", await bench.signIn("anna"))).at("oneTimePassword"))
  await bench.directory.change((draft) => {
    draft.users.set("vera", { ...draft.users.get("vera")!, enabled: false })
  })
  assert.equal((await first("vera", last)).status, 401)
})

test("guessing it is slowed like guessing any password, and a stranger learns nothing", async () => {
  await give("vera")
  const wrong = await first("vera", "AAAA-AAAA-AAAA")
  const unknown = await first("nobody", "AAAA-AAAA-AAAA")
  const none = await first("tom", "AAAA-AAAA-AAAA")
  for (const reply of [unknown, none]) assert.deepEqual([reply.status, reply.text], [wrong.status, wrong.text])
  for (let i = 0; i < 4; i++) await first("vera", "AAAA-AAAA-AAAA")
  const slowed = await first("vera", "AAAA-AAAA-AAAA")
  assert.equal(slowed.status, 429)
  assert.ok(Number(slowed.headers["retry-after"]) >= 1)
})

test("one's own password must be a good one; a bad one uses nothing up", async () => {
  const code = String((await give("vera")).at("oneTimePassword"))
  assert.equal((await first("vera", code, "short")).status, 400)
  assert.equal((await first("vera", code)).status, 204)
})

test("nobody gives one to themselves, to a device, or to someone with more rights", async () => {
  assert.equal((await give("anna")).status, 409)
  for (const device of ["plain", "pump"]) assert.equal((await give(device)).status, 409)
  assert.equal((await give("nobody")).status, 404)
  assert.equal((await give("vera", await bench.signIn("tom"))).status, 403)
})

test("of two who come with it at once, one gets in", async () => {
  const code = String((await give("vera")).at("oneTimePassword"))
  const replies = await Promise.all([first("vera", code, `${OWN} 1`), first("vera", code, `${OWN} 2`)])
  assert.deepEqual(replies.map(({ status }) => status).sort(), [204, 401])
})
