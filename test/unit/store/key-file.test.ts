import assert from "node:assert/strict"
import { chmodSync, chownSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { test } from "node:test"
import { readKeyFile, writeKeyFile } from "../../../service/store/key-file.ts"
import { folderOf, isRoot, modeOf } from "./folder.ts"

const PEM = "-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----\n"

test("a key is kept with 0600 in a folder with 0700, whatever the umask, and leaves no older one behind", async (t) => {
  const path = join(folderOf(t), "keys", "issuing.key")
  const umask = process.umask(0)
  t.after(() => process.umask(umask))
  await writeKeyFile(path, "old")
  await writeKeyFile(path, PEM)
  assert.equal(await readKeyFile(path), PEM)
  assert.deepEqual([modeOf(path), modeOf(dirname(path))], [0o600, 0o700])
  assert.deepEqual(readdirSync(dirname(path)), ["issuing.key"])
})

test("a key that is not there is null", async (t) => {
  assert.equal(await readKeyFile(join(folderOf(t), "none", "none.key")), null)
})

test("a key that others may read is closed to them and read", async (t) => {
  const path = join(folderOf(t), "issuing.key")
  writeFileSync(path, PEM)
  chmodSync(path, 0o644)
  assert.equal(await readKeyFile(path), PEM)
  assert.equal(modeOf(path), 0o600)
})

test("a link, a folder and another user's file are no key", async (t) => {
  const folder = folderOf(t)
  const foreign = isRoot ? join(folder, "foreign.key") : "/etc/passwd"
  if (isRoot) {
    writeFileSync(foreign, PEM)
    chownSync(foreign, 12_345, 12_345)
  }
  writeFileSync(join(folder, "issuing.key"), PEM)
  symlinkSync("issuing.key", join(folder, "link.key"))
  mkdirSync(join(folder, "folder.key"))
  for (const path of [foreign, join(folder, "link.key"), join(folder, "folder.key")]) {
    await assert.rejects(readKeyFile(path), { code: "state-unusable", message: new RegExp(`the key file ${path}`) })
  }
})
