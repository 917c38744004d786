import { linkSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Signing } from "./keys.ts"
import { run } from "./run.ts"

export interface BundleInputs {
  readonly compatible: string
  readonly version: string
  /** One line for the person who decides about the update. */
  readonly notes: string
  readonly slot: string
  readonly scratch: string
}

/** Signs a slot into a bundle that RAUC installs: the slot and its manifest under dm-verity, and a CMS signature. */
export function makeBundle(inputs: BundleInputs, signing: Signing, target: string): void {
  const folder = join(inputs.scratch, "bundle")
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  linkSync(inputs.slot, join(folder, "slot.img"))
  writeFileSync(join(folder, "manifest.raucm"), manifest(inputs))
  rmSync(target, { force: true })
  const signer = [`--cert=${signing.certificate}`, `--key=${signing.key}`, `--keyring=${signing.keyring}`]
  // the slot is compressed already, but for its kernel
  const compression = "--mksquashfs-args=-comp zstd -Xcompression-level 3 -processors 2"
  run("rauc", ["bundle", ...signer, compression, folder, target])
  rmSync(folder, { recursive: true })
}

function manifest({ compatible, version, notes }: BundleInputs): string {
  const update = ["[update]", `compatible=${compatible}`, `version=${version}`, `description=${oneLine(notes)}`]
  return [...update, "", "[bundle]", "format=verity", "", "[image.system]", "filename=slot.img", ""].join("\n")
}

/** A line feed would begin another key of the manifest. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim()
}
