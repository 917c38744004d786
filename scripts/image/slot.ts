import { createHash } from "node:crypto"
import { closeSync, fsyncSync, openSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { cpio, padded, program } from "./cpio.ts"
import { type FitParts, fitSource } from "./fit.ts"
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
 * Makes the one file a slot is: a FIT (start script, initramfs, device trees, kernel), the root as a squashfs, and its
 * dm-verity tree. The script in the FIT holds the root hash, so whoever trusts the FIT trusts the whole slot.
 */
export function makeSlot(inputs: SlotInputs, target: string): { readonly rootHash: string } {
  const root = join(inputs.folder, "root.squashfs")
  makeSquashfs(inputs.stage, root, inputs.epoch)
  const verity = makeVerity(root)
  addInit(inputs)
  const fit = makeFit({
    ...inputs,
    script: readFileSync(inputs.script, "utf8"),
    verity: (fitBytes) => [fitBytes, verity.blocks, verity.rootHash, verity.salt].join(","),
  })
  const bytes = concatenate([fit, root, verity.tree], target)
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
function addInit({ folder, init }: SlotInputs): void {
  const own = cpio([program("init", readFileSync(init))])
  writeFileSync(join(folder, "initramfs.img"), Buffer.concat([padded(readFileSync(join(folder, "initrd.img"))), own]))
}

export interface FitInputs {
  /** Holds what the FIT is made of; works as a scratch folder. */
  readonly folder: string
  /** The start script, with @VERITY@ and @BOARDS@ to be filled in. */
  readonly script: string
  readonly boards: readonly Board[]
  readonly epoch: number
  /** What /init needs to open the root, told the size of the FIT. */
  readonly verity: (fitBytes: string) => string
}

/** The script names the size of the FIT it lies in: built once to learn it, and again with it. */
export function makeFit({ folder, script, boards, epoch, verity }: FitInputs): string {
  const parts: FitParts = { kernel: "vmlinuz", initramfs: "initramfs.img", script: "start.scr", boards }
  const target = join(folder, "slot.fit")
  const build = (fitBytes: string): number => {
    writeFileSync(join(folder, "start.scr"), startScript(script, boards, verity(fitBytes)))
    writeFileSync(join(folder, "slot.its"), fitSource(parts))
    run("mkimage", ["-q", "-f", "slot.its", "slot.fit"], { cwd: folder, env: { SOURCE_DATE_EPOCH: String(epoch) } })
    truncateSync(target, Math.ceil(statSync(target).size / BLOCK) * BLOCK)
    return statSync(target).size
  }
  const size = build("0".repeat(8))
  if (build(String(size)) !== size) throw new BuildError("the FIT changed its size between two builds")
  return target
}

function startScript(script: string, boards: readonly Board[], verity: string): string {
  const choices = boards.map(({ deviceTree, bootLoaderName = deviceTree }) => {
    const configuration = deviceTree.split("/").at(-1)!.replace(".dtb", "")
    return `  if test "\${fdtfile}" = "${bootLoaderName}"; then bootm \${part_addr}#${configuration}; fi`
  })
  return script.replace("@VERITY@", verity).replace("@BOARDS@", choices.join("\n"))
}

function concatenate(files: readonly string[], target: string): number {
  writeFileSync(target, "")
  for (const file of files) writeFileSync(target, readFileSync(file), { flag: "a" })
  const descriptor = openSync(target, "r")
  fsyncSync(descriptor)
  closeSync(descriptor)
  return statSync(target).size
}
