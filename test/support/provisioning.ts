import { makeDeviceKey } from "../../service/ca/device-key.ts"
import type { TranscriptEntry } from "../../service/provisioning/transcripts.ts"
import type { OpenPort } from "../../service/serial/binding.ts"
import type { Dialect, KeyRequest, Line, Material, Outcome, Refused, Task } from "../../service/serial/dialect.ts"
import { SerialLine } from "../../service/serial/line.ts"
import { Transcript } from "../../service/serial/transcript.ts"

/** A line over an open port, and everything that was written down about it. */
export function lineOver(port: OpenPort) {
  const entries: TranscriptEntry[] = []
  const transcript = new Transcript((entry) => entries.push(entry), Date.now)
  const line = new SerialLine({ port, baudRate: 115_200, transcript, signal: new AbortController().signal })
  const logged = () => {
    transcript.flush()
    return entries.map(({ way, text }) => `${way} ${text}`).join("\n")
  }
  return { line, logged, [Symbol.asyncDispose]: () => line[Symbol.asyncDispose]() }
}

export interface TestTask extends Task {
  readonly notes: string[]
  readonly answers: Record<string, string>
}

export function taskFor(commonName: string, answers: Record<string, string> = {}, job = "job1"): TestTask {
  const notes: string[] = []
  return {
    job,
    commonName,
    notes,
    answers,
    now: Date.now,
    answer: (question) => answers[question],
    note: (sentence) => void notes.push(sentence),
  }
}

/** Who certifies: an authority in memory or the API of a real gateway. */
export type Certify = (commonName: string, csr: string | Buffer) => Promise<Material>

const TURNS = 4

/** What became of a device that was taken through every step. */
export interface Provisioned {
  readonly csr: string | Buffer
  readonly material: Material
  readonly proven: boolean
  readonly told: boolean
}

/**
 * Every step of the provisioning dialogue, each once: what a job does when nothing goes wrong. Throws with the code and
 * sentence of a refusal.
 */
export async function provision(dialect: Dialect, line: Line, task: Task, certify: Certify): Promise<Provisioned> {
  await recognised(dialect, line)
  const { csr, privateKeyPem } = await keyFor(dialect, line, task)
  const material = { ...(await certify(task.commonName, csr)), privateKeyPem }
  value(await dialect.store(line, task, material))
  const { proven } = value(await dialect.verify(line, task, material))
  const { told } = value(await dialect.connect(line, task, material))
  return { csr, material, proven, told }
}

/** As recognition does, a device is asked again that did not answer in time: on a busy machine one may be slow. */
async function recognised(dialect: Dialect, line: Line): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) if ((await dialect.detect(line)) !== undefined) return
  throw new Error(`no device speaks ${dialect.id}`)
}

async function keyFor(dialect: Dialect, line: Line, task: Task): Promise<KeyRequest & { privateKeyPem?: string }> {
  if (dialect.request !== undefined) return value(await dialect.request(line, task))
  const { keyPem, csrPem } = makeDeviceKey(task.commonName)
  return { csr: csrPem, privateKeyPem: keyPem }
}

/** A step that refused where it should not have. */
export class Unexpected extends Error {
  readonly refusal: Refused

  constructor(refusal: Refused) {
    super(`${refusal.code}: ${refusal.sentence}`)
    this.refusal = refusal
  }
}

export function value<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Unexpected(outcome)
  return outcome.value
}
