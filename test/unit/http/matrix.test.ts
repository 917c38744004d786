import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { after, before, test } from "node:test"
import type { Route } from "../../../service/http/route.ts"
import { type Bench, openBench } from "./bench.ts"

const bench: Bench = await openBench()
let tokens: Record<"admin" | "technician" | "viewer" | "expired" | "foreign", string>

before(async () => {
  const expired = await bench.signIn("anna")
  bench.clock.advance(12 * 3_600_000)
  await using other = await openBench()
  tokens = {
    expired,
    foreign: await other.signIn("anna"),
    admin: await bench.signIn("anna"),
    technician: await bench.signIn("tom"),
    viewer: await bench.signIn("vera"),
  }
})
after(() => bench[Symbol.asyncDispose]())

/** A request to the route that gets as far as its rights allow and no further: nothing it names exists. */
async function status({ method, path }: Route, token?: string, headers?: Record<string, string>): Promise<number> {
  const url = path.replace(/:serial/, "00").replace(/:[a-zA-Z]+/g, "nobody")
  return (await bench.ask(method, url, { token, ...(headers && { headers }) })).status
}

/** Where a technician may change things; a new route is not among them until someone decides so here. */
const TECHNICIANS = [
  "POST /api/v1/users",
  "PATCH /api/v1/users/:username",
  "DELETE /api/v1/users/:username",
  "POST /api/v1/users/:username/preview",
  "POST /api/v1/users/:username/certificates",
  "POST /api/v1/registry",
  "DELETE /api/v1/registry",
  "POST /api/v1/registry/:id/allow",
  "DELETE /api/v1/registry/:id",
  "POST /api/v1/certificates/:serial/revoke",
  "DELETE /api/v1/clients/:clientId",
  "POST /api/v1/messages",
  "POST /api/v1/serial/recognitions",
  "POST /api/v1/serial/jobs",
  "POST /api/v1/serial/batches",
  "POST /api/v1/serial/jobs/:job/answers",
  "POST /api/v1/serial/jobs/:job/retry",
  "POST /api/v1/serial/jobs/:job/cancel",
  "POST /api/v1/users/:username/one-time-password",
]

/** Where the right to some topic is needed beside the path's. */
const TOPICS = ["GET /api/v1/messages"]

const PUBLIC = [
  "GET /",
  "GET /assets/:file",
  ...["GET /login", "POST /login", "GET /signed-out", "GET /recovery"],
  ...["GET /claim", "POST /claim", "GET /first-password", "POST /first-password"],
  "GET /healthz",
  "POST /api/v1/claim",
  "POST /api/v1/tokens",
  "POST /api/v1/session",
  "POST /api/v1/account/first-password",
  "GET /api/v1/authority",
  "GET /api/v1/authority/crl",
  "GET /api/v1/page-authority",
]

test("the public routes are these and no others", () => {
  const open = bench.table.filter((line) => line.access === "public").map((line) => `${line.method} ${line.path}`)
  assert.deepEqual(open.sort(), [...PUBLIC].sort())
})

test("no two lines of the table share method and path, and none that reads has a changing method", () => {
  const names = bench.table.map(({ method, path }) => `${method} ${path}`)
  assert.equal(new Set(names).size, names.length)
  for (const { method, path, access } of bench.table) {
    if (access === "read") assert.ok(method === "GET" || path === "/api/v1/explain", path)
    if (method === "GET") assert.notEqual(access, "write", path)
  }
})

for (const line of bench.table.filter(({ access }) => access !== "public")) {
  const name = `${line.method} ${line.path}`

  test(`${name}: without a valid token, 401`, async () => {
    const { admin, expired, foreign } = tokens
    assert.equal(await status(line), 401)
    for (const wrong of [expired, foreign, "", "gh_", "x", `${admin}x`, admin.slice(0, -1), admin.toLowerCase()]) {
      assert.equal(await status(line, wrong), 401)
    }
    for (const Authorization of [admin, `Basic ${admin}`, `Bearer\t${admin}`, `Bearer ${admin} ${admin}`, "Bearer"]) {
      assert.equal(await status(line, undefined, { Authorization }), 401)
    }
    const elsewhere = { "X-Access-Token": admin, Cookie: `token=${admin}`, "X-Forwarded-User": "anna" }
    assert.equal(await status(line, undefined, elsewhere), 401)
    const reply = await bench.ask(
      line.method,
      `${line.path.replace(/:\w+/g, "x")}?access_token=${admin}&token=${admin}`,
    )
    assert.equal(reply.status, 401)
    assert.match(String(reply.headers["www-authenticate"]), /^Bearer/)
  })

  if (line.access === "write") {
    test(`${name}: with a viewer's token, 403`, async () => {
      assert.equal(await status(line, tokens.viewer), 403)
    })

    test(`${name}: with a technician's token, ${TECHNICIANS.includes(name) ? "let in" : "403"}`, async () => {
      assert.equal((await status(line, tokens.technician)) !== 403, TECHNICIANS.includes(name))
    })
  }

  if (line.access === "read") {
    // a viewer may read every path and no topic
    test(`${name}: with a viewer's token, ${TOPICS.includes(name) ? "403" : "let in"}`, async () => {
      assert.equal((await status(line, tokens.viewer)) === 403, TOPICS.includes(name))
    })
  }

  // some of these would end the token that the others use
  if (line.access === "read" || line.access === "write") {
    test(`${name}: with an administrator's token, let in`, async () => {
      assert.ok(![401, 403, 500].includes(await status(line, tokens.admin)))
    })
  }
}

test("a role with one path reaches that path and no other", async () => {
  await bench.gateway.accounts.setRole(
    { name: "anna", rights: bench.directory.rights(bench.directory.users.get("anna")!) },
    { name: "narrow", permissions: [{ context: "http", operation: "readWrite", resource: "/users/%u" }] },
  )
  await bench.directory.change((draft) => {
    draft.users.set("vera", { ...draft.users.get("vera")!, roles: ["narrow"] })
  })
  const open: string[] = []
  for (const line of bench.table.filter(({ access }) => access === "read" || access === "write")) {
    const path = line.path.replace(/:serial/, "00").replace(/:[a-zA-Z]+/g, "vera")
    const reply = await bench.ask(line.method, path, { token: tokens.viewer })
    if (!/has no permission/.test(String(reply.at("detail")))) open.push(`${line.method} ${line.path}`)
  }
  assert.deepEqual(open, [
    "GET /api/v1/users/:username",
    "PATCH /api/v1/users/:username",
    "DELETE /api/v1/users/:username",
  ])
  for (const path of [
    "/users",
    "/users/pump",
    "/users/vera%2F..%2Fpump",
    "/users/%76era%2Fcertificates",
    "/users/%2B",
  ]) {
    assert.equal((await bench.ask("GET", `/api/v1${path}`, { token: tokens.viewer })).status, 403)
  }
  assert.equal((await bench.ask("GET", "/api/v1/users/%76era", { token: tokens.viewer })).status, 200)
})

test("authorities and roles stay closed to whoever is no administrator, whatever the paths of a role", async () => {
  await bench.directory.change((draft) => {
    const permissions = [
      { context: "http", operation: "readWrite", resource: "/+" } as const,
      { context: "http", operation: "readWrite", resource: "/+/#" } as const,
    ]
    draft.roles.set("nearly", { name: "nearly", permissions })
    draft.users.set("tom", { ...draft.users.get("tom")!, roles: ["nearly"] })
  })
  const admins = bench.table.filter((line) => line.administratorOnly)
  assert.ok(admins.length >= 5)
  for (const line of admins) assert.equal(await status(line, tokens.technician), 403)
})

test("docs/api.md lists every route with who may use it, and no other", async () => {
  const text = await readFile(new URL("../../../docs/api.md", import.meta.url), "utf8")
  const listed = [...text.matchAll(/^\| (GET|POST|PUT|PATCH|DELETE) \| `([^`]+)`[^|]*\| (\w+) \|/gm)].map((row) =>
    row.slice(1).join(" "),
  )
  const wanted = bench.table.map(({ method, path, access, administratorOnly }) => {
    return `${method} ${path.replace("/api/v1", "")} ${administratorOnly ? "administrator" : access}`
  })
  assert.deepEqual(listed.sort(), wanted.sort())
})
