/**
 * What was acknowledged must be kept, whatever happens to the process, the power and the disk: `npm run test:fault`,
 * and `-- --quick` in less than three minutes. Needs a C compiler (`cc`) and, for a small file system, root.
 */
import { spawnSync } from "node:child_process"
import { globSync } from "node:fs"
import { parseArgs } from "node:util"
import { campaign, gatehouse } from "./kills/campaign.ts"
import { mosquitto } from "./kills/mosquitto.ts"
import { cutPower } from "./power/cuts.ts"
import { record } from "./power/load.ts"
import { seeded } from "./seeded.ts"

const USAGE = `npm run test:fault -- [options]
  --quick        less than three minutes
  --only PART    kills, power or disk alone
  --peer         kill Mosquitto instead, for comparison; it loses messages, and that is no failure here
  --kills N      kill -9 so often (200)
  --cuts N       cut the power so often (500)
  --seed N       the same moments again`

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    peer: { type: "boolean", default: false },
    kills: { type: "string" },
    cuts: { type: "string" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    help: { type: "boolean", default: false },
  },
})

const PARTS = { kills, power, disk } as const
type Part = keyof typeof PARTS

async function main(): Promise<void> {
  if (values.help) return console.log(USAGE)
  console.log(`seed ${values.seed}`)
  for (const [name, run] of Object.entries(PARTS)) {
    if (values.only !== undefined && values.only !== (name as Part)) continue
    const began = performance.now()
    const isKept = await run(seeded(Number(values.seed)))
    console.log(`${name}: ${isKept ? "ok" : "BROKEN"}, ${Math.round((performance.now() - began) / 1000)} s\n`)
    if (!isKept) process.exitCode = 1
  }
}

async function kills(random: () => number): Promise<boolean> {
  await using subject = values.peer ? await mosquitto() : await gatehouse()
  const count = Number(values.kills ?? (values.quick ? 10 : 200))
  const { lost, doubled, disordered, ...rest } = await campaign(subject, count, random, console.log)
  const broken = { lost, doubled, disordered }
  console.log({ kills: count, ...rest, lost: lost.length, doubled: doubled.length, disordered: disordered.length })
  for (const [what, list] of Object.entries(broken))
    for (const line of list.slice(0, 10)) console.log(`${what}: ${line}`)
  return values.peer || lost.length + doubled.length + disordered.length + rest.sessionsLost === 0
}

async function power(random: () => number): Promise<boolean> {
  const recording = await record(values.quick ? 2000 : 10_000)
  const count = Number(values.cuts ?? (values.quick ? 40 : 500))
  console.log(`${recording.promised.length} acknowledged in a recording of ${recording.trace.length} bytes`)
  const { broken, ...rest } = await cutPower(recording, count, random)
  console.log({ ...rest, broken: broken.length })
  for (const line of broken.slice(0, 10)) console.log(line)
  return broken.length === 0
}

async function disk(): Promise<boolean> {
  const files = globSync("*.test.ts", { cwd: new URL("./disk", import.meta.url).pathname })
  const paths = files.map((file) => new URL(`./disk/${file}`, import.meta.url).pathname)
  return spawnSync(process.execPath, ["--test", "--test-timeout=120000", ...paths], { stdio: "inherit" }).status === 0
}

await main()
