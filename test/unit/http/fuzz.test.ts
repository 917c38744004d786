import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { after, before, test } from "node:test"
import fc from "fast-check"
import { z } from "zod"
import { noTokens } from "../../../service/access/kept-tokens.ts"
import type { Route } from "../../../service/http/route.ts"
import { MemoryDocument } from "../../support/memory-document.ts"
import { type Ask, type Bench, openBench, type Reply } from "./bench.ts"

/** Stands in every value that is sent: where it turns up again, something repeats what it should not. */
const CANARY = "canary-5ecre7"
const keptTokens = new MemoryDocument(noTokens())
let bench: Bench
let token: string
before(async () => {
  bench = await openBench(true, { keptTokens })
  token = await bench.signIn("anna")
})
after(() => bench[Symbol.asyncDispose]())

const state = () =>
  createHash("sha256")
    .update(JSON.stringify([bench.document.value, keptTokens.value, bench.gateway.trust.list()]))
    .digest("hex")

async function sent({ method, path }: Route, what: Ask, query = ""): Promise<Reply> {
  const url = path.replace(/:serial|:id/, "00").replace(/:\w+/g, "nobody")
  return bench.ask(method, url + query, { token, ...what })
}

/** Refused as any client's fault is, with a problem, no word of what was sent, and nothing changed. */
async function assertRefused(line: Route, what: Ask, query = ""): Promise<void> {
  const [held, logged] = [state(), bench.lines.length]
  const reply = await sent(line, what, query)
  const shown = `${line.method} ${line.path} ${JSON.stringify(what)?.slice(0, 300)} ${reply.status} ${reply.text}`
  assert.ok(reply.status >= 400 && (reply.status < 500 || reply.at("code") === "busy"), shown)
  assert.equal(reply.headers["content-type"], "application/problem+json", shown)
  assert.equal(state(), held, shown)
  assert.ok(!reply.text.includes(CANARY) && !bench.lines.slice(logged).join("").includes(CANARY), shown)
}

const json = { "Content-Type": "application/json" }
const taking = () => bench.table.filter(({ takesBody }) => takesBody !== "no")

/** A byte order mark is passed over (RFC 8259 8.1), so that it is an empty body where that is one. */
const takesNothing = ({ schema }: Route) => schema.body.safeParse({}).success

test("bodies that are no sensible JSON", async () => {
  const nested = (open: string, close: string) => `${open.repeat(40)}1${close.repeat(40)}`
  const bodies = [
    ...["", "{", "[]", "null", "1", `"${CANARY}"`, "{}{}", "NaN", "\0", `{"x":"${CANARY}"}`, "\ufeff{}", `{'a':1}`],
    ...[
      '{"__proto__":{"admin":true}}',
      '{"constructor":{"prototype":{"x":1}}}',
      nested('{"a":', "}"),
      nested("[", "]"),
    ],
    Buffer.from([0x7b, 0xff, 0xfe, 0x7d]),
    `{"csr":"${"x".repeat(70_000)}"}`,
  ]
  for (const line of taking())
    for (const body of bodies.filter((one) => one !== "" && !(one === "\ufeff{}" && takesNothing(line))))
      await assertRefused(line, { body, headers: json })
})

test("bodies of another type, and bodies where none is taken", async () => {
  for (const line of taking()) {
    for (const type of [
      "text/html",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "application/json; charset=utf-16",
      "",
    ]) {
      await assertRefused(line, { body: "{}", headers: { "Content-Type": type } })
    }
    await assertRefused(line, { body: "{}", headers: { ...json, "Content-Encoding": "gzip" } })
  }
  for (const line of bench.table.filter(({ takesBody }) => takesBody === "no")) {
    await assertRefused(line, { body: "{}", headers: json })
  }
})

test("queries that nobody declared", async () => {
  for (const line of bench.table.filter(({ method }) => method === "GET")) {
    if (line.path === "/healthz") continue
    for (const query of [`?x=${CANARY}`, "?limit=1&limit=2", "?__proto__=1", "?cursor=%ff&x=y"]) {
      await assertRefused(line, {}, query)
    }
  }
})

const hostile = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    1e308,
    0.5,
    "",
    " ",
    "\0",
    "../..",
    "+/#",
    "$SYS/#",
    "%u",
    [],
    {},
    [[]],
    CANARY,
  ),
  fc.string({ maxLength: 20 }).map((text) => CANARY + text),
  fc.jsonValue({ maxDepth: 3 }),
  fc.constant("x".repeat(20_000)),
)

/** An object with some of the route's own members, each of a random value, and sometimes one more. */
function bodyLike(line: Route): fc.Arbitrary<Record<string, unknown>> {
  const { properties = {} } = z.toJSONSchema(line.schema.body, { io: "input", unrepresentable: "any" })
  const names = Object.keys(properties)
  return fc.dictionary(fc.constantFrom(...names, "extra"), hostile, {
    maxKeys: names.length + 1,
    noNullPrototype: true,
  })
}

test("members of the wrong kind, whatever the route", async () => {
  for (const line of taking()) {
    const refused = bodyLike(line).filter((body) => !line.schema.body.safeParse(body).success)
    for (const body of fc.sample(refused, { numRuns: 15, seed: 7 })) await assertRefused(line, { json: body })
  }
})

test("addresses of every kind find nothing, and break nothing", async () => {
  const part = fc.oneof(
    fc.constantFrom(
      "..",
      "%2e%2e",
      "%",
      "%zz",
      "%00",
      "a%2Fb",
      "+",
      "%23",
      "~",
      "x".repeat(5000),
      "__proto__",
      "%F0%9F%98%80",
    ),
    fc.webSegment(),
  )
  for (const line of bench.table.filter(({ path }) => path.includes(":"))) {
    for (const level of fc.sample(
      part.filter((one) => one !== ""),
      { numRuns: 6, seed: 3 },
    )) {
      const held = state()
      const reply = await bench.ask(line.method, line.path.replace(/:\w+/g, level), { token })
      assert.ok(reply.status >= 400 && reply.status < 500, `${line.path} ${level} ${reply.status}`)
      assert.equal(state(), held)
    }
  }
})
