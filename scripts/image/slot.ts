import { createHash } from "node:crypto"
import { closeSync, fsyncSync, openSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { bootImages, treeFile } from "./boot-images.ts"
import { cpio, padded, program } from "./cpio.ts"
import type { Board } from "./meta.ts"
import { BuildError, run } from "./run.ts"

const BLOCK = 4096

export interface SlotInputs {
  /** Holds vmlinuz, initrd.img and the device trees; works as a scratch folder. */
  readonly folder: string
  readonly stage: string
  /** image/initramfs/init and image/boot/slot.cmd. */
  readonly init: string
  readonly script: string
  readonly boards: readonly Board[]
  readonly epoch: number
  readonly slotBytes: number
}

/**
 * Makes the one file a slot is: what U-Boot reads (start script, device trees, initramfs, kernel), the root as a squashfs,
 * and its dm-verity tree. The start script holds the root hash.
 */
export function makeSlot(inputs: SlotInputs, target: string): { readonly rootHash: string } {
  const root = join(inputs.folder, "root.squashfs")
  makeSquashfs(inputs.stage, root, inputs.epoch)
  const verity = makeVerity(root)
  const at = (name: string) => join(inputs.folder, name)
  const images = bootImages({
    ...inputs,
    script: readFileSync(inputs.script, "utf8"),
    trees: inputs.boards.map((board) => readFileSync(at(treeFile(board)))),
    initramfs: withInit(readFileSync(at("initrd.img")), readFileSync(inputs.init)),
    kernel: readFileSync(at("vmlinuz")),
    verity: (before) => [before, verity.blocks, verity.rootHash, verity.salt].join(","),
  })
  const bytes = concatenate([images, readFileSync(root), readFileSync(verity.tree)], target)
  if (bytes > inputs.slotBytes) throw new BuildError(`a slot of ${bytes} bytes does not fit; raise disk.slotMiB`)
  return verity
}

function makeSquashfs(stage: string, target: string, epoch: number): void {
  const time = String(epoch)
  const compression = ["-comp", "zstd", "-Xcompression-level", "6", "-b", "128K"]
  const times = ["-mkfs-time", time, "-all-time", time]
  run("mksquashfs", [
    stage,
    target,
    "-noappend",
    "-no-progress",
    "-quiet",
    "-processors",
    "2",
    ...compression,
    ...times,
  ])
}

/** The tree of hashes over a squashfs, in a file beside it, without a header: all of it is in the start script. */
function makeVerity(root: string): { rootHash: string; salt: string; blocks: number; tree: string } {
  truncateSync(root, Math.ceil(statSync(root).size / BLOCK) * BLOCK)
  const salt = createHash("sha256").update(readFileSync(root)).digest("hex")
  const tree = `${root}.verity`
  writeFileSync(tree, "")
  const sizes = [`--data-block-size=${BLOCK}`, `--hash-block-size=${BLOCK}`]
  const said = run("veritysetup", ["format", "--no-superblock", `--salt=${salt}`, ...sizes, root, tree])
  const rootHash = /^Root hash:\s*([0-9a-f]{64})$/m.exec(said)?.[1]
  if (rootHash === undefined) throw new BuildError(`veritysetup told no root hash:\n${said}`)
  return { rootHash, salt, blocks: statSync(root).size / BLOCK, tree }
}

/** Our /init, behind what initramfs-tools made: there it replaces the other one. */
export function withInit(initramfs: Buffer, init: Buffer): Buffer {
  return Buffer.concat([padded(initramfs), cpio([program("init", init)])])
}

function concatenate(parts: readonly Buffer[], target: string): number {
  writeFileSync(target, "")
  for (const part of parts) writeFileSync(target, part, { flag: "a" })
  const descriptor = openSync(target, "r")
  fsyncSync(descriptor)
  closeSync(descriptor)
  return statSync(target).size
}
