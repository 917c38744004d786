import assert from "node:assert/strict"
import { test } from "node:test"
import { openApp } from "../../../service/http/app.ts"
import { codesOf } from "../../../service/http/openapi.ts"
import { silentLog } from "../../../service/log.ts"
import { openBench } from "./bench.ts"

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly security: readonly unknown[]
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[]
  readonly requestBody?: { readonly content: object }
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { schema: unknown }>> }>>
}
type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>

/** Every method and path that Express itself would serve. */
function expressRoutes(app: ReturnType<typeof openApp>): string[] {
  const layers = app.router.stack.flatMap(({ route }) => (route === undefined ? [] : [route]))
  return layers.flatMap(({ path, stack }) =>
    stack
      .filter(({ method }) => method !== undefined)
      .map(({ method }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`),
  )
}

test("what is described is what Express serves, route by route", async () => {
  await using bench = await openBench()
  const reply = await bench.ask("GET", "/api/v1/openapi.json", { token: await bench.signIn("vera") })
  assert.equal(reply.status, 200)
  const paths = reply.at("paths") as Paths
  const described = Object.entries(paths).flatMap(([path, item]) => Object.keys(item).map((verb) => `${verb} ${path}`))
  const app = openApp(bench.table, () => async () => {}, { hosts: () => [], log: silentLog })
  assert.deepEqual(described.sort(), expressRoutes(app).sort())
  assert.ok(described.length > 40)
})

test("every route has a name of its own, a summary, its parameters, its bodies and its refusals", async () => {
  await using bench = await openBench()
  const reply = await bench.ask("GET", "/api/v1/openapi.json", { token: await bench.signIn("vera") })
  const paths = reply.at("paths") as Paths
  const names = new Set<string>()
  for (const line of bench.table) {
    const path = line.path.replace(/:(\w+)/g, "{$1}")
    const operation = paths[path]?.[line.method.toLowerCase()]
    assert.ok(operation, path)
    assert.ok(operation.summary.length > 5 && !operation.summary.endsWith("."), path)
    assert.ok(!names.has(operation.operationId), operation.operationId)
    names.add(operation.operationId)
    assert.equal(operation.security.length === 0, line.access === "public", path)
    const inPath = operation.parameters.filter((parameter) => parameter.in === "path")
    assert.deepEqual(
      inPath.map(({ name }) => name),
      [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
    )
    assert.equal(operation.requestBody !== undefined, line.takesBody !== "no", path)
    for (const status of line.success) assert.ok(operation.responses[status], `${path} ${status}`)
    for (const code of codesOf(line)) assert.ok(JSON.stringify(operation.responses).includes(`"${code}"`), code)
  }
})

test("the description names no version to strangers, and holds no secret of ours", async () => {
  await using bench = await openBench()
  assert.equal((await bench.ask("GET", "/api/v1/openapi.json")).status, 401)
  const { text } = await bench.ask("GET", "/api/v1/openapi.json", { token: await bench.signIn("vera") })
  assert.match(text, /"version":"1\.2\.3"/)
  assert.doesNotMatch(text, /argon2id\$|correct horse|"recovery"/)
})
