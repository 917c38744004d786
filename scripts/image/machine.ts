import { spawnSync } from "node:child_process"
import { accessSync, constants, existsSync, readdirSync, readFileSync } from "node:fs"
import { BuildError, run } from "./run.ts"

/** A Debian package the build machine needs, and a program that proves it is there. */
export type Need = readonly [packageName: string, program: string]

export const BUILD_NEEDS: readonly Need[] = [
  ["mmdebstrap", "mmdebstrap"],
  ["qemu-user-static", "qemu-aarch64-static"],
  ["binfmt-support", "update-binfmts"],
  ["arch-test", "arch-test"],
  ["squashfs-tools", "mksquashfs"],
  ["mtools", "mcopy"],
  ["dosfstools", "mkfs.vfat"],
  ["e2fsprogs", "mkfs.ext4"],
  ["fdisk", "sfdisk"],
  ["cryptsetup-bin", "veritysetup"],
  ["device-tree-compiler", "fdtput"],
  ["rauc", "rauc"],
  ["openssl", "openssl"],
  ["systemd", "systemctl"],
  ["zstd", "zstd"],
]

export const TEST_NEEDS: readonly Need[] = [
  ["qemu-system-arm", "qemu-system-aarch64"],
  ["qemu-utils", "qemu-img"],
  ["e2fsprogs", "debugfs"],
  ["mtools", "mcopy"],
  ["squashfs-tools", "unsquashfs"],
  ["rauc", "rauc"],
  ["openssl", "openssl"],
]

const SBIN = ["/usr/sbin", "/sbin"]

function isRunnable(program: string): boolean {
  return [...(process.env.PATH ?? "").split(":"), ...SBIN].some((folder) => {
    try {
      accessSync(`${folder}/${program}`, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** Installs what is missing when run as root; otherwise throws `BuildError` with the command to run. */
export function provide(needs: readonly Need[]): void {
  process.env.PATH = [process.env.PATH, ...SBIN].join(":")
  const missing = needs.filter(([, program]) => !isRunnable(program)).map(([name]) => name)
  if (missing.length === 0) return
  const args = ["install", "--yes", "--no-install-recommends", ...new Set(missing)]
  if (!isRoot()) throw new BuildError(`Debian packages are missing. Run as root: apt-get ${args.join(" ")}`)
  const env = { DEBIAN_FRONTEND: "noninteractive" }
  if (!hasPackageLists()) run("apt-get", ["update"], { env, shown: true })
  run("apt-get", args, { env, shown: true })
}

export function assertRoot(): void {
  if (!isRoot()) throw new BuildError("building the image needs root, for the owners of files: sudo npm run image")
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}

function hasPackageLists(): boolean {
  return (
    existsSync("/var/lib/apt/lists") && readdirSync("/var/lib/apt/lists").some((name) => name.includes("_Packages"))
  )
}

const BINFMT = "/proc/sys/fs/binfmt_misc"

/** Lets this machine run arm64 programs. Where systemd is not PID 1 nobody has registered the emulator yet. */
export function provideEmulation(): void {
  if (canRunArm64()) return
  if (!existsSync(`${BINFMT}/register`)) run("mount", ["-t", "binfmt_misc", "binfmt_misc", BINFMT])
  run("update-binfmts", ["--enable", "qemu-aarch64"])
  if (canRunArm64()) return
  throw new BuildError("this machine does not run arm64 programs; check: update-binfmts --display qemu-aarch64")
}

function canRunArm64(): boolean {
  return spawnSync("arch-test", ["arm64"], { stdio: "ignore" }).status === 0
}

/** The code name of this machine's Debian release, such as `bookworm`. */
export function codename(): string {
  const name = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1]
  if (name === undefined) throw new BuildError("/etc/os-release names no release of Debian; name --sources FILE")
  return name
}
