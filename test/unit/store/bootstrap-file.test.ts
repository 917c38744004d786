import assert from "node:assert/strict"
import { execFileSync, spawnSync } from "node:child_process"
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { assertRemovable, readBootstrapFile, removeBootstrapFile } from "../../../service/store/bootstrap-file.ts"
import { folderOf, isRoot } from "./folder.ts"

const write = (path: string, text = '{"users":[]}', mode = 0o600): string => {
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

test("a private file is read as JSON", async (t) => {
  assert.deepEqual(await readBootstrapFile(write(join(folderOf(t), "bootstrap.json"))), { users: [] })
})

test("whatever others could read, replace or keep is refused", async (t) => {
  const folder = folderOf(t)
  const path = (name: string) => join(folder, name)
  const refused = (name: string, message: RegExp) =>
    assert.rejects(readBootstrapFile(path(name)), { code: "bootstrap-invalid", message })

  for (const mode of [0o604, 0o640, 0o620, 0o601]) {
    write(path("open"), "{}", mode)
    await refused("open", /more than its owner; run: chmod 600 '/)
  }
  symlinkSync(write(path("target")), path("link"))
  await refused("link", /cannot be opened/)
  mkdirSync(path("folder"))
  await refused("folder", /is not a regular file/)
  execFileSync("mkfifo", ["-m", "600", path("pipe")])
  await refused("pipe", /is not a regular file/)
  linkSync(write(path("first")), path("second"))
  await refused("first", /has a second name/)
  truncateSync(write(path("huge")), 16 * 1024 * 1024 + 1)
  await refused("huge", /holds 16777217 bytes/)
  await refused("none", /cannot be opened/)
  if (isRoot) {
    chownSync(write(path("foreign")), 12_345, 12_345)
    await refused("foreign", /belongs to uid 12345; run: chown 0 '/)
  }
})

test("a mistake in it is placed and not quoted", async (t) => {
  const path = write(join(folderOf(t), "bootstrap.json"), '{"password": "geheim"\n"b": 1}')
  await assert.rejects(readBootstrapFile(path), (error: Error) => {
    assert.match(error.message, /stops being JSON at line 2, column 1$/)
    assert.doesNotMatch(error.message, /geheim/)
    return true
  })
})

test("it is removed, and tells when there was none", async (t) => {
  const path = write(join(folderOf(t), "bootstrap.json"))
  await assertRemovable(path)
  assert.equal(await removeBootstrapFile(path), true)
  assert.equal(existsSync(path), false)
  assert.equal(await removeBootstrapFile(path), false)
})

test("a power cut while that was tried leaves the file under another name, from which it comes back", async (t) => {
  const path = write(join(folderOf(t), "bootstrap.json"))
  renameSync(path, `${path}.aside`)
  await assertRemovable(path)
  assert.deepEqual(await readBootstrapFile(path), { users: [] })
  assert.equal(existsSync(`${path}.aside`), false)
})

test("what cannot be removed is refused before and after use", async (t) => {
  const folder = folderOf(t)
  const path = join(folder, "bootstrap.json")
  await assert.rejects(assertRemovable(path), { code: "bootstrap-invalid", message: /is not there; put it there, or/ })
  mkdirSync(path)
  await assert.rejects(removeBootstrapFile(path), { code: "bootstrap-invalid", message: /remove it by hand/ })
  rmSync(path, { recursive: true })
})

/** Asks as an ordinary user: what root may remove says little. */
function askAsNobody(path: string): string {
  const module = new URL("../../../service/store/bootstrap-file.ts", import.meta.url)
  const script = `
    const { assertRemovable } = await import(${JSON.stringify(module.href)})
    process.setgroups?.([]); process.setgid?.(65534); process.setuid?.(65534)
    console.log(await assertRemovable(${JSON.stringify(path)}).then(() => "removable", (error) => error.message))
  `
  const asked = spawnSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" })
  return asked.stdout.trim() || asked.stderr
}

test("a folder the service may not write, or a sticky one, is noticed beforehand", {
  skip: !isRoot && "needs root",
}, (t) => {
  const folder = folderOf(t)
  const path = write(join(folder, "bootstrap.json"))
  chmodSync(folder, 0o755)
  assert.match(askAsNobody(path), /could not be removed after use/)
  chmodSync(folder, 0o1777)
  assert.match(askAsNobody(path), /could not be removed after use/)
  chmodSync(folder, 0o777)
  assert.equal(askAsNobody(path), "removable")
  chmodSync(folder, 0o1777)
  chownSync(path, 65_534, 65_534)
  assert.equal(askAsNobody(path), "removable")
})
