import type { Board } from "./meta.ts"
import { BuildError } from "./run.ts"
import { contentAt, uBootImage } from "./u-boot-image.ts"

const BLOCK = 4096
const SECTOR = 512
/** Of the start script at the start of a slot: what boot.cmd reads before it knows anything else. */
export const START_BYTES = 8192
/** Where U-Boot on the Pi keeps device trees (fdt_addr_r of its board/raspberrypi/rpi/rpi.env). */
const TREE_ADDRESS = 0x02600000

export interface BootParts {
  /** image/boot/slot.cmd, with its @NAMES@ to be filled in. */
  readonly script: string
  readonly boards: readonly Board[]
  /** One for each board. */
  readonly trees: readonly Buffer[]
  readonly initramfs: Buffer
  readonly kernel: Buffer
  readonly epoch: number
  /** What /init needs to open the root, told how many bytes lie before it. */
  readonly verity: (before: number) => string
}

/**
 * What U-Boot reads of a slot, one behind the other: start script, device trees, initramfs and kernel. The kernel is last,
 * as U-Boot moves it to the next 2 MiB boundary, over whatever lies behind it. A multiple of 4 KiB.
 */
export function bootImages(parts: BootParts): Buffer {
  const { boards, trees, initramfs, kernel, epoch } = parts
  const images = [
    ...trees.map((content) => uBootImage({ type: "flat-dt", content, epoch, address: TREE_ADDRESS })),
    uBootImage({ type: "ramdisk", content: initramfs, epoch }),
    uBootImage({ type: "kernel-noload", content: kernel, epoch }),
  ]
  const places: number[] = []
  let bytes = START_BYTES
  for (const image of images) {
    places.push(bytes)
    bytes += wholeBlocks(image.length)
  }
  const names = {
    VERITY: parts.verity(bytes),
    SECTORS: hex(bytes / SECTOR),
    INITRAMFS: hex(places.at(-2)!),
    KERNEL: hex(places.at(-1)!),
    BOARDS: boards.map((board, index) => treeChoice(board, places[index]!)).join("\n"),
  }
  const text = parts.script.replace(/@([A-Z]+)@/g, (_, name: string) => names[name as keyof typeof names])
  const start = uBootImage({ type: "script", content: Buffer.from(text), epoch })
  if (start.length > START_BYTES) throw new BuildError(`the start script takes ${start.length} of ${START_BYTES} bytes`)
  const made = Buffer.alloc(bytes)
  for (const [index, image] of [start, ...images].entries()) image.copy(made, [0, ...places][index])
  return made
}

/** The contents of what `bootImages` has made, in its order: views of it. */
export function contentsOf(images: Buffer): Buffer[] {
  const contents = [contentAt(images, 0)]
  for (let at = START_BYTES; at < images.length; ) {
    const content = contentAt(images, at)
    contents.push(content)
    at = wholeBlocks(content.byteOffset - images.byteOffset + content.length)
  }
  return contents
}

export function treeFile({ deviceTree }: Board): string {
  return deviceTree.split("/").at(-1)!
}

function treeChoice({ deviceTree, bootLoaderName = deviceTree }: Board, place: number): string {
  return `  if test "\${fdtfile}" = "${bootLoaderName}"; then setexpr tree \${part_addr} + ${hex(place)}; fi`
}

function wholeBlocks(bytes: number): number {
  return Math.ceil(bytes / BLOCK) * BLOCK
}

/** U-Boot reads every number as hexadecimal. */
function hex(value: number): string {
  return value.toString(16)
}
