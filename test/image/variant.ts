import { readFileSync } from "node:fs"
import { join } from "node:path"
import { bootImages, contentsOf, START_BYTES } from "../../scripts/image/boot-images.ts"
import { withInit } from "../../scripts/image/slot.ts"
import { META, REPOSITORY } from "./appliance.ts"

/** As in every good slot: what a variant differs in is a change to one of them. */
export const INIT = readFileSync(join(REPOSITORY, "image/initramfs/init"), "utf8")
export const SCRIPT = readFileSync(join(REPOSITORY, "image/boot/slot.cmd"), "utf8")

/** A slot that differs from a good one in its /init or its start script only. Its root stays the same: made in seconds. */
export function variantOf(slot: Buffer, init: string, script: string): Buffer {
  const { before, verity } = verityArgument(slot)
  const [, ...contents] = contentsOf(slot.subarray(0, before))
  const [initramfs, kernel] = contents.splice(META.boards.length) as [Buffer, Buffer]
  const images = bootImages({
    script,
    boards: META.boards,
    trees: contents,
    initramfs: withInit(initramfs, Buffer.from(init)),
    kernel,
    epoch: 0,
    verity: (bytes) => `${bytes},${verity}`,
  })
  return Buffer.concat([images, slot.subarray(before)])
}

/** What U-Boot reads of a slot; the root follows. */
export function bootImagesOf(slot: string): Buffer {
  const whole = readFileSync(slot)
  return whole.subarray(0, verityArgument(whole).before)
}

/** What the start script tells /init: how many bytes lie before the root, and how it is verified. */
function verityArgument(slot: Buffer): { before: number; verity: string } {
  const found = /gatehouse\.verity=(\d+),([0-9a-f,]+)/.exec(slot.toString("latin1", 0, START_BYTES))
  if (found === null) throw new Error("the slot's start script names no root")
  return { before: Number(found[1]), verity: found[2]! }
}
