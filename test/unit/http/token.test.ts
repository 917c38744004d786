import assert from "node:assert/strict"
import { test } from "node:test"
import { emptyAccess } from "../../../service/access/access-document.ts"
import { Directory } from "../../../service/access/directory.ts"
import type { User } from "../../../service/access/user.ts"
import { bearerOf } from "../../../service/http/identification.ts"
import { Passes } from "../../../service/http/pass.ts"
import { FakeClock } from "../../support/fake-clock.ts"
import { MemoryDocument } from "../../support/memory-document.ts"
import { type Bench, openBench, PASSWORD } from "./bench.ts"

const person = (username: string, hash = "h1"): User => ({
  ...{ username, roles: ["admin"], permissions: [], enabled: true },
  grant: { kind: "password", hash, forPeople: true },
})

function opened() {
  const users = [person("anna"), person("bert")]
  const directory = new Directory(new MemoryDocument({ ...emptyAccess(), claimed: true, users }))
  const clock = new FakeClock()
  const passes = new Passes(directory, clock)
  const set = (user: User) => directory.change((draft) => void draft.users.set(user.username, user))
  const tokens = { judge: (token: string) => passes.judge(token, ["sign-in"], "192.0.2.1") }
  const wish = { kind: "sign-in", address: "192.0.2.1" } as const
  const issue = (name = "anna", ttl = 100) =>
    passes.issue(directory.users.get(name)!, { ...wish, ttlMs: ttl * 1000 }).secret
  return { directory, clock, passes, tokens, set, issue }
}

test("a token has 256 random bits and is not kept", () => {
  const { issue, tokens } = opened()
  const [a, b] = [issue(), issue()]
  assert.notEqual(a, b)
  assert.match(a, /^gh_[A-Za-z0-9_-]{43}$/)
  assert.doesNotMatch(String(tokens.judge(a)?.pass.id), new RegExp(a.slice(3, 13)))
})

test("a token ends at its time, however the date is set", () => {
  const { clock, tokens, issue } = opened()
  const token = issue("anna", 100)
  clock.advance(99_999)
  clock.jump(-1_000_000_000)
  assert.equal(tokens.judge(token)?.user.username, "anna")
  clock.jump(2_000_000_000)
  assert.ok(tokens.judge(token))
  clock.advance(1)
  clock.jump(-1_000_000_000)
  assert.equal(tokens.judge(token), undefined)
})

test("a user disabled and enabled again finds no old token alive", async () => {
  const { tokens, set, issue } = opened()
  const token = issue()
  const other = issue("bert")
  await set({ ...person("anna"), enabled: false })
  await set(person("anna"))
  assert.equal(tokens.judge(token), undefined)
  assert.ok(tokens.judge(other))
})

test("a user removed and made again, and one with another grant, find none either", async () => {
  for (const change of [person("anna", "h2"), { ...person("anna"), grant: CERTIFICATE }]) {
    const { directory, tokens, set, issue } = opened()
    const token = issue()
    if (change.grant === CERTIFICATE) await set(change)
    else await directory.change((draft) => void draft.users.delete("anna"))
    await set(change)
    await set(person("anna", change.grant === CERTIFICATE ? "h1" : "h2"))
    assert.equal(tokens.judge(token), undefined)
  }
})
const CERTIFICATE = { kind: "certificate", issuer: "gatehouse" } as const

test("other changes of a user leave its tokens, and change what they may do at once", async () => {
  const { tokens, set, issue } = opened()
  const token = issue()
  await set({ ...person("anna"), roles: ["viewer"], note: "demoted" })
  assert.deepEqual(tokens.judge(token)?.user.roles, ["viewer"])
})

test("one user's many tokens push out its own oldest, nobody else's", () => {
  const { tokens, issue } = opened()
  const berts = issue("bert")
  const annas = Array.from({ length: 60 }, () => issue("anna"))
  assert.equal(annas.filter((token) => tokens.judge(token)).length, 50)
  assert.equal(tokens.judge(annas[9]!), undefined)
  assert.ok(tokens.judge(annas[10]!) && tokens.judge(berts))
})

test("there are never more than a thousand", async () => {
  const { directory, tokens, issue } = opened()
  await directory.change((draft) => {
    for (let i = 0; i < 30; i++) draft.users.set(`u${i}`, person(`u${i}`))
  })
  const all = Array.from({ length: 1200 }, (_, i) => issue(`u${i % 30}`))
  assert.equal(all.filter((token) => tokens.judge(token)).length, 1000)
})

test("only the Bearer scheme with one whole token is read", () => {
  const token = `gh_${"a".repeat(43)}`
  assert.equal(bearerOf(`bearer ${token}`), token)
  for (const header of [
    undefined,
    "",
    token,
    `Bearer ${token},`,
    `Bearer ${token}\n`,
    `Token ${token}`,
    "Bearer gh_x",
  ]) {
    assert.equal(bearerOf(header), undefined)
  }
})

const signIn = (bench: Bench, username: unknown, password: unknown = PASSWORD, more = {}) =>
  bench.ask("POST", "/api/v1/tokens", { json: { username, password, ...more } })

test("signing in gives a token that works until signing out", async () => {
  await using bench = await openBench()
  const reply = await signIn(bench, "vera")
  assert.equal(reply.status, 201)
  assert.equal(reply.at("expiresAt"), new Date(bench.clock.now() + 12 * 3_600_000).toISOString())
  const token = String(reply.at("token"))
  const status = async () => (await bench.ask("GET", "/api/v1/status", { token })).status
  assert.equal(await status(), 200)
  assert.equal((await bench.ask("DELETE", "/api/v1/tokens/current", { token })).status, 204)
  assert.equal(await status(), 401)
})

test("a token lives as long as asked, at most 30 days", async () => {
  await using bench = await openBench()
  const reply = await signIn(bench, "anna", PASSWORD, { ttlSeconds: 60 })
  assert.equal(reply.at("expiresAt"), new Date(bench.clock.now() + 60_000).toISOString())
  for (const ttlSeconds of [0, -1, 59, 30 * 86_400 + 1, 1.5, "60", null, 1e308]) {
    assert.equal((await signIn(bench, "anna", PASSWORD, { ttlSeconds })).status, 400)
  }
})

test("unknown, wrong, disabled, with a certificate: one answer, word for word", async () => {
  await using bench = await openBench()
  const replies = [
    await signIn(bench, "nobody"),
    await signIn(bench, "not/a name"),
    await signIn(bench, "anna", "wrong password"),
    await signIn(bench, "dora"),
    await signIn(bench, "dora", "wrong password"),
    await signIn(bench, "boss"),
    await signIn(bench, "otto", "wrong password"),
    await signIn(bench, "__proto__"),
  ]
  const shapes = replies.map(({ status, text, headers: { date, ...headers } }) => ({ status, text, headers }))
  assert.equal(shapes[0]?.status, 401)
  for (const shape of shapes) assert.deepEqual(shape, shapes[0])
  assert.doesNotMatch(bench.lines.join(""), /nobody|wrong password|not\/a name/)
})

test("an unknown user takes as long as a wrong password", async () => {
  await using bench = await openBench()
  const times = new Map(["anna", "nobody", "dora"].map((name) => [name, Number.POSITIVE_INFINITY]))
  // in turns, and the quickest of each: a busy machine makes some slower, none quicker
  for (let i = 0; i < 4; i++) {
    for (const [name, quickest] of times) {
      const start = performance.now()
      await signIn(bench, name, `wrong password ${i}`)
      times.set(name, Math.min(quickest, performance.now() - start))
    }
  }
  const [known = 0, unknown = 0, disabled = 0] = times.values()
  // a hash is missing or there: that is a factor of ten
  for (const other of [unknown, disabled]) assert.ok(other > known / 3 && other < known * 3, `${known} ${other}`)
})

test("who may use nothing here gets no token, and learns it only with the right password", async () => {
  await using bench = await openBench()
  assert.equal((await signIn(bench, "otto", "wrong password")).status, 401)
  const reply = await signIn(bench, "otto")
  assert.deepEqual([reply.status, reply.at("code")], [403, "forbidden"])
  assert.equal((await signIn(bench, "plain")).status, 403)
})

test("wrong passwords are slowed, and say for how long", async () => {
  await using bench = await openBench()
  const outcomes: number[] = []
  for (let i = 0; i < 6; i++) outcomes.push((await signIn(bench, "anna", "wrong password")).status)
  assert.deepEqual(outcomes, [401, 401, 401, 401, 401, 429])
  const reply = await signIn(bench, "anna")
  assert.deepEqual([reply.status, reply.at("code"), reply.headers["retry-after"]], [429, "too-many-attempts", "1"])
  assert.equal((await signIn(bench, "vera")).status, 201, "another name is not slowed")
  bench.clock.advance(1000)
  assert.equal((await signIn(bench, "anna")).status, 201)
})

test("a burst of guesses does not outrun the counting", async () => {
  await using bench = await openBench()
  const burst = await Promise.all(Array.from({ length: 60 }, (_, i) => signIn(bench, "anna", `guess number ${i}`)))
  const judged = burst.filter(({ status }) => status === 401)
  assert.ok(judged.length <= 6, `${judged.length} were judged`)
  for (const reply of burst) assert.ok([401, 429, 503].includes(reply.status))
})

test("a disabled user's token is dead at the next request, a demoted user's weaker", async () => {
  await using bench = await openBench()
  const [admin, tom, vera] = [await bench.signIn("anna"), await bench.signIn("tom"), await bench.signIn("vera")]
  const patch = (name: string, json: unknown) => bench.ask("PATCH", `/api/v1/users/${name}`, { token: admin, json })
  assert.equal((await patch("vera", { enabled: false })).status, 200)
  assert.equal((await bench.ask("GET", "/api/v1/status", { token: vera })).status, 401)
  assert.equal((await patch("vera", { enabled: true })).status, 200)
  assert.equal((await bench.ask("GET", "/api/v1/status", { token: vera })).status, 401)
  assert.equal((await patch("tom", { roles: ["viewer"] })).status, 200)
  assert.equal((await bench.ask("DELETE", "/api/v1/users/pump", { token: tom })).status, 403)
  assert.equal((await bench.ask("GET", "/api/v1/users/pump", { token: tom })).status, 200)
  const password = "another long secret"
  assert.equal((await patch("tom", { grant: { kind: "password", password } })).status, 200)
  assert.equal((await bench.ask("GET", "/api/v1/users/pump", { token: tom })).status, 401)
  assert.equal((await signIn(bench, "tom")).status, 401)
  assert.equal((await signIn(bench, "tom", password)).status, 201)
})

test("the log has one line for each change, with who, what and how it went, and no secret", async () => {
  await using bench = await openBench()
  const token = await bench.signIn("anna")
  bench.lines.length = 0
  const json = { username: "new", grant: { kind: "password", password: "a device's secret" }, note: "a note" }
  await bench.ask("POST", "/api/v1/users", { token, json })
  await bench.ask("DELETE", "/api/v1/users/nobody", { token })
  await bench.ask("GET", "/api/v1/users", { token })
  await bench.ask("POST", "/api/v1/explain", { token, json: { username: "pump", operation: "read", topic: "a" } })
  await bench.ask("POST", "/api/v1/roles", { token })
  await signIn(bench, "vera")
  assert.deepEqual(bench.lines, [
    "http: request actor=anna method=POST route=/api/v1/users status=201 address=127.0.0.1\n",
    "http: request actor=anna method=DELETE route=/api/v1/users/:username status=404 address=127.0.0.1\n",
    "http: request actor=vera method=POST route=/api/v1/tokens status=201 address=127.0.0.1\n",
  ])
})
