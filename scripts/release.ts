/**
 * Everything of one release into dist/release/<version>: the image and its bundle, the Debian packages, the SBOM, what
 * changed, checksums of all of it, and a signature over the checksums.
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import manifest from "../package.json" with { type: "json" }
import { buildDeb } from "./deb/build.ts"
import { buildImage } from "./image/build.ts"
import { sourceEpoch } from "./image/epoch.ts"
import { developmentKeys, type Signing } from "./image/keys.ts"
import { BuildError, run, step } from "./image/run.ts"
import { changesOf } from "./release/changelog.ts"
import { sign, writeChecksums } from "./release/signature.ts"

const ROOT = new URL("..", import.meta.url).pathname

interface Release {
  readonly version: string
  readonly out: string
  readonly signing: Signing
  readonly changes: string
}

/** Throws `BuildError` where something is not fit to be released. */
function prepare(): Release {
  const { values } = parseArgs({
    options: {
      key: { type: "string" },
      certificate: { type: "string" },
      keyring: { type: "string" },
      development: { type: "boolean", default: false },
    },
  })
  const { version } = manifest
  const changes = changesOf(
    readFileSync(join(ROOT, "CHANGELOG.md"), "utf8"),
    values.development ? "Unreleased" : version,
  )
  const { key, certificate, keyring } = values
  const given = key !== undefined && certificate !== undefined && keyring !== undefined
  if (!given && !values.development) {
    throw new BuildError("name --key, --certificate and --keyring, or try it with --development")
  }
  if (!values.development && run("git", ["status", "--porcelain"], { cwd: ROOT }) !== "") {
    throw new BuildError("there are changes that are not committed; a release is what is in the repository")
  }
  const signing = given ? { key, certificate, keyring } : developmentKeys(join(ROOT, "image/keys"))
  return { version, changes, signing, out: join(ROOT, "dist/release", version) }
}

async function release({ version, out, signing, changes }: Release): Promise<void> {
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  const epoch = sourceEpoch(ROOT)
  const common = { repository: ROOT, version, epoch }
  for (const architecture of ["arm64", "amd64"] as const) {
    await step(`package for ${architecture}`, () => buildDeb({ ...common, architecture, out }))
  }
  const notes = changes.split("\n").find((line) => line.startsWith("- ")) ?? version
  const image = join(ROOT, "dist/image")
  await buildImage({ ...common, signing, notes: notes.slice(2), out: image, twice: false, fresh: false })
  const name = `gatehouse-${version}-arm64`
  for (const ending of ["img", "raucb", "sbom.cdx.json"])
    copyFileSync(join(image, `${name}.${ending}`), join(out, `${name}.${ending}`))
  await step("compressed card", () => run("xz", ["-T2", "-6", join(out, `${name}.img`)]))
  copyFileSync(signing.certificate, join(out, "signer.pem"))
  writeFileSync(join(out, "CHANGES.md"), `# Gatehouse ${version}\n\n${changes}\n`)
  const names = readdirSync(out).sort()
  await writeChecksums(out, names, "SHA256SUMS")
  sign(join(out, "SHA256SUMS"), signing)
  console.log(`\n${out}:\n${names.map((file) => `  ${file}`).join("\n")}\n  SHA256SUMS, SHA256SUMS.p7s`)
}

try {
  await release(prepare())
} catch (error) {
  if (!(error instanceof BuildError) && !(error instanceof TypeError)) throw error
  console.error(`release: ${error.message}`)
  process.exitCode = 1
}
