import assert from "node:assert/strict"
import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { isTemporary, readOrNull, writeDurably } from "../../../service/store/durable-file.ts"
import { folderOf, modeOf } from "./folder.ts"
import { onFullDisk } from "./full-disk.ts"

test("a file is written with 0600, whatever the umask", async (t) => {
  const path = join(folderOf(t), "file")
  const umask = process.umask(0)
  t.after(() => process.umask(umask))
  await writeDurably(path, "first")
  assert.equal(modeOf(path), 0o600)
  process.umask(0o077)
  await writeDurably(path, "second", { mode: 0o644 })
  assert.equal(modeOf(path), 0o644)
  assert.equal(readFileSync(path, "utf8"), "second")
})

test("the previous generation is kept when asked, and only the one before", async (t) => {
  const folder = folderOf(t)
  const path = join(folder, "file")
  for (const text of ["one", "two", "three"]) await writeDurably(path, text, { keepPrevious: true })
  assert.equal(readFileSync(path, "utf8"), "three")
  assert.equal(readFileSync(`${path}.previous`, "utf8"), "two")
  assert.deepEqual(readdirSync(folder).sort(), ["file", "file.previous"])
})

test("a crash between keeping the previous generation and replacing the file is forgotten by the next write", async (t) => {
  const folder = folderOf(t)
  const path = join(folder, "file")
  writeFileSync(path, "one")
  linkSync(path, `${path}.previous`)
  await writeDurably(path, "two", { keepPrevious: true })
  assert.equal(readFileSync(path, "utf8"), "two")
  assert.equal(readFileSync(`${path}.previous`, "utf8"), "one")
  assert.deepEqual(readdirSync(folder).sort(), ["file", "file.previous"])
})

test("on a full disk the old bytes stay, and nothing else", async (t) => {
  const folder = folderOf(t)
  const path = join(folder, "file")
  await writeDurably(path, "old", { keepPrevious: true })
  const failure = await onFullDisk(4096, async () =>
    writeDurably(path, Buffer.alloc(100_000), { keepPrevious: true }).catch((error: unknown) => error),
  )
  assert.ok(failure instanceof Error && "code" in failure)
  assert.equal(failure.code, "disk-failed")
  assert.match(failure.message, /file could not be written: check the disk/)
  assert.equal(readFileSync(path, "utf8"), "old")
  assert.deepEqual(readdirSync(folder), ["file"])
})

test("a write into a folder that is gone fails by name", async (t) => {
  const folder = join(folderOf(t), "gone")
  mkdirSync(folder)
  rmSync(folder, { recursive: true })
  await assert.rejects(writeDurably(join(folder, "file"), "x"), { code: "disk-failed", message: /gone\/file/ })
})

test("a missing file reads as null, an unreadable one fails by name", async (t) => {
  const folder = folderOf(t)
  assert.equal(await readOrNull(join(folder, "none")), null)
  await assert.rejects(readOrNull(folder), { code: "disk-failed" })
})

test("only names that a write makes count as temporary", () => {
  assert.ok(isTemporary("access.json.0123456789ab.tmp"))
  for (const name of ["access.json", "access.json.previous", "x.tmp", "0123456789ab.tmp.json"]) {
    assert.ok(!isTemporary(name), name)
  }
})
