import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { sha256, writeChecksums } from "../release/signature.ts"
import { layApp } from "./app.ts"
import { aptSources } from "./apt-sources.ts"
import { makeBundle } from "./bundle.ts"
import { layBoot, makeDisk, mebibytes } from "./disk.ts"
import { developmentKeys, keyringText, type Signing } from "./keys.ts"
import { assertRoot, BUILD_NEEDS, codename, provide, provideEmulation } from "./machine.ts"
import { loadMeta, type Meta } from "./meta.ts"
import { COMPONENTS, FIRMWARE_FOLDER, rootTar } from "./root-tar.ts"
import { BuildError, step } from "./run.ts"
import { sbom } from "./sbom.ts"
import { makeSlot } from "./slot.ts"
import { finishRoot, layRoot, takeKernel, unpackFirmware } from "./stage.ts"

export interface Request {
  readonly repository: string
  readonly version: string
  readonly notes: string
  readonly out: string
  /** A file with lines of sources.list, where those of this machine's apt will not do. */
  readonly sources?: string
  /** Development keys where none is named. */
  readonly signing?: Signing
  readonly epoch: number
  /** Builds a second time and compares. */
  readonly twice: boolean
  /** Asks Debian for its newest packages instead of taking the root made before. */
  readonly fresh: boolean
}

/** Where one build is at home. */
interface Site {
  readonly request: Request
  readonly meta: Meta
  readonly signing: Signing
  readonly tar: string
  /** Kept between builds, and thrown away by `rm -r dist`. */
  readonly cache: string
  readonly image: string
}

/** Builds everything into `request.out`. Throws `BuildError` in words. */
export async function buildImage(request: Request): Promise<void> {
  const image = join(request.repository, "image")
  const meta = loadMeta(join(image, "image.json"))
  assertRoot()
  provide(BUILD_NEEDS)
  provideEmulation()
  const signing = request.signing ?? developmentKeys(join(image, "keys"))
  const cache = join(request.repository, "dist/cache")
  const sources = sourcesOf(request, meta)
  const inputs = { meta, rootfs: join(image, "rootfs"), sources, cache }
  const tar = await step("Debian packages", () => rootTar(inputs, request.fresh))
  const site = { request, meta, signing, tar, cache, image }
  const names = await buildOnce(site, request.out)
  if (request.twice) await compare(site, names)
  console.log(`\n${request.out}:`)
  for (const name of readdirSync(request.out).sort())
    console.log(`  ${name}  ${mebibytes(join(request.out, name))} MiB`)
  if (request.signing === undefined) console.log("\nSigned with development keys (image/keys): not for a plant.")
}

function sourcesOf({ sources }: Request, meta: Meta): string[] {
  if (sources === undefined) return aptSources("/etc/apt", codename(), meta.suite, COMPONENTS)
  return readFileSync(sources, "utf8")
    .split("\n")
    .filter((line) => line.startsWith("deb "))
}

/** Answers the names of what must come out the same each time; a signature holds its time and cannot. */
async function buildOnce(site: Site, out: string): Promise<string[]> {
  const { request, meta, image } = site
  const work = `${out}.work`
  rmSync(work, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  const stage = join(work, "stage")
  const kernel = join(work, "kernel")
  const firmware = join(work, "firmware")
  const name = `${meta.name}-${request.version}-${meta.architecture}`
  const path = (ending: string) => join(out, `${name}.${ending}`)

  await step("root", () => layStage(site, stage, { kernel, firmware, sbom: path("sbom.cdx.json") }))
  const slot = path("slot")
  const boot = join(work, "boot")
  await step("slot", () => {
    const slotBytes = meta.disk.slotMiB * 1024 * 1024
    const [init, script] = [join(image, "initramfs/init"), join(image, "boot/slot.cmd")]
    makeSlot({ folder: kernel, stage, init, script, boards: meta.boards, epoch: request.epoch, slotBytes }, slot)
  })
  await step("card", async () => {
    layBoot({ firmware, sources: join(image, "boot"), kernelFolder: kernel, meta, epoch: request.epoch }, boot)
    writeFileSync(path("u-boot-qemu.bin"), readFileSync(join(firmware, "usr/lib/u-boot/qemu_arm64/u-boot.bin")))
    const inputs = { disk: meta.disk, bootFolder: boot, slot, scratch: work, epoch: request.epoch }
    await makeDisk(inputs, path("img"))
  })
  await step("bundle", () => {
    const inputs = { compatible: meta.compatible, version: request.version, notes: request.notes, slot, scratch: work }
    makeBundle(inputs, site.signing, path("raucb"))
  })
  rmSync(work, { recursive: true })
  const same = ["img", "slot", "sbom.cdx.json", "u-boot-qemu.bin"].map((ending) => `${name}.${ending}`)
  await step("checksums", () => writeChecksums(out, [...same, `${name}.raucb`], `${name}.SHA256SUMS`))
  return same
}

interface Aside {
  readonly kernel: string
  readonly firmware: string
  readonly sbom: string
}

/** The root as it goes into the squashfs; kernel, firmware and SBOM are put aside. */
function layStage({ request, meta, signing, tar, cache, image }: Site, stage: string, aside: Aside): void {
  const { version, epoch, repository } = request
  layRoot({ tar, rootfs: join(image, "rootfs"), version, keyring: keyringText(signing), epoch }, stage)
  layApp({ repository, cache, version, cpu: "arm64" }, join(stage, "usr/lib/gatehouse"))
  const document = sbom({
    version,
    dpkgStatus: join(stage, "var/lib/dpkg/status"),
    firmware: readdirSync(join(stage, FIRMWARE_FOLDER)),
    lockfile: join(repository, "package-lock.json"),
    suite: meta.suite,
    epoch,
  })
  writeFileSync(aside.sbom, document)
  mkdirSync(join(stage, "usr/share/gatehouse"), { recursive: true })
  writeFileSync(join(stage, "usr/share/gatehouse/sbom.cdx.json"), document)
  unpackFirmware(stage, aside.firmware)
  takeKernel(stage, aside.kernel, meta.boards)
  finishRoot(stage, meta.neverStarted, epoch)
}

async function compare(site: Site, names: readonly string[]): Promise<void> {
  const again = `${site.request.out}.again`
  console.log("\nonce more, to compare")
  await buildOnce(site, again)
  for (const name of names) {
    const [first, second] = await Promise.all([site.request.out, again].map((folder) => sha256(join(folder, name))))
    if (first !== second) throw new BuildError(`${name} came out differently the second time; both are kept`)
    console.log(`same  ${first}  ${name}`)
  }
  rmSync(again, { recursive: true })
}
