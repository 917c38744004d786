import assert from "node:assert/strict"
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { fileURLToPath } from "node:url"
import { compileTypeScript, javaScript } from "../../../scripts/image/javascript.ts"
import { GatewayProcess, Place } from "../../support/process.ts"

const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url))

test("types go, lines stay, and files name one another by their new endings", () => {
  const source = 'import type { A } from "./a.ts"\nimport { b } from "../b.ts"\nconst c: A = b("x.ts")\n'
  const compiled = javaScript(source)
  assert.deepEqual(
    compiled
      .split("\n")
      .map((line) => line.trim())
      .filter(Boolean),
    ['import { b } from "../b.js"', 'const c    = b("x.ts")'],
  )
  assert.equal(compiled.split("\n").length, source.split("\n").length)
})

test("the gateway as a box has it, without TypeScript, starts and stops", async (t) => {
  const root = mkdtempSync(join(tmpdir(), "gatehouse-javascript-"))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  for (const name of ["service", "package.json"]) cpSync(join(REPOSITORY, name), join(root, name), { recursive: true })
  writeFileSync(join(root, "service/left-alone.txt"), "")
  symlinkSync(join(REPOSITORY, "node_modules"), join(root, "node_modules"))
  compileTypeScript(root)
  const names = readdirSync(join(root, "service"), { recursive: true, encoding: "utf8" })
  assert.deepEqual(
    names.filter((name) => name.endsWith(".ts")),
    [],
  )
  assert.ok(names.includes("left-alone.txt"))
  await using place = await Place.make()
  const node = join(REPOSITORY, "node_modules/.bin/node")
  await using gateway = new GatewayProcess([node, join(root, "service/main.js"), "--config", place.config], {})
  await gateway.prints(/Gatehouse is up/)
  assert.equal((await gateway.stop()).code, 0)
})
