import assert from "node:assert/strict"
import { test } from "node:test"
import type { Gateway } from "../../../service/http/ports.ts"
import { type Bench, CODE, openBench } from "./bench.ts"

const claim = (bench: Bench, code: string = CODE, username = "anna", password = "correct horse battery") =>
  bench.ask("POST", "/api/v1/claim", { json: { code, username, password } })

test("the claim makes the first administrator, signed in, and gives the recovery key once", async () => {
  await using bench = await openBench(false)
  const reply = await claim(bench, " abcd efgh jkmn ")
  assert.equal(reply.status, 201)
  assert.equal(reply.at("recoveryKey"), "recovery")
  const token = String(reply.at("token"))
  const status = await bench.ask("GET", "/api/v1/status", { token })
  assert.equal(status.at("claimed"), true)
  assert.ok(bench.directory.isAdministrator(bench.directory.users.get("anna")!))
  assert.doesNotMatch(bench.lines.join(""), /ABCD|abcd|correct horse|recovery|gh_/)
})

test("after the claim every code is refused alike", async () => {
  await using bench = await openBench()
  for (const code of [CODE, "WRONG"]) {
    const reply = await claim(bench, code, "eve")
    assert.deepEqual([reply.status, reply.at("code")], [409, "already-claimed"])
  }
  assert.ok(!bench.directory.users.has("eve"))
})

test("of claims that race one wins", async () => {
  await using bench = await openBench(false)
  const names = ["anna", "bert", "carl", "dora"]
  const replies = await Promise.all(names.map((name) => claim(bench, CODE, name)))
  assert.deepEqual(replies.map(({ status }) => status).sort(), [201, 409, 409, 409])
  assert.equal(bench.directory.users.size, 1)
  const winner = names[replies.findIndex(({ status }) => status === 201)]
  assert.ok(bench.directory.users.has(winner!))
})

test("wrong codes slow their address and lock nobody out", async () => {
  await using bench = await openBench(false)
  const outcomes: number[] = []
  for (let i = 0; i < 6; i++) outcomes.push((await claim(bench, `WRONG${i}`, `name${i}`)).status)
  assert.deepEqual(outcomes, [403, 403, 403, 403, 403, 429])
  const reply = await claim(bench)
  assert.deepEqual([reply.status, reply.headers["retry-after"]], [429, "1"])
  for (let i = 0; i < 9; i++) {
    bench.clock.advance(60_000)
    assert.equal((await claim(bench, "WRONG")).status, 403)
  }
  bench.clock.advance(60_000)
  assert.equal((await claim(bench)).status, 201)
})

test("a burst of codes does not outrun the counting", async () => {
  await using bench = await openBench(false)
  const burst = await Promise.all(Array.from({ length: 40 }, (_, i) => claim(bench, `WRONG${i}`)))
  assert.ok(burst.filter(({ status }) => status === 403).length <= 6)
})

const NO_CODE: Gateway["claiming"] = {
  ...{ code: undefined, latest: undefined },
  claim: () => assert.fail("no code is right"),
  undo: () => assert.fail("nothing to undo"),
}

test("without a code to enter no code is right", async () => {
  await using bench = await openBench(false, { claiming: NO_CODE })
  for (const code of ["undefined", " ", "-", CODE]) assert.equal((await claim(bench, code)).status, 403)
})

test("a code that is nothing once dashes and blanks are gone is wrong", async () => {
  await using bench = await openBench(false)
  for (const code of ["-", " ", "\t\n", "----"]) assert.equal((await claim(bench, code)).status, 403)
})

test("a password that a person may not have leaves the box unclaimed", async () => {
  await using bench = await openBench(false)
  const reply = await claim(bench, CODE, "anna", "short")
  assert.deepEqual([reply.status, reply.at("code")], [400, "bad-request"])
  assert.match(String(reply.at("detail")), /at least 12/)
  assert.equal((await claim(bench, CODE, "an/na")).status, 400)
  assert.equal(bench.directory.claimed, false)
  assert.equal((await claim(bench)).status, 201)
})

test("before the claim nobody signs in, and only the public face answers", async () => {
  await using bench = await openBench(false)
  const reply = await bench.ask("POST", "/api/v1/tokens", { json: { username: "anna", password: "anything" } })
  assert.deepEqual([reply.status, reply.at("code")], [409, "not-claimed"])
  assert.equal((await bench.ask("GET", "/healthz")).text, "ok\n")
  assert.equal((await bench.ask("GET", "/api/v1/status")).status, 401)
})

test("a disk that fails during the claim leaves the box unclaimed and says so", async () => {
  await using bench = await openBench(false)
  bench.document.failNext()
  const reply = await claim(bench)
  assert.deepEqual([reply.status, reply.at("code")], [503, "disk-failed"])
  assert.equal(reply.headers["retry-after"], "2")
  assert.match(bench.lines.join(""), /request failed .*as the test asked/)
  assert.equal((await claim(bench)).status, 201)
})
