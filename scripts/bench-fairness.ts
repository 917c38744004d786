/**
 * What a healthy client feels of the others: one subscriber that never reads, one publisher that floods, a storm of
 * connects, a storm of wrong passwords and ten thousand TLS handshakes that hang, all at the same time.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import type { Felt, HealthyVerbs } from "./bench/fairness/healthy.ts"
import type { Damage, HostileVerbs } from "./bench/fairness/hostile.ts"
import { prefer } from "./bench/fairness/priority.ts"
import { median, table } from "./bench/figures.ts"
import { ALLOCATOR, type Gatehouse, prepareGatehouse } from "./bench/gatehouse.ts"
import { Helper } from "./bench/helper.ts"
import { MemoryGroup } from "./bench/memory-group.ts"
import { processorModel, residentMemory } from "./bench/process-stat.ts"

const USAGE = `npm run bench:fairness -- [options]
  --runs N         runs of each (5)
  --seconds N      length of each measurement (5)
  --half-open N    TLS handshakes that hang (10000)
  --only LIST      some of frozen,flood,connects,logins,half-open
  --checkout DIR   the checkout that is measured`

/** Milliseconds that the p99 may grow by. */
const BOUND_MS = 50
/** MiB that the gateway may come to. */
const BOUND_MIB = 768
const PER_SECOND = 200
const MIB = 1024 * 1024
const LOGIN = { username: "bench", password: "a rather dull phrase" } as const

interface Setting {
  readonly name: string
  /** What the service may take, as MemoryMax=75% of the image's unit; undefined for as much as there is. */
  readonly memoryBytes: number | undefined
}

/** The second one is what a small gateway gets by itself: there the caps must turn most of the handshakes away. */
const SETTINGS: readonly Setting[] = [
  { name: "this machine", memoryBytes: undefined },
  { name: "a machine with 512 MB", memoryBytes: 384 * MIB },
]

interface Run {
  readonly alone: Felt
  readonly attacked: Felt
  readonly damage: Damage
  readonly mib: number
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      runs: { type: "string", default: "5" },
      help: { type: "boolean", default: false },
      seconds: { type: "string", default: "5" },
      "half-open": { type: "string", default: "10000" },
      only: { type: "string", default: "" },
      checkout: { type: "string", default: resolve(import.meta.dirname, "..") },
    },
  })
  if (values.help) {
    console.log(USAGE)
    return true
  }
  console.log(`${processorModel()}; Node ${process.version}`)
  let held = true
  for (const setting of SETTINGS) {
    const order = {
      seconds: Number(values.seconds),
      halfOpen: Number(values["half-open"]),
      runs: Number(values.runs),
      only: values.only.split(",").filter((name) => name !== ""),
    }
    held = (await measure(setting, values.checkout, order)) && held
  }
  return held
}

interface Order {
  readonly seconds: number
  readonly halfOpen: number
  readonly runs: number
  readonly only: readonly string[]
}

async function measure(setting: Setting, checkout: string, order: Order): Promise<boolean> {
  await using parts = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-fairness-"))
  parts.defer(() => rmSync(folder, { recursive: true, force: true }))
  const { memoryBytes } = setting
  const group = memoryBytes === undefined ? undefined : MemoryGroup.create(`gatehouse-${process.pid}`, memoryBytes)
  if (memoryBytes !== undefined && group === undefined)
    console.log("this machine lets nobody bound a group's memory: without it")
  if (group !== undefined) parts.use(group)
  const gateway = parts.use(await start(folder, checkout, group))
  const healthy = parts.use(new Helper<HealthyVerbs>(new URL("./bench/fairness/healthy.ts", import.meta.url)))
  const hostile = parts.use(new Helper<HostileVerbs>(new URL("./bench/fairness/hostile.ts", import.meta.url)))
  const preferred = prefer(gateway.pid) && (await healthy.ask("prefer", undefined))
  if (!preferred) console.log("the machine's other work counts here: the right to go before it is missing")
  const runs: Run[] = []
  for (let i = 0; i < order.runs; i++) {
    runs.push(await run(gateway, healthy, hostile, order))
    process.stderr.write(".")
  }
  process.stderr.write("\n")
  return report(setting, runs, order)
}

async function start(folder: string, checkout: string, group: MemoryGroup | undefined): Promise<Gatehouse> {
  const role = { name: "bench", permissions: [{ context: "mqtt", operation: "readWrite", resource: "bench/#" }] }
  const { username, password } = LOGIN
  const users = [{ username, grant: { kind: "password", password }, roles: [role.name] }]
  const open = await prepareGatehouse(folder, {
    checkout,
    bootstrap: { roles: [role], users },
    tuning: { flags: [], variables: ALLOCATOR },
    ...(group === undefined ? {} : { group }),
  })
  const file = join(folder, "gatehouse.json")
  const settings = JSON.parse(readFileSync(file, "utf8")) as object
  writeFileSync(file, JSON.stringify({ ...settings, log: { level: "warn" } }), { mode: 0o600 })
  const gateway = await open()
  let running = true
  const abandoned = () => running && process.kill(gateway.pid) // whatever ends us must not leave it behind
  process.once("exit", abandoned)
  return {
    ...gateway,
    [Symbol.asyncDispose]: async () => {
      running = false
      process.off("exit", abandoned)
      await gateway[Symbol.asyncDispose]()
    },
  }
}

async function run(
  gateway: Gatehouse,
  healthy: Helper<HealthyVerbs>,
  hostile: Helper<HostileVerbs>,
  { seconds, halfOpen, only }: Order,
): Promise<Run> {
  const door = { port: gateway.ports.mqtt, login: LOGIN }
  const milliseconds = seconds * 1000
  const alone = await healthy.ask("feel", { door, perSecond: PER_SECOND, milliseconds })
  let mib = 0
  const look = setInterval(() => {
    mib = Math.max(mib, residentMemory(gateway.pid) / 1024)
  }, 250)
  try {
    await hostile.ask("begin", { ports: gateway.ports, ...LOGIN, halfOpen, only })
    await hostile.ask("mark", undefined)
    const attacked = await healthy.ask("feel", { door, perSecond: PER_SECOND, milliseconds })
    const damage = await hostile.ask("count", undefined)
    await hostile.ask("end", undefined)
    await new Promise((resolve) => setTimeout(resolve, 3000)) // the next run begins in peace
    return { alone, attacked, damage, mib }
  } finally {
    clearInterval(look)
  }
}

function report(setting: Setting, runs: readonly Run[], { halfOpen }: Order): boolean {
  const ms = (value: number) => value.toFixed(1)
  const rows = runs.map(({ alone, attacked, damage, mib }, i) => {
    const per = (count: number) => Math.round(count / damage.seconds).toLocaleString("en")
    const felt = [alone.p50, alone.p99, attacked.p50, attacked.p99, attacked.worst].map(ms)
    const lost = alone.sent + attacked.sent - alone.received - attacked.received
    return [
      String(i + 1),
      ...felt,
      String(lost),
      per(damage.flooded),
      per(damage.connects),
      per(damage.logins),
      damage.halfOpen.toLocaleString("en"),
      mib.toFixed(0),
    ]
  })
  const head = [
    "run",
    "alone p50",
    "p99, ms",
    "attacked p50",
    "p99, ms",
    "worst, ms",
    "lost",
    "flood/s",
    "connects/s",
    "guesses/s",
    "half-open",
    "MiB",
  ]
  const alone = median(runs.map((one) => one.alone.p99))
  const attacked = median(runs.map((one) => one.attacked.p99))
  const mib = Math.max(...runs.map((one) => one.mib))
  const held = attacked - alone <= BOUND_MS && mib <= BOUND_MIB
  console.log(`\n${setting.name}; ${halfOpen.toLocaleString("en")} handshakes tried\n${table(head, rows)}`)
  console.log(
    `medians of the p99: ${ms(alone)} ms alone, ${ms(attacked)} ms attacked, ${ms(attacked - alone)} ms more (bound ${BOUND_MS}); ` +
      `memory ${mib.toFixed(0)} MiB at most (bound ${BOUND_MIB}): ${held ? "held" : "NOT HELD"}`,
  )
  return held
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1))
process.exitCode = (await main()) ? 0 : 1
