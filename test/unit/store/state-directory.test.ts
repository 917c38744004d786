import assert from "node:assert/strict"
import { type ChildProcessByStdio, spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, chownSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Readable, Writable } from "node:stream"
import { test } from "node:test"
import { openStateDirectory } from "../../../service/store/state-directory.ts"
import { folderOf, isRoot, modeOf } from "./folder.ts"

test("the directory is made with 0700, its parents too, whatever the umask", async (t) => {
  const folder = folderOf(t)
  const umask = process.umask(0)
  t.after(() => process.umask(umask))
  await using state = await openStateDirectory(join(folder, "var", "gatehouse"))
  assert.equal(state.path, join(folder, "var", "gatehouse"))
  const keys = await state.folder("keys")
  assert.equal(keys, join(state.path, "keys"))
  for (const path of [join(folder, "var"), state.path, keys]) assert.equal(modeOf(path), 0o700)
  for (const name of readdirSync(state.path)) assert.equal(modeOf(join(state.path, name)) & 0o077, 0, name)
})

test("a directory that others may enter is closed to them", async (t) => {
  const folder = folderOf(t)
  mkdirSync(join(folder, "keys"))
  for (const path of [folder, join(folder, "keys")]) chmodSync(path, 0o755)
  await using state = await openStateDirectory(folder)
  await state.folder("keys")
  assert.deepEqual([modeOf(folder), modeOf(join(folder, "keys"))], [0o700, 0o700])
})

test("a file in its place is refused", async (t) => {
  const path = join(folderOf(t), "state")
  writeFileSync(path, "")
  await assert.rejects(openStateDirectory(path), {
    code: "state-unusable",
    message: `the state directory ${path} is not a directory; remove that file, or set another stateDirectory`,
  })
  await assert.rejects(openStateDirectory(join(path, "below")), { code: "state-unusable", message: /cannot be made/ })
})

test("a directory of another user is refused, with both users and the remedy", async (t) => {
  const folder = isRoot ? folderOf(t) : "/usr/share"
  if (isRoot) chownSync(folder, 12_345, 12_345)
  const uid = process.geteuid!()
  await assert.rejects(openStateDirectory(folder), {
    code: "state-unusable",
    message:
      `the state directory ${folder} belongs to uid ${isRoot ? 12_345 : 0} while the gateway runs as uid ${uid}; ` +
      `run the gateway as that user, or run: chown -R ${uid} '${folder}'`,
  })
})

test("what a crash left unfinished is removed, and nothing else", async (t) => {
  const folder = folderOf(t)
  const outside = folderOf(t)
  mkdirSync(join(folder, "keys"))
  symlinkSync(outside, join(folder, "link"))
  const unfinished = "access.json.0123456789ab.tmp"
  for (const path of [join(folder, unfinished), join(folder, "keys", unfinished), join(outside, unfinished)]) {
    writeFileSync(path, "half")
  }
  for (const name of ["access.json", "access.json.previous", "notes.tmp"]) writeFileSync(join(folder, name), "kept")
  await using _state = await openStateDirectory(folder)
  assert.deepEqual(readdirSync(folder).sort(), [
    "access.json",
    "access.json.previous",
    "keys",
    "link",
    "lock",
    "notes.tmp",
  ])
  assert.deepEqual(readdirSync(join(folder, "keys")), [])
  assert.deepEqual(readdirSync(outside), [unfinished])
})

test("one process opens a directory once, and again after closing it", async (t) => {
  const folder = folderOf(t)
  {
    await using _state = await openStateDirectory(folder)
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await assert.rejects(openStateDirectory(folder), { code: "state-unusable", message: /in use by another running/ })
    }
  }
  await using again = await openStateDirectory(folder)
  assert.equal(again.path, folder)
})

/** Another gateway's process; resolves once it holds the directory, or has ended without. */
async function rival(folder: string): Promise<ChildProcessByStdio<Writable, Readable, null>> {
  const module = new URL("../../../service/store/state-directory.ts", import.meta.url)
  const script = `
    const { openStateDirectory } = await import(${JSON.stringify(module.href)})
    await using state = await openStateDirectory(${JSON.stringify(folder)}).catch((error) => { console.log(error.message) })
    if (state) { console.log("open"); for await (const _ of process.stdin); }
  `
  return spawn(process.execPath, ["--input-type=module", "--eval", script], { stdio: ["pipe", "pipe", "inherit"] })
}

const firstLine = async (child: ChildProcessByStdio<Writable, Readable, null>) =>
  String((await once(child.stdout, "data"))[0]).trim()

test("two processes never share a directory, and a killed one leaves no lock behind", async (t) => {
  const folder = folderOf(t)
  const first = await rival(folder)
  assert.equal(await firstLine(first), "open")
  await assert.rejects(openStateDirectory(folder), { code: "state-unusable" })
  const second = await rival(folder)
  assert.match(await firstLine(second), /is in use by another running gateway; stop that one/)
  first.kill("SIGKILL")
  await Promise.all([once(first, "close"), once(second, "close")])
  {
    await using _state = await openStateDirectory(folder)
    const third = await rival(folder)
    assert.match(await firstLine(third), /in use/)
    await once(third, "close")
  }
  const fourth = await rival(folder)
  assert.equal(await firstLine(fourth), "open")
  fourth.stdin.end()
  await once(fourth, "close")
})
