import { appendFileSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { treeFile } from "./boot-images.ts"
import type { Board } from "./meta.ts"
import { FIRMWARE_FOLDER } from "./root-tar.ts"
import { run } from "./run.ts"

export interface StageInputs {
  /** Made by `rootTar`. */
  readonly tar: string
  /** image/rootfs. */
  readonly rootfs: string
  readonly version: string
  /** PEM of the certificates whose bundles the box installs. */
  readonly keyring: string
  /** Seconds since 1970 of what the image is made from. */
  readonly epoch: number
}

/**
 * Unpacks the Debian part into `stage` and lays image/rootfs over it: one file there is one file on the box. What the
 * service is made of is laid in between by `layApp`.
 */
export function layRoot(inputs: StageInputs, stage: string): void {
  rmSync(stage, { recursive: true, force: true })
  mkdirSync(stage, { recursive: true })
  run("tar", ["-C", stage, "--numeric-owner", "-xpf", inputs.tar, "--exclude=./dev/*"])
  run("cp", ["-a", "--no-preserve=ownership", `${inputs.rootfs}/.`, stage])
  writeFileSync(join(stage, "etc/rauc/keyring.pem"), inputs.keyring)
  const release = join(stage, "usr/lib/os-release")
  appendFileSync(release, `IMAGE_ID=gatehouse\nIMAGE_VERSION=${inputs.version}\n`)
}

/** Users, enabled units and mount points; then everything goes that no box needs or that differs between builds. */
export function finishRoot(stage: string, neverStarted: readonly string[], epoch: number): void {
  const env = { SOURCE_DATE_EPOCH: String(epoch), TZ: "UTC" }
  run("systemd-sysusers", [`--root=${stage}`], { env })
  run("systemctl", [`--root=${stage}`, "preset-all", "--preset-mode=full"], { env })
  run("systemctl", [`--root=${stage}`, "set-default", "multi-user.target"], { env })
  mask(stage, neverStarted)
  for (const path of LEFT_BEHIND) rmSync(join(stage, path), { recursive: true, force: true })
  for (const path of EMPTIED) empty(join(stage, path))
  for (const path of ["etc/machine-id", "etc/hostname", "etc/fstab"]) writeFileSync(join(stage, path), "")
  symlinkSync("../run/systemd/resolve/stub-resolv.conf", join(stage, "etc/resolv.conf"))
}

/** As systemd.unit(5) and systemd.generator(7) want it. */
function mask(stage: string, names: readonly string[]): void {
  for (const name of names) {
    const folder = join(stage, "etc/systemd", name.endsWith("-generator") ? "system-generators" : "system")
    mkdirSync(folder, { recursive: true })
    symlinkSync("/dev/null", join(folder, name))
  }
}

/** /var is the data partition: what lies there in the root is never seen, so neither apt nor dpkg works on the box. */
const EMPTIED = ["var", "boot", "run", "tmp", "dev"]
const LEFT_BEHIND = [
  FIRMWARE_FOLDER,
  "etc/resolv.conf",
  "etc/apt",
  "etc/.pwd.lock",
  "etc/passwd-",
  "etc/group-",
  "etc/shadow-",
  "etc/gshadow-",
  "etc/initramfs-tools",
  "etc/ld.so.cache~",
  "usr/lib/apt",
  "initrd.img",
  "initrd.img.old",
  "vmlinuz",
  "vmlinuz.old",
]

function empty(folder: string): void {
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true })
}

/** Kernel, initramfs and device trees of the Debian part, copied to `target` as they go into the slot. */
export function takeKernel(stage: string, target: string, boards: readonly Board[]): void {
  const only = (folder: string, start: string) => {
    const name = readdirSync(join(stage, folder)).find((entry) => entry.startsWith(start))
    if (name === undefined) throw new Error(`the root has no ${folder}/${start}*`)
    return join(stage, folder, name)
  }
  mkdirSync(target, { recursive: true })
  cpSync(only("boot", "vmlinuz-"), join(target, "vmlinuz"))
  cpSync(only("boot", "initrd.img-"), join(target, "initrd.img"))
  const trees = only("usr/lib", "linux-image-")
  for (const board of boards) cpSync(join(trees, board.deviceTree), join(target, treeFile(board)))
  rmSync(trees, { recursive: true })
}

/** Unpacks the packages that hold the Pi's firmware and U-Boot into `target`. */
export function unpackFirmware(stage: string, target: string): void {
  mkdirSync(target, { recursive: true })
  const packages = join(stage, FIRMWARE_FOLDER)
  for (const name of readdirSync(packages)) run("dpkg-deb", ["--extract", join(packages, name), target])
}
