import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { verityRoot } from "../../../image/rootfs/usr/lib/gatehouse/box/verity.ts"

// made with: veritysetup format --no-superblock --salt=00112233 over blocks that hold their own number, from 1 on
const KNOWN = [
  [1, "f1617d8275830790492c509bf7ad174d15efa92ac891ab5e3fe92546562ef52f"],
  [2, "481f09405fbabd9903125523ba9bd682936d6e996512cb4cc07a83f43aa5daf8"],
  [128, "65b0182d452d9b3b6c956c57fb7479cb32504105074b3bbfafb2f24438cf8153"],
  [129, "a86b2338df3ef2ae7bc684026abfeed0455ad2da757ca075a3ccbb485427f570"],
  [300, "3da35a59d7c611c406b295126e489519106a8cf65ca944d06d29b5bc40ca05c2"],
] as const
const SALT = Buffer.from("00112233", "hex")

function content(blocks: number): Buffer {
  const bytes = Buffer.alloc(blocks * 4096)
  for (let block = 0; block < blocks; block++) bytes.writeUInt32LE(block + 1, block * 4096)
  return bytes
}

test("the root of the tree is the one veritysetup computes, and one flipped bit changes it", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-"))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, "content")
  for (const [blocks, root] of KNOWN) {
    const bytes = content(blocks)
    writeFileSync(path, bytes)
    assert.equal(verityRoot(path, bytes.length, SALT), root, `${blocks} blocks`)
    bytes[bytes.length - 1]! ^= 1
    writeFileSync(path, bytes)
    assert.notEqual(verityRoot(path, bytes.length, SALT), root)
  }
})
