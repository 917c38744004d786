/**
 * Boots the image in QEMU and tries what it promises; no KVM needed. `-- --quick` boots once; `-- --only update` runs
 * test/image/update.test.ts; `-- --built` takes the images of the last run as they are, and what its machines left behind.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { parseArgs } from "node:util"
import manifest from "../package.json" with { type: "json" }
import { buildImage } from "./image/build.ts"
import { provide, TEST_NEEDS } from "./image/machine.ts"
import { BuildError } from "./image/run.ts"

const ROOT = new URL("..", import.meta.url).pathname
const WORK = join(ROOT, "dist/test-image")
/** Of both images, so that what they differ in is the version. */
const EPOCH = 1_767_225_600
/** QEMU emulates on one core. */
const SIDE_BY_SIDE = 2

/** The test files, longest first, and which of them each goes on from. */
const GOES_ON_FROM: Readonly<Record<string, string | undefined>> = {
  start: undefined,
  update: "start",
  reset: "start",
  cuts: "update",
  fallback: "update",
  identity: "start",
  refused: "start",
  cable: "start",
  serial: "start",
  "boot-loader": undefined,
  pi: undefined,
}

interface Chosen {
  readonly quick: boolean
  readonly only: readonly string[]
  readonly built: boolean
}

async function build(quick: boolean): Promise<void> {
  rmSync(join(WORK, "cases"), { recursive: true, force: true })
  mkdirSync(WORK, { recursive: true })
  const common = { repository: ROOT, epoch: EPOCH, twice: false, fresh: false }
  const base = { ...common, version: manifest.version, notes: "the version on the card", out: join(WORK, "base") }
  await buildImage(base)
  if (quick) return
  const next = manifest.version.replace(/\d+$/, (patch) => String(Number(patch) + 1))
  await buildImage({ ...common, version: next, notes: "a good update", out: join(WORK, "update") })
}

function chosen({ quick, only }: Chosen): string[] {
  const known = Object.keys(GOES_ON_FROM)
  const files = readdirSync(join(ROOT, "test/image")).filter((name) => name.endsWith(".test.ts"))
  const forgotten = files.map((name) => name.replace(".test.ts", "")).filter((name) => !known.includes(name))
  if (forgotten.length > 0) throw new BuildError(`scripts/test-image.ts does not run ${forgotten.join(", ")}`)
  const unknown = only.filter((name) => !known.includes(name))
  if (unknown.length > 0) throw new BuildError(`there is no test ${unknown[0]}; there are ${known.join(", ")}`)
  return known.filter((name) => (only.length > 0 ? only.includes(name) : !quick || name === "start"))
}

/** Runs the tests two at a time, each in a process of its own. Answers the names of those that failed or could not run. */
async function runAll(names: readonly string[]): Promise<string[]> {
  const waiting = [...names]
  const failed: string[] = []
  const running = new Map<string, Promise<void>>()
  const isDone = (name: string | undefined) => name === undefined || !(waiting.includes(name) || running.has(name))
  while (waiting.length + running.size > 0) {
    const next = running.size < SIDE_BY_SIDE ? waiting.find((name) => isDone(GOES_ON_FROM[name])) : undefined
    if (next === undefined) {
      await Promise.race(running.values())
      continue
    }
    waiting.splice(waiting.indexOf(next), 1)
    if (failed.includes(GOES_ON_FROM[next] ?? "")) {
      console.log(`${next}: not run, as ${GOES_ON_FROM[next]} failed`)
      failed.push(next)
      continue
    }
    const run = runOne(next).then((passed) => {
      running.delete(next)
      if (!passed) failed.push(next)
    })
    running.set(next, run)
  }
  return failed
}

/** What it says is shown at its end, as another one runs beside it. */
async function runOne(name: string): Promise<boolean> {
  const began = performance.now()
  console.log(`${name} …`)
  const args = ["--test", "--test-reporter=spec", join(ROOT, "test/image", `${name}.test.ts`)]
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] })
  const [said, [status]] = await Promise.all([text(child.stdout), once(child, "close")])
  const minutes = ((performance.now() - began) / 60_000).toFixed(1)
  console.log(`${said}${name}: ${status === 0 ? "passed" : "FAILED"} after ${minutes} min`)
  return status === 0
}

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: [] },
    built: { type: "boolean", default: false },
  },
})
try {
  const began = performance.now()
  const names = chosen(values)
  provide(TEST_NEEDS)
  if (!values.built || !existsSync(join(WORK, "base"))) await build(values.quick)
  const failed = await runAll(names)
  console.log(
    `test:image: ${names.length - failed.length} of ${names.length} passed in ${((performance.now() - began) / 60_000).toFixed(1)} min`,
  )
  if (failed.length > 0) process.exitCode = 1
} catch (error) {
  if (!(error instanceof BuildError)) throw error
  console.error(`test:image: ${error.message}`)
  process.exitCode = 1
}
