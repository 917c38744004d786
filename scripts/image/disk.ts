import {
  closeSync,
  copyFileSync,
  createReadStream,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs"
import { join } from "node:path"
import { treeFile } from "./boot-images.ts"
import type { Meta } from "./meta.ts"
import { run } from "./run.ts"
import { uBootImage } from "./u-boot-image.ts"

const MEBIBYTE = 1024 * 1024
const SECTOR = 512
/** Of the image; the first start gives the card one of its own. "gate" in ASCII. */
const DISK_ID = "0x67617465"
/** Before it lie the partition table and, at 1 and 2 MiB, the two copies of the boot state. */
const FIRST_MIB = 4

export interface Partition {
  readonly number: 1 | 2 | 3 | 4
  /** In bytes from the start of the disk. */
  readonly start: number
  readonly size: number
}

/** Boot, slot A, slot B, data: four primary partitions in the table the Pi's firmware wants. */
export function partitions({
  bootMiB,
  slotMiB,
  dataMiB,
}: Meta["disk"]): Record<"boot" | "a" | "b" | "data", Partition> {
  const at = (number: Partition["number"], startMiB: number, sizeMiB: number): Partition => ({
    number,
    start: startMiB * MEBIBYTE,
    size: sizeMiB * MEBIBYTE,
  })
  const a = FIRST_MIB + bootMiB
  return {
    boot: at(1, FIRST_MIB, bootMiB),
    a: at(2, a, slotMiB),
    b: at(3, a + slotMiB, slotMiB),
    data: at(4, a + 2 * slotMiB, dataMiB),
  }
}

export interface DiskInputs {
  readonly disk: Meta["disk"]
  /** Everything in it goes onto the boot partition. */
  readonly bootFolder: string
  readonly slot: string
  readonly scratch: string
  readonly epoch: number
}

/** Writes the image of a fresh card: slot A filled, slot B empty, no data. */
export async function makeDisk(inputs: DiskInputs, target: string): Promise<void> {
  const layout = partitions(inputs.disk)
  rmSync(target, { force: true })
  writeFileSync(target, "")
  truncateSync(target, layout.data.start + layout.data.size)
  run("sfdisk", ["--quiet", target], { input: table(layout) })
  await copyInto(target, makeBoot(inputs, layout.boot.size), layout.boot.start)
  await copyInto(target, inputs.slot, layout.a.start)
  await copyInto(target, makeData(inputs, layout.data.size), layout.data.start)
}

function table(layout: ReturnType<typeof partitions>): string {
  const lines = Object.values(layout).map(({ number, start, size }) => {
    const type = number === 1 ? "type=c, bootable" : "type=83"
    return `${number} : start=${start / SECTOR}, size=${size / SECTOR}, ${type}`
  })
  return ["label: dos", `label-id: ${DISK_ID}`, "unit: sectors", ...lines, ""].join("\n")
}

function makeBoot({ bootFolder, scratch, epoch }: DiskInputs, size: number): string {
  const path = emptyFile(join(scratch, "boot.fat"), size)
  run("mkfs.vfat", ["--invariant", "-F", "32", "-s", "1", "-i", "67617465", "-n", "GATEHOUSE", path])
  const names = readdirSync(bootFolder).sort()
  for (const name of readdirSync(bootFolder, { recursive: true, encoding: "utf8" })) {
    utimesSync(join(bootFolder, name), epoch, epoch)
  }
  const env = { TZ: "UTC", SOURCE_DATE_EPOCH: String(epoch), MTOOLS_SKIP_CHECK: "1" }
  run("mcopy", ["-s", "-m", "-i", path, ...names, "::"], { cwd: bootFolder, env })
  return path
}

function makeData({ scratch, epoch }: DiskInputs, size: number): string {
  const path = emptyFile(join(scratch, "data.ext4"), size)
  const content = join(scratch, "data")
  rmSync(content, { recursive: true, force: true })
  mkdirSync(content)
  utimesSync(content, epoch, epoch)
  // of a card, not of the 192 MiB it has here: mkfs would take blocks of 1 KiB
  const sizes = ["-b", "4096", "-i", "16384"]
  const fixed = ["-U", "67617465-da7a-4000-8000-000000000001", "-E"]
  const options = "hash_seed=67617465-da7a-4000-8000-000000000002,root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0"
  const env = { E2FSPROGS_FAKE_TIME: String(epoch) }
  run("mkfs.ext4", ["-q", "-F", "-L", "gatehouse-data", ...sizes, ...fixed, options, "-d", content, path], { env })
  return path
}

function emptyFile(path: string, size: number): string {
  rmSync(path, { force: true })
  writeFileSync(path, "")
  truncateSync(path, size)
  return path
}

/** Copies `source` to a place in `target`; what is empty stays a hole. */
async function copyInto(target: string, source: string, start: number): Promise<void> {
  const descriptor = openSync(target, "r+")
  let position = start
  for await (const chunk of createReadStream(source, { highWaterMark: MEBIBYTE })) {
    if (!(chunk as Buffer).every((byte) => byte === 0))
      writeSync(descriptor, chunk as Buffer, 0, chunk.length, position)
    position += chunk.length
  }
  closeSync(descriptor)
}

export interface BootInputs {
  /** The packages of `meta.firmware`, unpacked. */
  readonly firmware: string
  /** image/boot. */
  readonly sources: string
  /** Holds the device trees, which the Pi's firmware hands to U-Boot. */
  readonly kernelFolder: string
  readonly meta: Meta
  readonly epoch: number
}

/** Fills `folder` with what the boot partition holds: the Pi's firmware, U-Boot and its script. */
export function layBoot({ firmware, sources, kernelFolder, meta, epoch }: BootInputs, folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const pi = join(firmware, "usr/lib/raspi-firmware")
  for (const name of readdirSync(pi).filter((file) => /^(bootcode\.bin|fixup.*\.dat|start.*\.elf)$/.test(file))) {
    copyFileSync(join(pi, name), join(folder, name))
  }
  copyFileSync(join(firmware, "usr/lib/u-boot/rpi_arm64/u-boot.bin"), join(folder, "u-boot.bin"))
  copyFileSync(join(sources, "config.txt"), join(folder, "config.txt"))
  for (const board of meta.boards) {
    const name = treeFile(board)
    copyFileSync(join(kernelFolder, name), join(folder, name))
    closePrompt(join(folder, name))
  }
  const content = readFileSync(join(sources, "boot.cmd"))
  writeFileSync(join(folder, "boot.scr"), uBootImage({ type: "script", content, epoch }))
}

const MINUS_TWO = "fffffffe"

/**
 * U-Boot takes its settings from the device tree the firmware hands it (doc/device-tree-bindings/config.txt): with a delay
 * of -2 no key press on the serial console stops it.
 */
function closePrompt(tree: string): void {
  run("fdtput", ["--auto-path", "--type", "x", tree, "/config", "bootdelay", MINUS_TWO])
}

/** The size of a file in whole mebibytes, for people. */
export function mebibytes(path: string): number {
  return Math.round(statSync(path).size / MEBIBYTE)
}
