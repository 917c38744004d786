import assert from "node:assert/strict"
import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { describe, it } from "node:test"

const ROOT = new URL("../../", import.meta.url)

/** Documents that name files and tests are held to them, so that they cannot rot. */
describe("the documents", () => {
  it("name only tests that exist, where they promise something", async () => {
    const text = await readFile(new URL("docs/promises.md", ROOT), "utf8")
    const rows = text.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| Connectware"))
    assert.ok(rows.length > 20)
    for (const row of rows) {
      const cited = [...row.matchAll(/`((?:unit|integration)\/[^`]+)`: ((?:"(?:[^"\\]|\\.)*"(?:, )?)+)/g)]
      assert.ok(cited.length > 0, `proves nothing: ${row}`)
      for (const [, file = "", names = ""] of cited) {
        const source = await readFile(new URL(`test/${file}`, ROOT), "utf8")
        for (const [, name = ""] of names.matchAll(/"((?:[^"\\]|\\.)*)"/g)) {
          const wanted = name.replaceAll('\\"', '"')
          assert.ok(source.includes(wanted), `${file} has no test "${wanted}"`)
        }
      }
    }
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
    ]) {
      const text = await readFile(new URL(file, ROOT), "utf8")
      for (const [, target = ""] of text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
        assert.ok(existsSync(new URL(target, new URL(file, ROOT))), `${file} links to ${target}, which does not exist`)
      }
    }
  })
})
