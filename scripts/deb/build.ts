import { chmodSync, copyFileSync, cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { type Cpu, layApp } from "../image/app.ts"
import { run } from "../image/run.ts"
import { CONFFILES, control, debianVersion, POSTINST, POSTRM, PRERM } from "./control.ts"

export interface DebInputs {
  readonly repository: string
  readonly version: string
  readonly architecture: "arm64" | "amd64"
  readonly out: string
  /** Seconds since 1970; makes two packages of the same sources the same. */
  readonly epoch: number
}

const CPU: Readonly<Record<DebInputs["architecture"], Cpu>> = { arm64: "arm64", amd64: "x64" }
/** The same files as on the appliance. */
const SHARED = [
  "usr/lib/systemd/system/gatehouse.service",
  "usr/lib/sysusers.d/gatehouse.conf",
  "usr/lib/udev/rules.d/70-gatehouse-serial.rules",
]

/** Builds the service as a Debian package for machines that have a Debian already. Answers its path. */
export function buildDeb({ repository, version, architecture, out, epoch }: DebInputs): string {
  const work = join(repository, `dist/work-deb-${architecture}`)
  const root = (path: string) => join(work, path)
  rmSync(work, { recursive: true, force: true })
  mkdirSync(root("DEBIAN"), { recursive: true, mode: 0o755 })
  layApp(
    { repository, version, cpu: CPU[architecture], cache: join(repository, "dist/cache") },
    root("usr/lib/gatehouse"),
  )
  for (const path of SHARED) {
    mkdirSync(dirname(root(path)), { recursive: true })
    copyFileSync(join(repository, "image/rootfs", path), root(path))
  }
  mkdirSync(root("usr/bin"), { recursive: true })
  symlinkSync("../lib/gatehouse/scripts/gatehouse", root("usr/bin/gatehouse"))
  mkdirSync(root("etc/gatehouse"), { recursive: true })
  writeFileSync(root("etc/gatehouse/gatehouse.json"), "{}\n")
  mkdirSync(root("usr/share/doc/gatehouse"), { recursive: true })
  cpSync(join(repository, "LICENSE"), root("usr/share/doc/gatehouse/copyright"))
  layControl(root, version, architecture)
  mkdirSync(out, { recursive: true })
  const target = join(out, `gatehouse_${debianVersion(version)}_${architecture}.deb`)
  const env = { SOURCE_DATE_EPOCH: String(epoch) }
  run("find", [work, "-newermt", `@${epoch}`, "-exec", "touch", "--no-dereference", `--date=@${epoch}`, "{}", "+"])
  run("dpkg-deb", ["--root-owner-group", "-Zzstd", "-z10", "--build", work, target], { env })
  rmSync(work, { recursive: true })
  return target
}

function layControl(root: (path: string) => string, version: string, architecture: DebInputs["architecture"]): void {
  const kibibytes = Number(run("du", ["-sk", root("usr")]).split("\t")[0])
  writeFileSync(root("DEBIAN/control"), control({ version, architecture, kibibytes }))
  writeFileSync(root("DEBIAN/conffiles"), CONFFILES)
  for (const [name, text] of Object.entries({ postinst: POSTINST, prerm: PRERM, postrm: POSTRM })) {
    writeFileSync(root(`DEBIAN/${name}`), text)
    chmodSync(root(`DEBIAN/${name}`), 0o755)
  }
}
