/** Attacks a real gateway with damaged packets, wild clients and broken transports, and watches that nothing gives way. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { Campaign } from "./fuzz/campaign.ts"
import { caseOf, KINDS, type Kind, play, portionsOf } from "./fuzz/cases.ts"
import { Subject } from "./fuzz/subject.ts"

const USAGE = `npm run fuzz -- [options]
  --seconds N      how long (600); 30 s to settle come on top
  --seed TEXT      what all choices follow from (drawn and printed)
  --case KIND:N    play only this case of that seed, 20 times, and print its bytes; KIND is ${KINDS.join(", ")}
  --world N        play only this world of that seed
  --checkout DIR   the checkout whose gateway is attacked
  --keep           leave the gateway's folder, with its log, behind`

const text = { type: "string" } as const
const flag = { type: "boolean", default: false } as const

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: { seconds: text, seed: text, case: text, world: text, checkout: text, keep: flag, help: flag },
  })
  if (values.help) {
    console.log(USAGE)
    return true
  }
  const seed = values.seed ?? String(Math.floor(Math.random() * 1e9))
  const checkout = resolve(values.checkout ?? join(import.meta.dirname, ".."))
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-fuzz-"))
  console.log(`seed ${seed}; gateway of ${checkout}; its files in ${folder}`)
  await using subject = await Subject.start(checkout, folder)
  try {
    if (values.case !== undefined) return await replay(subject, seed, values.case)
    const campaign = new Campaign(subject, seed, values.world === undefined ? undefined : Number(values.world))
    return await campaign.run(Number(values.seconds ?? 600))
  } finally {
    await subject[Symbol.asyncDispose]()
    if (!values.keep) rmSync(folder, { recursive: true, force: true })
  }
}

async function replay(subject: Subject, seed: string, named: string): Promise<boolean> {
  const [kind, number] = named.split(":")
  const one = caseOf(seed, Number(number), kind as Kind)
  if (one.kind === "packets" || one.kind === "strangers") {
    for (const portion of portionsOf(one, subject.target).portions) console.log(portion.toString("hex"))
  }
  for (let times = 0; times < 20; times++) await play(one, subject.target)
  const faults = subject.faults()
  for (const fault of faults) console.log(fault)
  console.log(subject.exit ?? `the gateway runs on, ${faults.length} faults in its log`)
  return faults.length === 0 && subject.exit === null
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1))
process.exitCode = (await main()) ? 0 : 1
