import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import type { Meta } from "./meta.ts"
import { run } from "./run.ts"

/** The packages' files keep the times of their packages; what is made meanwhile gets this one: 2026-01-01. */
const EPOCH = "1767225600"
const COMPONENTS = ["main", "non-free-firmware"]
/** Where the root holds the packages that are unpacked and not installed. */
export const FIRMWARE_FOLDER = "firmware-packages"

export interface RootInputs {
  readonly meta: Meta
  /** image/rootfs. */
  readonly rootfs: string
  /** Lines of sources.list. */
  readonly sources: readonly string[]
  readonly cache: string
}

export { COMPONENTS }

/**
 * The Debian part of a slot as one tar file: made by mmdebstrap under emulation, which takes a while, and kept under
 * the hash of everything that goes into it but the state of the archive. `fresh` makes it anew all the same.
 */
export function rootTar(inputs: RootInputs, fresh: boolean): string {
  mkdirSync(inputs.cache, { recursive: true })
  const path = join(inputs.cache, `root-${inputHash(inputs)}.tar`)
  if (existsSync(path) && !fresh) return path
  const partial = `${path}.partial`
  rmSync(partial, { force: true })
  run("mmdebstrap", mmdebstrapArguments(inputs, partial), { env: { SOURCE_DATE_EPOCH: EPOCH, TZ: "UTC" }, shown: true })
  renameSync(partial, path)
  return path
}

function mmdebstrapArguments({ meta, rootfs, sources }: RootInputs, path: string): string[] {
  const initramfs = join(rootfs, "etc/initramfs-tools")
  const dpkg = [
    ...meta.excludedPaths.map((pattern) => `path-exclude=${pattern}`),
    ...meta.includedPaths.map((pattern) => `path-include=${pattern}`),
    ...meta.excludedModules.map((folder) => `path-exclude=/usr/lib/modules/*/kernel/${folder}/*`),
  ]
  return [
    `--architectures=${meta.architecture}`,
    "--variant=apt",
    "--mode=root",
    "--format=tar",
    `--components=${COMPONENTS.join(",")}`,
    `--include=${meta.packages.join(",")}`,
    '--aptopt=APT::Install-Recommends "false"',
    ...dpkg.map((option) => `--dpkgopt=${option}`),
    // the initramfs is made while the kernel is installed, by these rules
    `--essential-hook=copy-in ${initramfs} /etc`,
    `--customize-hook=mkdir "$1/${FIRMWARE_FOLDER}"`,
    `--customize-hook=cd "$1/${FIRMWARE_FOLDER}" && APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get download ${meta.firmware.join(" ")}`,
    meta.suite,
    path,
    ...sources,
  ]
}

function inputHash({ meta, rootfs }: RootInputs): string {
  const { suite, architecture, packages, firmware, excludedPaths, includedPaths, excludedModules } = meta
  const hash = createHash("sha256")
  hash.update(
    JSON.stringify({ suite, architecture, packages, firmware, excludedPaths, includedPaths, excludedModules, EPOCH }),
  )
  const folder = join(rootfs, "etc/initramfs-tools")
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
    const path = join(folder, name)
    if (statSync(path).isFile()) hash.update(`\0${name}\0`).update(readFileSync(path))
  }
  return hash.digest("hex").slice(0, 16)
}
