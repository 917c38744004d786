import { createHash } from "node:crypto"
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { compileTypeScript } from "./javascript.ts"
import { BuildError, run } from "./run.ts"

/** What of the repository runs on the box, beside the packages. */
const SHIPPED = ["service", "scripts/gatehouse", "scripts/gatehouse.ts", "scripts/cli", "LICENSE"]
/** What the build of the page leaves behind. */
const PAGE = "dist/webui"

export interface AppInputs {
  readonly repository: string
  readonly cache: string
  readonly version: string
  /** As Node names it. */
  readonly cpu: Cpu
}

export type Cpu = "arm64" | "x64"

/**
 * Puts the service as it runs on a box into `target`: the sources as JavaScript, with those that lie there already, the
 * page, and the packages of the lockfile for Linux on `cpu` with the Node that is one of them. The version is the image's.
 */
export function layApp(inputs: AppInputs, target: string): void {
  const { repository, version } = inputs
  mkdirSync(join(target, "scripts"), { recursive: true })
  for (const path of SHIPPED) cpSync(join(repository, path), join(target, path), { recursive: true })
  compileTypeScript(target)
  run("npm", ["run", "--silent", "build:page"], { cwd: repository })
  cpSync(join(repository, PAGE), join(target, PAGE), { recursive: true })
  cpSync(modules(inputs), join(target, "node_modules"), { recursive: true, verbatimSymlinks: true })
  const { scripts: _scripts, devDependencies: _dev, ...manifest } = manifestOf(repository)
  writeFileSync(join(target, "package.json"), `${JSON.stringify({ ...manifest, version }, null, 2)}\n`)
}

function manifestOf(repository: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(repository, "package.json"), "utf8"))
}

/** node_modules for the box, kept under the hash of the lockfile. */
function modules({ repository, cache, cpu }: AppInputs): string {
  const files = ["package.json", "package-lock.json"]
  const hash = createHash("sha256")
  for (const name of files) hash.update(readFileSync(join(repository, name)))
  const folder = join(cache, `modules-${cpu}-${hash.digest("hex").slice(0, 16)}`)
  const done = join(folder, "node_modules")
  if (existsSync(done)) return done
  const partial = `${folder}.partial`
  rmSync(partial, { recursive: true, force: true })
  mkdirSync(partial, { recursive: true })
  for (const name of files) cpSync(join(repository, name), join(partial, name))
  const flags = [
    "--omit=dev",
    "--os=linux",
    `--cpu=${cpu}`,
    "--libc=glibc",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
  ]
  run("npm", ["ci", ...flags], { cwd: partial })
  if (!existsSync(join(partial, `node_modules/node-linux-${cpu}`))) {
    throw new BuildError(`npm did not install the Node of the lockfile for ${cpu}; check that npm ci works here`)
  }
  dropForeignBinaries(join(partial, "node_modules"), cpu)
  rmSync(join(partial, "node_modules/.package-lock.json"), { force: true })
  renameSync(partial, folder)
  return done
}

/** Native addons come with binaries for every machine there is. */
function dropForeignBinaries(folder: string, cpu: Cpu): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name !== "prebuilds") continue
    const prebuilds = join(entry.parentPath, entry.name)
    for (const name of readdirSync(prebuilds)) {
      if (name !== `linux-${cpu}`) rmSync(join(prebuilds, name), { recursive: true })
    }
  }
}
