import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ACCESS_FORMAT, accessDocument, emptyAccess } from "../../../service/access/access-document.ts"
import { readMessage, readSession } from "../../../service/broker/durable/content.ts"
import { Reading } from "../../../service/broker/durable/reading.ts"
import { openWhole } from "../../../service/broker/durable/recovery.ts"
import { openDocument } from "../../../service/store/document.ts"
import { Disk } from "./disk.ts"
import { OFFLINE, type Promised, type Recording } from "./load.ts"
import { changesIn } from "./trace.ts"

const PAGE = 5000

export interface CutReport {
  readonly cuts: number
  /** Promises held against what was found, over all cuts. */
  readonly held: number
  readonly broken: readonly string[]
  /** Starts that found, and named, a torn tail or other damage. */
  readonly damaged: number
}

/** Cuts the power at random moments of the recording and looks whether all that was promised by then is there. */
export async function cutPower(recording: Recording, cuts: number, random: () => number): Promise<CutReport> {
  const { trace, begun, promised } = recording
  const moments = Array.from({ length: cuts }, () => begun + Math.floor(random() * (trace.length - begun))).sort(
    (a, b) => a - b,
  )
  const disk = new Disk()
  const changes = changesIn(trace)
  let next = changes.next()
  const report = { cuts, held: 0, broken: [] as string[], damaged: 0 }
  for (const moment of moments) {
    for (; next.done !== true && next.value.end <= moment; next = changes.next()) disk.apply(next.value)
    const folder = mkdtempSync(join(tmpdir(), "gatehouse-cut-"))
    try {
      disk.cut(folder, random)
      const found = await foundIn(folder, () => report.damaged++)
      for (const promise of promised) {
        if (promise.at > moment) break
        report.held++
        if (!isKept(promise, found)) report.broken.push(`cut at ${moment}: ${promise.what} ${promise.value}`)
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  return report
}

interface Found {
  /** By session. */
  readonly queues: readonly ReadonlySet<string>[]
  /** By topic, the number of the newest. */
  readonly retained: ReadonlyMap<string, number>
  readonly users: ReadonlySet<string>
}

/** What a start of the gateway would find, by the gateway's own code. */
async function foundIn(folder: string, onDamage: () => void): Promise<Found> {
  const database = openWhole(join(folder, "broker/sessions.db"), { onDamage, onReverted: onDamage })
  const reading = new Reading(database, onDamage)
  const sessions = reading
    .sessions()
    .filter(({ record }) => (OFFLINE as readonly string[]).includes(readSession(record).id))
  const queues = OFFLINE.map((_, i) => {
    const payloads = new Set<string>()
    for (let after = 0, isOver = sessions[i] === undefined; !isOver; ) {
      const entries = reading.page(sessions[i]?.session ?? 0, after, PAGE)
      for (const { record } of entries) if (record !== undefined) payloads.add(readMessage(record).payload.toString())
      after = entries.at(-1)?.sequence ?? after
      isOver = entries.length < PAGE
    }
    return payloads
  })
  const retained = new Map<string, number>()
  for (const { record } of reading.retained(null, PAGE)) {
    if (record === undefined) continue
    const message = readMessage(record)
    retained.set(message.topic, Number(message.payload.toString().split(" ")[3]))
  }
  database.close()
  const options = {
    path: join(folder, "users.json"),
    format: `${ACCESS_FORMAT}/1`,
    schema: accessDocument,
    initial: emptyAccess,
  }
  const { users } = (await openDocument(options)).value
  return { queues, retained, users: new Set(users.map(({ username }) => username)) }
}

function isKept({ what, value }: Promised, { queues, retained, users }: Found): boolean {
  if (what === "user") return users.has(value)
  if (what === "message") return queues.every((queue) => queue.has(value))
  const [, topic = "", , number] = value.split(" ")
  return (retained.get(topic) ?? 0) >= Number(number)
}
