import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { loadConfig } from "../../../service/config.ts"
import { allowedAt, configKeys } from "../../../service/config-schema.ts"

interface Row {
  readonly key: string
  readonly allowed: string
  readonly fallback: string
}

const text = readFileSync(new URL("../../../docs/configuration.md", import.meta.url), "utf8")
const rows: Row[] = [...text.matchAll(/^\| `([\w.]+)` \| (.*?) \| (.*?) \| .+ \|$/gm)].map(
  ([, key, allowed, fallback]) => ({ key: key!, allowed: allowed!, fallback: fallback! }),
)

test("docs/configuration.md lists every key, once, in the schema's order", () => {
  assert.deepEqual(
    rows.map((row) => row.key),
    configKeys(),
  )
})

test("docs/configuration.md says of every key what is allowed", () => {
  for (const { key, allowed } of rows) assert.equal(allowed, allowedAt(key.split(".")), key)
})

test("docs/configuration.md gives the defaults that depend on no machine", async () => {
  const config = await loadConfig({})
  const fixed = rows.filter((row) => row.fallback.startsWith("`"))
  for (const { key, fallback } of fixed) {
    let value: unknown = config
    for (const name of key.split(".")) value = (value as Record<string, unknown>)[name]
    assert.equal(fallback, `\`${JSON.stringify(value)}\``, key)
  }
  assert.ok(fixed.length > 30)
})
