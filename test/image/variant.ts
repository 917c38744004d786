import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { cpio, padded, program } from "../../scripts/image/cpio.ts"
import type { Board } from "../../scripts/image/meta.ts"
import { run } from "../../scripts/image/run.ts"
import { makeFit } from "../../scripts/image/slot.ts"

export interface VariantInputs {
  /** A whole slot, as the build makes it. */
  readonly slot: string
  /** Replaces /init of its initramfs. */
  readonly init: string
  readonly script: string
  readonly boards: readonly Board[]
  /** Empty, for scratch. */
  readonly folder: string
}

/**
 * A slot that differs from a good one in its /init only: signed by us, whole, and broken. Its root stays the same, so it
 * is made in seconds.
 */
export function makeVariant({ slot, init, script, boards, folder }: VariantInputs, target: string): void {
  const whole = readFileSync(slot)
  const fitBytes = Math.ceil(whole.readUInt32BE(4) / 4096) * 4096
  const at = (name: string) => join(folder, name)
  writeFileSync(at("old.fit"), whole.subarray(0, fitBytes))
  const trees = boards.map(({ deviceTree }) => deviceTree.split("/").at(-1)!)
  const parts = ["start.old", ...trees, "initrd.img", "vmlinuz"]
  for (const [position, name] of parts.entries()) {
    run("dumpimage", ["-T", "flat_dt", "-p", String(position), "-o", at(name), at("old.fit")])
  }
  const own = cpio([program("init", Buffer.from(init))])
  writeFileSync(at("initramfs.img"), Buffer.concat([padded(readFileSync(at("initrd.img"))), own]))
  const [, verity] = /gatehouse\.verity=\d+,([0-9a-f,]+)/.exec(readFileSync(at("start.old"), "latin1")) ?? []
  const fit = makeFit({ folder, script, boards, epoch: 0, verity: (bytes) => `${bytes},${verity}` })
  writeFileSync(target, Buffer.concat([readFileSync(fit), whole.subarray(fitBytes)]))
}
