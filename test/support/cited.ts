import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"

const TESTS = new URL("../", import.meta.url)

/** The row of a document must cite tests, as `file`: "a part of the name", "another"; and each of them must exist. */
export async function assertCited(row: string): Promise<void> {
  const cited = [...row.matchAll(/`((?:unit|integration)\/[^`]+)`: ((?:"(?:[^"\\]|\\.)*"(?:, )?)+)/g)]
  assert.ok(cited.length > 0, `proves nothing: ${row}`)
  for (const [, file = "", names = ""] of cited) {
    const source = await readFile(new URL(file, TESTS), "utf8")
    for (const [, name = ""] of names.matchAll(/"((?:[^"\\]|\\.)*)"/g)) {
      const wanted = name.replaceAll('\\"', '"')
      assert.ok(source.includes(wanted), `${file} has no test "${wanted}"`)
    }
  }
}
