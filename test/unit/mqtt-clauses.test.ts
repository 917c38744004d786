import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { describe, it } from "node:test"
import { assertCited } from "../support/cited.ts"

type Sections = Readonly<Record<string, readonly [first: number, last: number]>>

/** The numbers of the normative statements by section, as the appendices B of the standards list them. */
const STANDARDS: Readonly<Record<string, Sections>> = {
  "MQTT 5": {
    "1.5.4": [1, 3],
    "1.5.5": [1, 1],
    "1.5.7": [1, 1],
    "2.1.3": [1, 1],
    "2.2.1": [2, 6],
    "2.2.2": [1, 1],
    "3.1.0": [1, 2],
    "3.1.2": [1, 30],
    "3.1.3": [1, 12],
    "3.1.4": [1, 6],
    "3.2.0": [1, 2],
    "3.2.2": [1, 22],
    "3.3.1": [1, 13],
    "3.3.2": [1, 20],
    "3.3.4": [1, 10],
    "3.4.2": [1, 3],
    "3.5.2": [1, 3],
    "3.6.1": [1, 1],
    "3.6.2": [1, 3],
    "3.7.2": [1, 3],
    "3.8.1": [1, 1],
    "3.8.3": [1, 5],
    "3.8.4": [1, 8],
    "3.9.2": [1, 2],
    "3.9.3": [1, 2],
    "3.10.1": [1, 1],
    "3.10.3": [1, 2],
    "3.10.4": [1, 6],
    "3.11.2": [1, 2],
    "3.11.3": [1, 2],
    "3.12.4": [1, 1],
    "3.14.0": [1, 1],
    "3.14.1": [1, 1],
    "3.14.2": [1, 4],
    "3.14.4": [1, 3],
    "3.15.1": [1, 1],
    "3.15.2": [1, 3],
    "4.1.0": [1, 2],
    "4.2.0": [1, 1],
    "4.3.1": [1, 1],
    "4.3.2": [1, 5],
    "4.3.3": [1, 13],
    "4.4.0": [1, 2],
    "4.5.0": [1, 2],
    "4.6.0": [1, 6],
    "4.7.0": [1, 1],
    "4.7.1": [1, 2],
    "4.7.2": [1, 1],
    "4.7.3": [1, 4],
    "4.8.2": [1, 6],
    "4.9.0": [1, 3],
    "4.12.0": [1, 7],
    "4.12.1": [1, 2],
    "4.13.1": [1, 1],
    "4.13.2": [1, 1],
    "6.0.0": [1, 4],
  },
  "MQTT 3.1.1": {
    "1.5.3": [1, 3],
    "2.2.2": [1, 2],
    "2.3.1": [1, 7],
    "3.1.0": [1, 2],
    "3.1.2": [1, 24],
    "3.1.3": [1, 11],
    "3.1.4": [1, 5],
    "3.2.0": [1, 1],
    "3.2.2": [1, 6],
    "3.3.1": [1, 12],
    "3.3.2": [1, 3],
    "3.3.4": [1, 1],
    "3.3.5": [1, 2],
    "3.6.1": [1, 1],
    "3.8.1": [1, 1],
    "3.8.3": [1, 4],
    "3.8.4": [1, 6],
    "3.9.3": [1, 2],
    "3.10.1": [1, 1],
    "3.10.3": [1, 2],
    "3.10.4": [1, 6],
    "3.12.4": [1, 1],
    "3.14.1": [1, 1],
    "3.14.4": [1, 3],
    "4.1.0": [1, 2],
    "4.3.1": [1, 1],
    "4.3.2": [1, 2],
    "4.3.3": [1, 2],
    "4.4.0": [1, 1],
    "4.5.0": [1, 2],
    "4.6.0": [1, 6],
    "4.7.1": [1, 3],
    "4.7.2": [1, 1],
    "4.7.3": [1, 4],
    "4.8.0": [1, 2],
    "6.0.0": [1, 4],
  },
}
/** What a row may say instead of naming tests. */
const OTHERS = { client: "the client's", none: "not offered: " }

describe("docs/mqtt-clauses.md", () => {
  for (const [standard, sections] of Object.entries(STANDARDS)) {
    it(`has every statement of ${standard} once, with tests that exist, and counts them right`, async () => {
      const text = await readFile(new URL("../../docs/mqtt-clauses.md", import.meta.url), "utf8")
      const table = text.split(`## ${standard}\n`)[1]?.split("\n## ")[0] ?? ""
      const rows = table.split("\n").filter((line) => /^\| \d/.test(line))
      const clauses = rows.map((row) => row.split(" ")[1])
      assert.deepEqual(clauses, Object.entries(sections).flatMap(numbered))
      const kept = rows.map((row) => row.split(" | ").slice(2).join(" | ").replace(/ \|$/, ""))
      const byClients = kept.filter((cell) => cell === OTHERS.client)
      const unoffered = kept.filter((cell) => cell.startsWith(OTHERS.none))
      for (const [i, cell] of kept.entries()) {
        if (cell !== OTHERS.client && !cell.startsWith(OTHERS.none)) await assertCited(rows[i] ?? "")
      }
      const tested = rows.length - byClients.length - unoffered.length
      const counted = `${standard}: ${rows.length} statements, ${tested} tested, ${byClients.length} the client's, ${unoffered.length} of what is not offered.`
      assert.ok(text.includes(counted), counted)
    })
  }
})

function numbered([section, [first, last]]: [string, readonly [number, number]]): string[] {
  return Array.from({ length: last - first + 1 }, (_, i) => `${section}-${first + i}`)
}
