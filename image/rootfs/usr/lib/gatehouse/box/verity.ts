import { createHash } from "node:crypto"
import { closeSync, openSync, readSync } from "node:fs"

const BLOCK = 4096
const DIGEST = 32
/** Blocks read at one time. */
const AT_ONCE = 256

/**
 * The root of the dm-verity tree over the first `bytes` of a file, in hex: SHA-256, blocks of 4 KiB, the salt before each
 * block (kernel, Documentation/admin-guide/device-mapper/verity.rst). Computed from the content alone, so that a file
 * whose tree is damaged as well does not pass. `onBlocks` is told of progress.
 */
export function verityRoot(path: string, bytes: number, salt: Buffer, onBlocks?: (done: number) => void): string {
  let level = digests(path, bytes / BLOCK, salt, onBlocks)
  // a single block of data is its own tree
  while (level.length > DIGEST) level = hashLevel(level, salt)
  return level.toString("hex")
}

function digests(path: string, blocks: number, salt: Buffer, onBlocks?: (done: number) => void): Buffer {
  const found = Buffer.alloc(blocks * DIGEST)
  const chunk = Buffer.alloc(AT_ONCE * BLOCK)
  const file = openSync(path, "r")
  try {
    for (let block = 0; block < blocks; block += AT_ONCE) {
      const wanted = Math.min(AT_ONCE, blocks - block) * BLOCK
      if (readSync(file, chunk, 0, wanted, block * BLOCK) !== wanted) throw new Error(`${path} ends early`)
      for (let at = 0; at < wanted; at += BLOCK) {
        hash(chunk.subarray(at, at + BLOCK), salt).copy(found, (block + at / BLOCK) * DIGEST)
      }
      onBlocks?.(Math.min(blocks, block + AT_ONCE))
    }
  } finally {
    closeSync(file)
  }
  return found
}

function hashLevel(level: Buffer, salt: Buffer): Buffer {
  const blocks = Math.ceil(level.length / BLOCK)
  const padded = Buffer.alloc(blocks * BLOCK)
  level.copy(padded)
  const above = Buffer.alloc(blocks * DIGEST)
  for (let block = 0; block < blocks; block++) {
    hash(padded.subarray(block * BLOCK, (block + 1) * BLOCK), salt).copy(above, block * DIGEST)
  }
  return above
}

function hash(block: Buffer, salt: Buffer): Buffer {
  return createHash("sha256").update(salt).update(block).digest()
}
