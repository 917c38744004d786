import assert from "node:assert/strict"
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, test } from "node:test"
import { z } from "zod"
import { openBoundedJournal } from "../../../service/store/bounded-journal.ts"

const schema = z.strictObject({ n: z.int() })
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-bounded-"))
})
afterEach(() => rm(folder, { recursive: true }))
const open = () => openBoundedJournal({ path: join(folder, "j.jsonl"), schema, most: 10 })
const numbers = (records: readonly { n: number }[]) => records.map(({ n }) => n)

test("it always holds the last records, never more than two files of them", async () => {
  for (let round = 0; round < 4; round++) {
    await using journal = await open()
    for (let i = 0; i < 12; i++) await journal.append({ n: round * 12 + i })
  }
  await using journal = await open()
  const kept = numbers(journal.records)
  assert.equal(kept.at(-1), 47)
  assert.ok(kept.length >= 10 && kept.length <= 20)
  assert.deepEqual(
    kept,
    Array.from(kept, (_, i) => 48 - kept.length + i),
  )
  assert.deepEqual((await readdir(folder)).sort(), ["j.jsonl", "j.jsonl.1"])
})

test("records that come all at once while it changes files are all there, in order", async () => {
  {
    await using journal = await open()
    await Promise.all(Array.from({ length: 15 }, (_, n) => journal.append({ n })))
  }
  await using journal = await open()
  assert.deepEqual(
    numbers(journal.records),
    Array.from({ length: 15 }, (_, n) => n),
  )
})

test("a torn last line is set aside, and a damaged older file stops the start", async () => {
  {
    await using journal = await open()
    for (let n = 0; n < 12; n++) await journal.append({ n })
  }
  const path = join(folder, "j.jsonl")
  await writeFile(path, (await readFile(path, "utf8")).slice(0, -5))
  {
    await using journal = await open()
    assert.equal(numbers(journal.records).at(-1), 10)
  }
  await writeFile(`${path}.1`, (await readFile(`${path}.1`, "utf8")).replace('"n":3', '"n":4'))
  await assert.rejects(open, { code: "document-damaged" })
})
