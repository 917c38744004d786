import assert from "node:assert/strict"
import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { appendFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { z } from "zod"
import { openJournal } from "../../../service/store/journal.ts"
import { folderOf, modeOf } from "./folder.ts"
import { onFullDisk } from "./full-disk.ts"

const SCHEMA = z.strictObject({ serial: z.string(), note: z.exactOptional(z.string()) })
type Entry = z.output<typeof SCHEMA>
const record = (number: number): Entry => ({ serial: `0${number}` })

const open = (path: string, onTorn?: (detail: string) => void) =>
  openJournal<Entry>({ path, schema: SCHEMA, ...(onTorn === undefined ? {} : { onTorn }) })

async function written(path: string, count: number): Promise<void> {
  await using journal = await open(path)
  for (let number = 1; number <= count; number += 1) await journal.append(record(number))
}

async function recordsOf(path: string): Promise<readonly Entry[]> {
  await using journal = await open(path, () => {})
  return journal.records
}

test("what was appended is there at the next start, oldest first", async (t) => {
  const path = join(folderOf(t), "journal")
  process.umask(0)
  await written(path, 2)
  {
    await using journal = await open(path)
    await journal.append({ serial: "ü\n\u2028", note: "" })
    assert.deepEqual(journal.records, [record(1), record(2)])
  }
  assert.deepEqual(await recordsOf(path), [record(1), record(2), { serial: "ü\n\u2028", note: "" }])
  assert.equal(modeOf(path), 0o600)
  assert.match(readFileSync(path, "utf8"), /^[0-9a-f]{8} \{"serial":"01"\}\n/)
})

test("appends at once share a sync, keep their order, and hold what the record was when given", async (t) => {
  const path = join(folderOf(t), "journal")
  {
    await using journal = await open(path)
    const mutable = { serial: "before" }
    const given = journal.append(mutable)
    mutable.serial = "after"
    await Promise.all([given, ...Array.from({ length: 1000 }, (_, number) => journal.append(record(number)))])
  }
  const records = await recordsOf(path)
  assert.deepEqual(records, [{ serial: "before" }, ...Array.from({ length: 1000 }, (_, number) => record(number))])
})

const TAILS: readonly (readonly [string, (path: string, size: number) => void])[] = [
  ["cut off in its middle", (path, size) => truncateSync(path, size - 5)],
  ["cut off before its line feed", (path, size) => truncateSync(path, size - 1)],
  ["flipped in one byte", (path, size) => flip(path, size - 4)],
  ["flipped in its line feed", (path, size) => flip(path, size - 1)],
  ["filled with zeros", (path, size) => writeFileSync(path, readFileSync(path).fill(0, size - 24))],
]

function flip(path: string, at: number): void {
  const bytes = readFileSync(path)
  bytes[at] = bytes[at]! ^ 1
  writeFileSync(path, bytes)
}

for (const [state, damage] of TAILS) {
  test(`a last line ${state} is set aside, cut off and told`, async (t) => {
    const folder = folderOf(t)
    const path = join(folder, "journal")
    await written(path, 3)
    const size = statSync(path).size
    const whole = readFileSync(path).subarray(0, (size / 3) * 2)
    damage(path, size)
    const tail = readFileSync(path).subarray(whole.length)
    const told: string[] = []
    {
      await using journal = await open(path, (detail) => told.push(detail))
      assert.deepEqual(journal.records, [record(1), record(2)])
      assert.deepEqual(readFileSync(path), whole)
      await journal.append(record(4))
    }
    assert.equal(told.length, 1)
    assert.match(told[0]!, /journal\.torn-1$/)
    assert.deepEqual(readFileSync(`${path}.torn-1`), tail)
    assert.equal(modeOf(`${path}.torn-1`), 0o600)
    assert.deepEqual(await recordsOf(path), [record(1), record(2), record(4)])
    assert.equal(told.length, 1)
  })
}

test("a second torn line does not replace the first one set aside", async (t) => {
  const folder = folderOf(t)
  const path = join(folder, "journal")
  for (const torn of ["one", "two"]) {
    await written(path, 1)
    appendFileSync(path, torn)
    await recordsOf(path)
  }
  assert.deepEqual(readdirSync(folder).sort(), ["journal", "journal.torn-1", "journal.torn-2"])
  assert.equal(readFileSync(`${path}.torn-2`, "utf8"), "two")
})

test("damage before the last line stops the start, stays as it is, and the message leads on", async (t) => {
  const path = join(folderOf(t), "journal")
  await written(path, 3)
  flip(path, 15)
  const damaged = readFileSync(path)
  const failure = await open(path).catch((error: unknown) => error)
  assert.ok(failure instanceof Error && "code" in failure && failure.code === "document-damaged")
  assert.match(failure.message, /journal is damaged in line 1: its checksum does not fit/)
  assert.deepEqual(readFileSync(path), damaged)
  execFileSync("sh", ["-c", /sed -i.*$/.exec(failure.message)![0]])
  assert.deepEqual(await recordsOf(path), [record(2), record(3)])
  assert.deepEqual(readFileSync(`${path}.damaged`), damaged)
})

test("a whole record of another kind stops the start, also in the last line", async (t) => {
  const path = join(folderOf(t), "journal")
  await written(path, 1)
  {
    await using foreign = await openJournal({ path, schema: z.looseObject({}) })
    await foreign.append({ serial: 5 })
  }
  await assert.rejects(open(path), { code: "document-damaged", message: /line 2: its record is not valid \(serial: / })
})

test("an append that fails half way leaves no trace, and the next one succeeds", async (t) => {
  const path = join(folderOf(t), "journal")
  await written(path, 1)
  const before = readFileSync(path)
  {
    await using journal = await open(path)
    const failures = await onFullDisk(before.length + 10, () =>
      Promise.allSettled([journal.append(record(2)), journal.append(record(3))]),
    )
    for (const failure of failures) {
      assert.ok(failure.status === "rejected")
      assert.equal(failure.reason.code, "disk-failed")
    }
    assert.deepEqual(readFileSync(path), before)
    await journal.append(record(4))
  }
  assert.deepEqual(await recordsOf(path), [record(1), record(4)])
})

/** A file in memory that the kernel lets nobody shorten, at the path it prints. */
const SEALED = `
import fcntl, os, sys
file = os.memfd_create("journal", os.MFD_ALLOW_SEALING)
fcntl.fcntl(file, 1033, 2)  # F_ADD_SEALS, F_SEAL_SHRINK
print(f"/proc/{os.getpid()}/fd/{file}", flush=True)
sys.stdin.read()
`

test("when a failed append cannot be taken back, nothing more is appended", async () => {
  const holder = spawn("python3", ["-c", SEALED], { stdio: ["pipe", "pipe", "inherit"] })
  try {
    const [line] = await once(holder.stdout, "data")
    const path = String(line).trim()
    await written(path, 1)
    await using journal = await open(path)
    const size = statSync(path).size
    await onFullDisk(size + 10, () => assert.rejects(journal.append(record(2)), { code: "disk-failed" }))
    const after = readFileSync(path)
    assert.ok(after.length > size, "half a line stands there")
    await assert.rejects(journal.append(record(3)), (error: Error) => {
      assert.match(String((error.cause as Error).message), /could not be taken back.*restarted/)
      return true
    })
    assert.deepEqual(readFileSync(path), after)
  } finally {
    holder.stdin.end()
    await once(holder, "close")
  }
})

test("closing waits for what is under way and refuses what comes later", async (t) => {
  const path = join(folderOf(t), "journal")
  const journal = await open(path)
  const under = journal.append(record(1))
  await journal[Symbol.asyncDispose]()
  await under
  await assert.rejects(journal.append(record(2)), { code: "disk-failed" })
  assert.deepEqual(await recordsOf(path), [record(1)])
})
