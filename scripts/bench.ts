/**
 * Gatehouse beside Mosquitto: what one operation costs each of them in processor time. Both run at the same time and
 * are measured in turns, so that whatever else the machine does falls on both.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join, resolve } from "node:path"
import { parseArgs } from "node:util"
import { type Broker, type Population, type Tuning, tuningOf, UNTUNED } from "./bench/broker.ts"
import { digits, median, table } from "./bench/figures.ts"
import { startGatehouse } from "./bench/gatehouse.ts"
import { Helper } from "./bench/helper.ts"
import type { LoadVerbs } from "./bench/load/main.ts"
import { mosquittoVersion, requireMosquitto, startMosquitto } from "./bench/mosquitto.ts"
import { Plant } from "./bench/plant.ts"
import { processorModel } from "./bench/process-stat.ts"
import { writeSection } from "./bench/section.ts"
import { type Load, type Sample, type Timing, WORKLOADS, type Workload } from "./bench/workloads.ts"

const USAGE = `npm run bench -- [options]
  --quick            under a minute, for a first look
  --rounds N         measurements of each broker and workload (5)
  --seconds N        length of each (2)
  --only TEXT        only workloads whose name holds TEXT
  --checkout FOLDER  measure the Gatehouse in FOLDER instead of this one
  --against FOLDER   measure another checkout of Gatehouse too
  --node-flags=TEXT  flags for the node that runs Gatehouse (not the other checkout), blanks between them
  --env=TEXT         environment variables for the same, NAME=VALUE, blanks between them
  --write FILE       put the table into FILE, between the marks <!-- bench --> and <!-- /bench -->`

const DEVICES = 40

interface Choice {
  readonly rounds: number
  readonly timing: Timing
  readonly workloads: readonly Workload[]
  readonly checkout: string
  readonly against: string | undefined
  readonly tuning: Tuning
  readonly write: string | undefined
}

function chosen(argv: readonly string[]): Choice | undefined {
  const text = { type: "string" } as const
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      rounds: text,
      seconds: text,
      only: { type: "string", default: "" },
      checkout: { type: "string", default: resolve(import.meta.dirname, "..") },
      against: text,
      "node-flags": { type: "string", default: "" },
      env: { type: "string", default: "" },
      write: text,
    },
  })
  if (values.help) return undefined
  const seconds = Number(values.seconds ?? (values.quick ? 0.5 : 2))
  return {
    rounds: Number(values.rounds ?? (values.quick ? 2 : 5)),
    timing: { warmUpMs: values.quick ? 200 : 500, measureMs: seconds * 1000 },
    workloads: WORKLOADS.filter(({ name }) => name.includes(values.only)),
    checkout: values.checkout,
    against: values.against,
    tuning: tuningOf(values["node-flags"], values.env),
    write: values.write,
  }
}

async function main(): Promise<void> {
  const choice = chosen(process.argv.slice(2))
  if (choice === undefined) return console.log(USAGE)
  requireMosquitto()
  await using parts = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-bench-"))
  parts.defer(() => rmSync(folder, { recursive: true, force: true }))
  const brokers = await startBrokers(parts, folder, choice)
  const load: Load = parts.use(new Helper<LoadVerbs>(new URL("./bench/load/main.ts", import.meta.url)))
  for (const { plain, mutual } of brokers) {
    await load.ask("knock", { door: plain })
    await load.ask("knock", { door: mutual })
  }
  const report = await measureAll(load, brokers, choice)
  console.log(`\n${report}`)
  if (choice.write !== undefined) writeSection(choice.write, "bench", report)
}

async function startBrokers(parts: AsyncDisposableStack, folder: string, choice: Choice): Promise<Broker[]> {
  const plant = new Plant("Bench Plant")
  const population: Population = {
    username: "bench",
    password: "a rather dull phrase",
    authority: plant.authority,
    devices: plant.devices("device-", DEVICES),
  }
  const brokers = [parts.use(await startMosquitto(folder, population, plant))]
  const add = async (name: string, checkout: string, tuning: Tuning) => {
    const own = join(folder, `gatehouse-${brokers.length}`)
    brokers.push(parts.use(await startGatehouse(name, own, checkout, population, tuning)))
  }
  if (choice.against !== undefined) await add(`Gatehouse (${basename(choice.against)})`, choice.against, UNTUNED)
  await add("Gatehouse", choice.checkout, choice.tuning)
  return brokers
}

async function measureAll(load: Load, brokers: readonly Broker[], choice: Choice): Promise<string> {
  const rows: string[][] = []
  const delays: string[][] = []
  const started = performance.now()
  for (const [i, workload] of choice.workloads.entries()) {
    process.stderr.write(`${String(i + 1).padStart(2)}/${choice.workloads.length} ${workload.name.padEnd(36)}`)
    const samples = await measure(load, brokers, workload, choice)
    const costs = samples.map((own) => median(own.map(({ microseconds, operations }) => microseconds / operations)))
    process.stderr.write(`${costs.map((cost) => digits(cost).padStart(8)).join("")} us\n`)
    rows.push(row(workload, costs, samples))
    if (samples[0]?.[0]?.p50 !== undefined) delays.push(...delayRows(workload, brokers, samples))
  }
  const names = brokers.map(({ name }) => name)
  const ratios = names.slice(1).map((name) => (names.length === 2 ? "ratio" : `${name} / ${names[0]}`))
  const head = ["workload", "one operation", ...names.map((name) => `${name}, us`), ...ratios, "Gatehouse, per s"]
  const minutes = ((performance.now() - started) / 60_000).toFixed(1)
  return [
    `${processorModel()}; Node ${process.version}; ${mosquittoVersion()}; medians of ${choice.rounds} rounds of ` +
      `${choice.timing.measureMs / 1000} s each, in turns, ${minutes} minutes in all.`,
    table(head, rows),
    ...(delays.length === 0 ? [] : [table(["latency", "broker", "p50, us", "p99, us"], delays)]),
  ].join("\n\n")
}

/** All samples of each broker; who begins a round takes turns as well. */
async function measure(
  load: Load,
  brokers: readonly Broker[],
  workload: Workload,
  choice: Choice,
): Promise<Sample[][]> {
  const samples: Sample[][] = brokers.map(() => [])
  for (let round = 0; round < choice.rounds; round++) {
    for (let turn = 0; turn < brokers.length; turn++) {
      const at = (turn + round) % brokers.length
      const broker = brokers[at]
      if (broker === undefined) continue
      samples[at]?.push(await workload.run(load, broker, choice.timing))
      process.stderr.write(".")
    }
  }
  return samples
}

function row({ name, operation }: Workload, costs: readonly number[], samples: readonly Sample[][]): string[] {
  const [reference = Number.NaN, ...own] = costs
  const rate = median((samples.at(-1) ?? []).map(({ operations, seconds }) => operations / seconds))
  return [
    name,
    operation,
    ...costs.map(digits),
    ...own.map((cost) => (cost / reference).toFixed(2)),
    Math.round(rate).toLocaleString("en"),
  ]
}

function delayRows({ name }: Workload, brokers: readonly Broker[], samples: readonly Sample[][]): string[][] {
  return brokers.map((broker, i) => {
    const own = samples[i] ?? []
    const of = (key: "p50" | "p99") => median(own.map((sample) => sample[key] ?? Number.NaN)).toFixed(0)
    return [name, broker.name, of("p50"), of("p99")]
  })
}

await main()
