import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { closeSync, openSync, readFileSync, writeSync } from "node:fs"
import { join } from "node:path"
import { contentsOf } from "../../scripts/image/boot-images.ts"
import { run } from "../../scripts/image/run.ts"
import { built, LAYOUT, REPOSITORY, scratch } from "./appliance.ts"
import { bootImagesOf } from "./variant.ts"

const BOOT_STATE = join(REPOSITORY, "image/rootfs/usr/lib/gatehouse/boot-state")
const MEBIBYTE = 1 << 20

/** A card with the image in slot A and the update in slot B, as a plain file that can be written to. */
export function cardWithBoth(name: string): { readonly folder: string; readonly card: string } {
  const folder = scratch(name)
  const card = join(folder, "card.img")
  run("cp", ["--sparse=always", built("base", "img"), card])
  write(card, LAYOUT.b.start, readFileSync(built("update", "slot")))
  return { folder, card }
}

export function write(card: string, at: number, bytes: Uint8Array): void {
  const file = openSync(card, "r+")
  writeSync(file, bytes, 0, bytes.length, at)
  closeSync(file)
}

/** What U-Boot reads of a slot, by its place among `contentsOf`. */
export const PARTS = { script: 0, initramfs: -2, kernel: -1 } as const

/** Changes one bit in the middle of a part of slot B, which holds the update. */
export function damageSlotB(card: string, part: keyof typeof PARTS): void {
  const images = bootImagesOf(built("update", "slot"))
  const content = contentsOf(images).at(PARTS[part])!
  const position = Math.floor(content.length / 2)
  const at = LAYOUT.b.start + content.byteOffset - images.byteOffset + position
  write(card, at, Buffer.from([content[position]! ^ 1]))
}

/** Runs what Linux changes the boot state with. */
export function bootState(card: string, ...args: string[]): string {
  const env = { ...process.env, GATEHOUSE_DISK: card }
  const { status, stdout, stderr } = spawnSync("sh", [BOOT_STATE, ...args], { encoding: "utf8", env })
  assert.equal(status, 0, stderr)
  return stdout
}

/** Leaves the first 20 bytes of what a change of the boot state writes. */
export function halfWritten(card: string, ...args: string[]): void {
  const before = readFileSync(card).subarray(0, 4 * MEBIBYTE)
  bootState(card, ...args)
  const after = readFileSync(card).subarray(0, 4 * MEBIBYTE)
  for (const at of [MEBIBYTE, 2 * MEBIBYTE]) {
    if (after.subarray(at, at + 4096).equals(before.subarray(at, at + 4096))) continue
    write(card, at, Buffer.concat([after.subarray(at, at + 20), before.subarray(at + 20, at + 4096)]))
  }
}
