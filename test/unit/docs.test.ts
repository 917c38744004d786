import assert from "node:assert/strict"
import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { describe, it } from "node:test"
import { assertCited } from "../support/cited.ts"

const ROOT = new URL("../../", import.meta.url)

/** Documents that name files and tests are held to them, so that they cannot rot. */
describe("the documents", () => {
  it("name only tests that exist, where they promise something", async () => {
    const text = await readFile(new URL("docs/promises.md", ROOT), "utf8")
    const rows = text.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| Connectware"))
    assert.ok(rows.length > 20)
    for (const row of rows) await assertCited(row)
  })

  it("link only to files that exist", async () => {
    for (const file of [
      "README.md",
      "CONTRIBUTING.md",
      "SECURITY.md",
      "docs/bootstrap.md",
      "docs/api.md",
      "docs/serial-protocol.md",
      "docs/serial-devices.md",
      "docs/simulated-device.md",
      "docs/mqtt-clauses.md",
    ]) {
      const text = await readFile(new URL(file, ROOT), "utf8")
      for (const [, target = ""] of text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
        assert.ok(existsSync(new URL(target, new URL(file, ROOT))), `${file} links to ${target}, which does not exist`)
      }
    }
  })
})
