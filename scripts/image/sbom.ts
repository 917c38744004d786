import { readFileSync } from "node:fs"

/** One package of the image. */
interface Component {
  readonly type: "library" | "application"
  readonly name: string
  readonly version: string
  readonly purl: string
  readonly licenses?: readonly { readonly license: { readonly id: string } }[]
}

export interface SbomInputs {
  readonly version: string
  /** dpkg's status file of the root. */
  readonly dpkgStatus: string
  /** Files unpacked from packages that are not installed, `name_version_architecture.deb`. */
  readonly firmware: readonly string[]
  /** package-lock.json. */
  readonly lockfile: string
  readonly suite: string
  readonly epoch: number
}

/** What is in the image, as CycloneDX 1.6: Debian's packages and those of the lockfile that run on the box. */
export function sbom(inputs: SbomInputs): string {
  const components = [
    ...debianComponents(readFileSync(inputs.dpkgStatus, "utf8"), inputs.suite),
    ...firmwareComponents(inputs.firmware, inputs.suite),
    ...npmComponents(JSON.parse(readFileSync(inputs.lockfile, "utf8"))),
  ].sort((left, right) => (left.purl < right.purl ? -1 : 1))
  const document = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      timestamp: new Date(inputs.epoch * 1000).toISOString(),
      component: { type: "operating-system", name: "gatehouse", version: inputs.version },
    },
    components,
  }
  return `${JSON.stringify(document, null, 1)}\n`
}

/** The installed packages of dpkg's status file. */
export function debianComponents(status: string, suite: string): Component[] {
  return status.split("\n\n").flatMap((stanza) => {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(stanza)?.[1]
    const [name, version, architecture] = [field("Package"), field("Version"), field("Architecture")]
    if (name === undefined || version === undefined || !/^Status: .* installed$/m.test(stanza)) return []
    return [debian(name, version, architecture ?? "all", suite)]
  })
}

function firmwareComponents(files: readonly string[], suite: string): Component[] {
  return files.map((file) => {
    const [name = file, version = "", architecture = "all"] = file.replace(/\.deb$/, "").split("_")
    return debian(name, decodeURIComponent(version), architecture, suite)
  })
}

function debian(name: string, version: string, architecture: string, suite: string): Component {
  const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}&distro=${suite}`
  return { type: "library", name, version, purl }
}

interface Lockfile {
  readonly packages: Readonly<Record<string, LockedPackage>>
}
interface LockedPackage {
  readonly name?: string
  readonly version?: string
  readonly license?: string
  readonly dev?: boolean
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
}

/** The packages of the lockfile that a box gets: no development, linux, arm64. */
export function npmComponents({ packages }: Lockfile): Component[] {
  return Object.entries(packages).flatMap(([path, locked]) => {
    const name = locked.name ?? path.split("node_modules/").at(-1)
    if (path === "" || name === undefined || locked.version === undefined || !isOnTheBox(locked)) return []
    const purl = `pkg:npm/${name.replace("@", "%40")}@${locked.version}`
    const licences = locked.license === undefined ? {} : { licenses: [{ license: { id: locked.license } }] }
    return [{ type: "library", name, version: locked.version, purl, ...licences }]
  })
}

function isOnTheBox({ dev = false, os, cpu }: LockedPackage): boolean {
  return !dev && (os === undefined || os.includes("linux")) && (cpu === undefined || cpu.includes("arm64"))
}
