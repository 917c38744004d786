import assert from "node:assert/strict"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { PassThrough, Readable } from "node:stream"
import { test } from "node:test"
import { Uploads } from "../../../service/store/uploads.ts"
import { folderOf, modeOf } from "./folder.ts"
import { onFullDisk } from "./full-disk.ts"

const bytesOf = (length: number, fill = "x") => Readable.from([Buffer.alloc(length, fill)])

test("a bundle lies ready whole, for its owner alone, and only the newest", async (t) => {
  const folder = folderOf(t)
  const uploads = await Uploads.open(folder)
  assert.equal(await uploads.current(), undefined)
  await uploads.receive("u-1", bytesOf(10, "a"), 10)
  assert.deepEqual(await uploads.receive("u-2", bytesOf(20, "b"), 20), { bundle: "u-2.raucb", bytes: 20 })
  assert.deepEqual(readdirSync(folder), ["u-2.raucb"])
  assert.deepEqual(await uploads.current(), { bundle: "u-2.raucb", bytes: 20 })
  assert.equal(readFileSync(join(folder, "u-2.raucb"), "utf8"), "b".repeat(20))
  assert.equal(modeOf(join(folder, "u-2.raucb")), 0o600)
})

test("an upload with fewer or more bytes than announced leaves nothing", async (t) => {
  const folder = folderOf(t)
  const uploads = await Uploads.open(folder)
  for (const sent of [9, 11, 0]) {
    await assert.rejects(uploads.receive("u", bytesOf(sent), 10), { code: "bad-request", message: /10 bytes/ })
  }
  assert.deepEqual(readdirSync(folder), [])
})

test("an upload that breaks off leaves nothing, and the next one is taken", async (t) => {
  const folder = folderOf(t)
  const uploads = await Uploads.open(folder)
  const stream = new PassThrough()
  const receiving = uploads.receive("u", stream, 10)
  stream.write("abc")
  await assert.rejects(uploads.receive("v", bytesOf(1), 1), { code: "busy" })
  stream.destroy()
  await assert.rejects(receiving, { code: "bad-request", message: /broke off/ })
  assert.deepEqual(readdirSync(folder), [])
  await uploads.receive("w", bytesOf(1), 1)
})

test("more than there is room for is refused before a byte is taken", async (t) => {
  const folder = folderOf(t)
  const uploads = await Uploads.open(folder)
  const stream = new PassThrough()
  await assert.rejects(uploads.receive("u", stream, 2 ** 52), { code: "no-room", message: /there is room for \d+/ })
  assert.equal(stream.readableFlowing, null)
})

test("a disk that fails during the upload says so, and nothing stays", async (t) => {
  const folder = folderOf(t)
  const uploads = await Uploads.open(folder)
  await onFullDisk(1000, () => assert.rejects(uploads.receive("u", bytesOf(5000), 5000), { code: "disk-failed" }))
  assert.deepEqual(readdirSync(folder), [])
})

test("what an earlier process had not finished is removed at the start; a whole bundle stays", async (t) => {
  const folder = folderOf(t)
  for (const name of ["u-1.part", "u-2.raucb"]) writeFileSync(join(folder, name), "x")
  assert.deepEqual(await (await Uploads.open(folder)).current(), { bundle: "u-2.raucb", bytes: 1 })
  assert.deepEqual(readdirSync(folder), ["u-2.raucb"])
})
