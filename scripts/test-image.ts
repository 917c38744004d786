/**
 * Boots the image in QEMU and tries what it promises; no KVM needed. `-- --quick` boots once; `-- --only update` runs
 * test/image/update.test.ts; `-- --built` takes the images of the last run as they are.
 */
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import manifest from "../package.json" with { type: "json" }
import { buildImage } from "./image/build.ts"
import { provide, TEST_NEEDS } from "./image/machine.ts"
import { BuildError } from "./image/run.ts"

const ROOT = new URL("..", import.meta.url).pathname
const WORK = join(ROOT, "dist/test-image")
/** Of both images, so that what they differ in is the version. */
const EPOCH = 1_767_225_600

interface Chosen {
  readonly quick: boolean
  readonly only: readonly string[]
  readonly built: boolean
}

async function build(quick: boolean): Promise<void> {
  mkdirSync(WORK, { recursive: true })
  const common = { repository: ROOT, epoch: EPOCH, twice: false, fresh: false }
  const base = { ...common, version: manifest.version, notes: "the version on the card", out: join(WORK, "base") }
  await buildImage(base)
  if (quick) return
  const next = manifest.version.replace(/\d+$/, (patch) => String(Number(patch) + 1))
  await buildImage({ ...common, version: next, notes: "a good update", out: join(WORK, "update") })
}

/** First boot comes first: the others go on from the machine it leaves behind. */
function files({ quick, only }: Chosen): string[] {
  const all = readdirSync(join(ROOT, "test/image"))
    .filter((name) => name.endsWith(".test.ts"))
    .sort()
  const wanted = only.length > 0 ? only.map((name) => `${name}.test.ts`) : quick ? ["start.test.ts"] : all
  const unknown = wanted.filter((name) => !all.includes(name))
  if (unknown.length > 0) throw new BuildError(`there is no test/image/${unknown[0]}; there are ${all.join(", ")}`)
  return wanted.sort((left, right) => Number(right === "start.test.ts") - Number(left === "start.test.ts"))
}

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: [] },
    built: { type: "boolean", default: false },
  },
})
try {
  const wanted = files(values)
  provide(TEST_NEEDS)
  if (!values.built || !existsSync(join(WORK, "base"))) await build(values.quick)
  for (const name of wanted) {
    // one after another, each in a process of its own: QEMU takes the whole machine
    const args = ["--test", join(ROOT, "test/image", name)]
    const { status, error } = spawnSync(process.execPath, args, { stdio: "inherit" })
    if (error !== undefined) throw error
    if (status !== 0) process.exitCode = 1
  }
} catch (error) {
  if (!(error instanceof BuildError)) throw error
  console.error(`test:image: ${error.message}`)
  process.exitCode = 1
}
