import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { z } from "zod"
import { auditRecord } from "../../../service/audit.ts"
import { isLaterRecord, issueRecord } from "../../../service/ca/issue-record.ts"
import { openJournal } from "../../../service/store/journal.ts"
import { folderOf } from "./folder.ts"

const CHANGED = { record: "changed", serial: "0".repeat(32), state: "revoked", reason: "lost", by: "boss", at: 1 }

/** A journal in which a later version has written as well. */
async function writtenByLater(path: string, records: readonly Record<string, unknown>[]): Promise<void> {
  await using journal = await openJournal({ path, schema: z.looseObject({}) })
  for (const record of records) await journal.append(record)
}

test("after a fallback the issue log is read past what only the later version knew, and loses none of it", async (t) => {
  const path = join(folderOf(t), "issued.jsonl")
  const told: string[] = []
  const options = { path, schema: issueRecord, isLater: isLaterRecord, onLater: (what: string) => told.push(what) }
  await writtenByLater(path, [CHANGED, { ...CHANGED, countersigned: true }, { record: "countersigned", at: 2 }])
  {
    await using journal = await openJournal(options)
    assert.deepEqual(journal.records, [CHANGED, CHANGED])
    assert.match(told.join(), /1 records in .*issued\.jsonl are of kinds that only a later version knows/)
    await journal.append({ ...CHANGED, at: 3 } as z.output<typeof issueRecord>)
  }
  await using later = await openJournal({ path, schema: z.looseObject({}) })
  assert.deepEqual(
    later.records.map(({ at, countersigned }) => ({ at, countersigned })),
    [{ at: 1 }, { at: 1, countersigned: true }, { at: 2 }, { at: 3 }].map((record) => ({
      countersigned: undefined,
      ...record,
    })),
  )
})

test("a record of a known kind that says something else is damage, with its line", async (t) => {
  const path = join(folderOf(t), "issued.jsonl")
  await writtenByLater(path, [{ record: "new" }, CHANGED, { ...CHANGED, state: "lost" }])
  const before = readFileSync(path, "utf8")
  await assert.rejects(openJournal({ path, schema: issueRecord, isLater: isLaterRecord }), {
    code: "document-damaged",
    message: /is damaged in line 3: .*state/,
  })
  assert.equal(readFileSync(path, "utf8"), before)
})

test("the record of changes may get further members", async (t) => {
  const path = join(folderOf(t), "changes.jsonl")
  const change = {
    ...{ number: 1, at: 2, actor: "boss", address: "::1", method: "PUT" },
    ...{ route: "/users/:username", object: "/users/p", change: "{}", status: 200 },
  }
  await writtenByLater(path, [{ ...change, hash: "00" }])
  await using journal = await openJournal({ path, schema: auditRecord })
  assert.deepEqual(journal.records, [change])
})
