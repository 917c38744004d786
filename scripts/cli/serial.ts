import { writeFile } from "node:fs/promises"
import { setTimeout as delay } from "node:timers/promises"
import type { z } from "zod"
import type { batchAnswer, jobAnswer, logAnswer, portsAnswer } from "../../service/http/contract-serial.ts"
import { part } from "./api.ts"
import { contentOf } from "./cert.ts"
import { type Call, type Command, Failure, misused, REFUSED } from "./command.ts"
import { moment } from "./moment.ts"
import { type Screen, shown } from "./screen.ts"

type Ports = z.output<typeof portsAnswer>
type Job = z.output<typeof jobAnswer>

const JOB = { name: "JOB" } as const
const WISHES = {
  port: { value: "PORT", summary: "the device's file, by-id link or physical socket; else the next one plugged in" },
  role: { value: "NAME", many: true, summary: "a role for a new name; device when none is given" },
  host: { value: "HOST", summary: "where the device is told to connect; one the certificate bears" },
  replace: { summary: "the name's certificate in use ends when the new device has connected" },
} as const

/** Provisioning over USB serial. */
export const SERIAL_COMMANDS: readonly Command[] = [
  {
    words: "serial ports",
    summary: "List the serial ports that are there, and what was found on them.",
    example: "serial ports",
    async run({ api, screen }) {
      const answer = await api.get<Ports>("/serial/ports")
      screen.answer(answer, () => portLines(screen, answer))
    },
  },
  {
    words: "serial jobs",
    summary: "List the devices that are being provisioned, the newest first.",
    options: { all: { summary: "those that have ended, too" } },
    example: "serial jobs --all",
    async run(call) {
      const path = call.flag("all") ? "/serial/jobs" : "/serial/jobs?open=true"
      const answer = await call.api.all<"jobs", Job>(path, "jobs")
      call.screen.answer(answer, () => jobLines(call.screen, answer.jobs))
    },
  },
  {
    words: "serial provision",
    summary: "Give a device its name and certificate, and wait until it has connected.",
    operands: [{ name: "USERNAME" }],
    options: {
      ...WISHES,
      note: { value: "TEXT", summary: "a remark for people" },
      "no-wait": { summary: "only order it; the gateway goes on by itself" },
    },
    example: "serial provision pump-1 --port /dev/ttyUSB0",
    run: provision,
  },
  {
    words: "serial batch",
    summary: "Order a device for each name of a pattern (pump-###) or of a table, as they are plugged in.",
    operands: [{ name: "PATTERN" }],
    options: {
      ...WISHES,
      from: { value: "NUMBER", summary: "the first number; 1 when not given" },
      count: { value: "NUMBER", summary: "how many" },
      csv: { value: "FILE", file: true, summary: "columns name, roles, note; then PATTERN is -" },
    },
    example: "serial batch pump-### --from 7 --count 20",
    run: batch,
  },
  {
    words: "serial show",
    summary: "Show one job: its device, its certificate, and what it waits for.",
    operands: [JOB],
    example: "serial show k3v0m2x8aq",
    run: async (call) => show(call, await call.api.get<Job>(addressOf(call))),
  },
  {
    words: "serial log",
    summary: "Print what was said to a job's device and by it, without secrets.",
    operands: [JOB],
    example: "serial log k3v0m2x8aq",
    async run(call) {
      const answer = await call.api.get<z.output<typeof logAnswer>>(`${addressOf(call)}/log`)
      const lines = answer.entries.map(({ at, way, text }) => `${at.slice(11, 23)} ${SIGNS[way]} ${shown(text)}`)
      call.screen.answer(answer, () => lines)
    },
  },
  {
    words: "serial label",
    summary: "Print the label of a job's device as SVG: name, key hash and QR code.",
    operands: [JOB],
    options: { out: { value: "FILE", file: true, summary: "write to a new file instead of standard output" } },
    example: "serial label k3v0m2x8aq --out pump-1.svg",
    run: label,
  },
  {
    words: "serial answer",
    summary: "Answer the question of a job: yes, no, or the code on the device. Yes may not be undone.",
    operands: [JOB, { name: "QUESTION" }, { name: "ANSWER" }],
    example: "serial answer k3v0m2x8aq label-code 4711-0815",
    async run(call) {
      const json = { question: call.operand("QUESTION"), answer: call.operand("ANSWER") }
      show(call, await call.api.ask<Job>("POST", `${addressOf(call)}/answers`, { json }))
    },
  },
  {
    words: "serial retry",
    summary: "Let a job go on that was refused or interrupted, or whose device does not connect.",
    operands: [JOB],
    example: "serial retry k3v0m2x8aq",
    run: async (call) => show(call, await call.api.ask<Job>("POST", `${addressOf(call)}/retry`)),
  },
  {
    words: "serial cancel",
    summary: "End a job; a certificate that nobody has used yet is revoked.",
    operands: [JOB],
    example: "serial cancel k3v0m2x8aq",
    run: async (call) => show(call, await call.api.ask<Job>("POST", `${addressOf(call)}/cancel`)),
  },
]

const SIGNS = { in: "<", out: ">", note: "#" } as const

function addressOf(call: Call): string {
  return `/serial/jobs/${part(call.operand("JOB"))}`
}

function wishesOf(call: Call) {
  const [port, host, roles] = [call.text("port"), call.text("host"), call.texts("role")]
  return {
    replace: call.flag("replace"),
    ...(roles.length === 0 ? {} : { roles }),
    ...(port === undefined ? {} : { port }),
    ...(host === undefined ? {} : { host }),
  }
}

async function provision(call: Call): Promise<void> {
  const note = call.text("note")
  const json = { username: call.operand("USERNAME"), ...wishesOf(call), ...(note === undefined ? {} : { note }) }
  const job = await call.api.ask<Job>("POST", "/serial/jobs", { json })
  if (call.flag("no-wait")) return show(call, job)
  const ended = await followed(call, job)
  if (call.screen.json || ended.state === "done") show(call, ended)
  if (ended.state !== "done") call.exitWith(REFUSED)
}

/** Prints what becomes of a job until it is done, or a person has to do something about it. */
async function followed({ api, screen }: Call, ordered: Job): Promise<Job> {
  const tell = (line: string) => void (screen.json || screen.answer({}, () => line))
  let [job, told] = [ordered, ""]
  if (job.port === undefined) tell("Plug the device in.")
  for (;;) {
    const line = `${job.username}: ${job.state === "running" ? job.step : job.state}`
    if (line !== told) tell(line)
    told = line
    if (job.state === "done" || job.state === "cancelled" || job.state === "question") break
    if (job.state === "refused" || (job.problem && job.state !== "running")) break
    await delay(250)
    job = await api.get<Job>(`/serial/jobs/${job.id}`)
  }
  if (job.question !== undefined) {
    tell(shown(job.question.sentence))
    tell(`Answer with: gatehouse serial answer ${job.id} ${job.question.id} ANSWER`)
  } else if (job.problem !== undefined) tell(shown(job.problem.sentence))
  return job
}

async function batch(call: Call): Promise<void> {
  const [file, pattern] = [call.text("csv"), call.operand("PATTERN")]
  const [from, count] = [call.text("from"), call.text("count")].map((text) =>
    text === undefined ? undefined : Number(text),
  )
  if (file !== undefined && pattern !== "-")
    throw misused("with --csv the names come from the table; write - for PATTERN")
  if (file === undefined && count === undefined)
    throw misused("say how many with --count NUMBER, or name a table with --csv FILE")
  const numbered = { pattern, count, ...(from === undefined ? {} : { from }) }
  const names = file === undefined ? numbered : { csv: (await contentOf(file)).toString("utf8") }
  const answer = await call.api.ask<z.output<typeof batchAnswer>>("POST", "/serial/batches", {
    json: { names, ...wishesOf(call) },
  })
  call.screen.answer(answer, () => [
    ...jobLines(call.screen, answer.jobs),
    "Plug the devices in, one after another or several at once.",
  ])
}

async function label(call: Call): Promise<void> {
  const svg = await call.api.text("GET", `${addressOf(call)}/label`)
  const out = call.text("out")
  if (out === undefined) return call.screen.raw(`${svg}\n`)
  await writeFile(out, svg, { flag: "wx" }).catch((error) => {
    throw new Failure(`${out} cannot be made: ${error instanceof Error ? error.message : error}`)
  })
  call.screen.answer({ out }, () => `${out} is written.`)
}

function portLines(screen: Screen, { enabled, ports }: Ports): string[] {
  const rows = ports.map(({ plug, use, device, problem }) => {
    const usb = plug.vendorId === undefined ? "" : `${plug.vendorId}:${plug.productId}`
    const found = device === undefined ? (problem?.code ?? "") : `${device.title} ${device.uid ?? ""}`
    return [plug.path, plug.location ?? "", usb, plug.product ?? "", use, found]
  })
  const none = enabled ? "no serial port is there; plug a device in" : "serial ports are switched off (serial.enabled)"
  return screen.table(["PORT", "SOCKET", "USB", "ADAPTER", "USE", "FOUND"], rows, none)
}

function jobLines(screen: Screen, jobs: readonly Job[]): string[] {
  const rows = jobs.map(({ id, username, state, step, problem, port }) => {
    return [id, username, state === "running" ? step : state, port ?? "next", problem?.code ?? ""]
  })
  return screen.table(["JOB", "NAME", "STATE", "PORT", "PROBLEM"], rows, "no device is being provisioned")
}

function show({ screen }: Call, job: Job): void {
  const { id, username, state, step, device, plug, certificate, problem, question, by, createdAt } = job
  screen.answer(job, () =>
    screen.facts([
      ["job", id],
      ["name", username],
      ["state", state === "running" ? `running: ${step}` : state],
      ["problem", problem?.sentence ?? ""],
      ["question", question === undefined ? "" : `${question.id}: ${question.sentence}`],
      ["device", device === undefined ? "" : `${device.title}, ${device.model ?? ""} ${device.uid ?? ""}`],
      ["key made by", device?.keyOrigin ?? ""],
      ["port", plug?.path ?? job.port ?? "the next one plugged in"],
      ["certificate", certificate?.serial ?? ""],
      ["public key", certificate?.publicKey ?? ""],
      ["ordered", `${moment(createdAt)} by ${by}`],
      ["connected", job.provenAt === undefined ? "" : moment(job.provenAt)],
    ]),
  )
}
