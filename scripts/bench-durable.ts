/**
 * What it costs that nothing acknowledged is lost: messages per second, bytes written to the device, processor time and
 * delays, with a persistent session and without; and what a start with a long queue takes.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { parseArgs } from "node:util"
import { Link } from "./bench/durable/link.ts"
import { digits, table } from "./bench/figures.ts"
import { type Gatehouse, prepareGatehouse } from "./bench/gatehouse.ts"
import { processorModel, processorTime, residentMemory } from "./bench/process-stat.ts"
import { writeSection } from "./bench/section.ts"

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    queued: { type: "string", default: "1000000" },
    retained: { type: "string", default: "100000" },
    write: { type: "string" },
  },
})
const MS = 1000 * Number(values.seconds)
const LOGIN = { username: "bench", password: "a rather dull phrase" }
const PAYLOAD = Buffer.alloc(200, 0x61)
const WINDOW = 200
const PACED_PER_SECOND = 2000

let gateway: Gatehouse

const linked = (clientId: string, clean = true) => Link.open(gateway.ports.mqtt, clientId, clean, LOGIN)

function writtenBytes(): number {
  return Number(/^write_bytes: (\d+)/m.exec(readFileSync(`/proc/${gateway.pid}/io`, "latin1"))?.[1] ?? Number.NaN)
}

/** Runs a load that publishes through `publisher`, and answers a row of the table. */
async function measured(name: string, publisher: Link, load: () => Promise<void>): Promise<string[]> {
  await delay(1500) // what is left of the last one
  const [bytes, time, count] = [writtenBytes(), processorTime(gateway.pid), publisher.acknowledged]
  publisher.delays.length = 0
  const began = performance.now()
  await load()
  const seconds = (performance.now() - began) / 1000
  await delay(1500)
  const messages = publisher.acknowledged - count
  const sorted = publisher.delays.toSorted((a, b) => a - b)
  const at = (part: number) => digits(sorted[Math.floor(sorted.length * part)] ?? Number.NaN)
  process.stderr.write(`${name}: ${Math.round(messages / seconds)}/s\n`)
  return [
    name,
    Math.round(messages / seconds).toLocaleString("en"),
    Math.round((writtenBytes() - bytes) / messages).toLocaleString("en"),
    digits((processorTime(gateway.pid) - time) / messages),
    at(0.5),
    at(0.99),
  ]
}

const flood = (publisher: Link, topic: () => string, retain = false) => {
  const until = performance.now() + MS
  return publisher.flood(
    WINDOW,
    () => performance.now() < until,
    () => publisher.publish(topic(), PAYLOAD, retain),
  )
}

/** So many a second, in small groups. */
async function paced(publisher: Link, topic: string): Promise<void> {
  const began = performance.now()
  for (let sent = 0; performance.now() - began < MS; await delay(2)) {
    for (; sent < ((performance.now() - began) / 1000) * PACED_PER_SECOND; sent++) publisher.publish(topic, PAYLOAD)
  }
  await delay(500)
}

async function costs(): Promise<string> {
  const publisher = await linked("publisher")
  const rows: string[][] = []
  const receivers = [await linked("fleeting"), await linked("faithful", false), await linked("absent", false)] as const
  for (const [i, topic] of ["fleeting", "faithful", "absent"].entries())
    await receivers[i]?.subscribe(`bench/${topic}`, 1)
  await receivers[2].close()
  const floods = [
    ["no persistent session", "bench/fleeting"],
    ["a persistent session, connected", "bench/faithful"],
    ["a persistent session, not connected", "bench/absent"],
  ] as const
  for (const [name, topic] of floods) rows.push(await measured(name, publisher, () => flood(publisher, () => topic)))
  for (const [name, topic] of floods) {
    rows.push(await measured(`${name}; 2,000/s`, publisher, () => paced(publisher, topic)))
  }
  let i = 0
  rows.push(
    await measured("retained, 1,000 topics in turn", publisher, () =>
      flood(publisher, () => `bench/r/${i++ % 1000}`, true),
    ),
  )
  await publisher.close()
  for (const receiver of receivers.slice(0, 2)) await receiver.close()
  return table(
    [
      "QoS 1, 200 bytes, MQTT 3.1.1",
      "messages/s",
      "bytes to the device each",
      "CPU us each",
      "PUBACK p50, ms",
      "p99, ms",
    ],
    rows,
  )
}

async function startUp(open: () => Promise<Gatehouse>): Promise<readonly [ms: number, mib: number]> {
  await gateway[Symbol.asyncDispose]()
  const began = performance.now()
  gateway = await open()
  const link = await linked("first")
  const ms = performance.now() - began
  await link.close()
  return [ms, residentMemory(gateway.pid) / 1024]
}

async function longQueue(open: () => Promise<Gatehouse>): Promise<string> {
  const wanted = Number(values.queued)
  const [emptyMs, emptyMib] = await startUp(open)
  const sleeper = await linked("sleeper", false)
  await sleeper.subscribe("bench/long", 1)
  await sleeper.close()
  const publisher = await linked("publisher")
  const began = performance.now()
  let sent = 0
  await publisher.flood(
    2000,
    () => sent < wanted,
    () => {
      sent++
      publisher.publish("bench/long", PAYLOAD)
    },
  )
  const fillSeconds = (performance.now() - began) / 1000
  const fullMib = residentMemory(gateway.pid) / 1024
  await publisher.close()
  process.kill(gateway.pid, "SIGKILL")
  const [ms, mib] = await startUp(open)
  const back = await linked("sleeper", false)
  const drained = performance.now()
  await back.until(1)
  const firstMs = performance.now() - drained
  await back.until(Math.min(wanted, 100_000))
  const perSecond = (Math.min(wanted, 100_000) / (performance.now() - drained)) * 1000
  await back.close()
  return table(
    [`${wanted.toLocaleString("en")} messages queued for one session`, "figure"],
    [
      ["queued a second", Math.round(wanted / fillSeconds).toLocaleString("en")],
      ["memory after that, MiB", digits(fullMib)],
      [
        "start after kill -9 to the first CONNACK, ms (with nothing queued)",
        `${Math.round(ms)} (${Math.round(emptyMs)})`,
      ],
      ["memory then, MiB (with nothing queued)", `${digits(mib)} (${digits(emptyMib)})`],
      ["CONNECT to its first message, ms", digits(firstMs)],
      ["delivered a second", Math.round(perSecond).toLocaleString("en")],
    ],
  )
}

async function manyRetained(open: () => Promise<Gatehouse>): Promise<string> {
  const wanted = Number(values.retained)
  const publisher = await linked("publisher")
  for (let i = 0; i < wanted; i++) {
    publisher.publish(`bench/k/${i % 100}/${i}`, PAYLOAD, true, 0)
    if (i % 1000 === 0) await delay(1)
  }
  let isSent = false
  await publisher.flood(
    1,
    () => !isSent,
    () => {
      isSent = true
      publisher.publish("bench/k/end", PAYLOAD, true)
    },
  )
  await delay(3000)
  await publisher.close()
  const [ms, mib] = await startUp(open)
  const asked = async (filter: string, count: number) => {
    const link = await linked("asker")
    const began = performance.now()
    await Promise.all([link.subscribe(filter, 0), link.until(count)])
    const took = performance.now() - began
    await link.close()
    return took
  }
  const best = async (filter: string, count: number) => {
    const tries: number[] = []
    for (let i = 0; i < 15; i++) tries.push(await asked(filter, count))
    return digits(tries.toSorted((a, b) => a - b)[7] ?? Number.NaN)
  }
  return table(
    [`${wanted.toLocaleString("en")} retained messages`, "figure"],
    [
      ["start to the first CONNACK, ms", Math.round(ms).toString()],
      ["memory then, MiB", digits(mib)],
      ["SUBSCRIBE of one topic to its message, ms (median of 15)", await best("bench/k/7/7", 1)],
      ["SUBSCRIBE of 1,000 to the last of them, ms (median of 15)", await best("bench/k/7/+", wanted / 100)],
    ],
  )
}

const folder = mkdtempSync(join(tmpdir(), "gatehouse-bench-"))
try {
  const role = { name: "bench", permissions: [{ context: "mqtt", operation: "readWrite", resource: "bench/#" }] }
  const users = [
    { username: LOGIN.username, grant: { kind: "password", password: LOGIN.password }, roles: [role.name] },
  ]
  const limits = {
    queuedMessagesPerSession: 5_000_000,
    queuedBytesPerSession: 1e10,
    queuedBytesTotal: 1e11,
    retainedBytes: 1e9,
    inflightOutgoing: 1000,
    retainedMessages: 1_000_000,
  }
  const open = await prepareGatehouse(folder, {
    checkout: resolve(import.meta.dirname, ".."),
    bootstrap: { roles: [role], users },
    limits,
  })
  gateway = await open("https")
  const report = [
    `${processorModel()}; Node ${process.version}.`,
    await costs(),
    await longQueue(open),
    await manyRetained(open),
  ].join("\n\n")
  console.log(report)
  if (values.write !== undefined) writeSection(values.write, "durable", report)
  await gateway[Symbol.asyncDispose]()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
