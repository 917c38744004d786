import { readFileSync } from "node:fs"
import { parentPort, workerData } from "node:worker_threads"
import { reasonOf } from "../../errors.ts"
import type { Answer, Order } from "./protocol.ts"
import type { StoredRetained } from "./reading.ts"
import { Volume } from "./volume.ts"

/**
 * The thread that waits for the disk, so that the event loop never does. It does one thing after the other, in the
 * order asked; between two orders it clears away what ended sessions left.
 */

const RETAINED_AT_ONCE = 1000
const SESSIONS_AT_ONCE = 1000
const TIDY_MS = 200
const TIDY_AGAIN_MS = 10
const LOOK_AT_IO_MS = 1000

if (parentPort === null) throw new Error("this file is a worker")
const port = parentPort
let tidying: NodeJS.Timeout | undefined
let written = 0
let looked = 0

const answer = (message: Answer): void => port.postMessage(message)
const onDamage = (what: string): void => answer({ kind: "damage", what })
const onReverted = (what: string): void => answer({ kind: "reverted", what })

const volume = opened()
if (volume !== undefined) {
  tellAll(volume)
  port.on("message", (order: Order) => obey(volume, order))
}

function opened(): Volume | undefined {
  try {
    return new Volume(workerData.path, { onDamage, onReverted })
  } catch (error) {
    answer({ kind: "failed", reason: reasonOf(error) })
    port.close()
    return undefined
  }
}

/** What a start needs: sessions and retained messages. Queued messages stay where they are. */
function tellAll(store: Volume): void {
  const sessions = store.read((reading) => reading.sessions())
  for (let i = 0; i < sessions.length; i += SESSIONS_AT_ONCE) {
    answer({ kind: "sessions", sessions: sessions.slice(i, i + SESSIONS_AT_ONCE) })
  }
  let after: string | null = null
  do {
    const from: string | null = after
    const rows: StoredRetained[] = store.read((reading) => reading.retained(from, RETAINED_AT_ONCE))
    answer({ kind: "retained", records: rows.map(({ record }) => record).filter((record) => record !== undefined) })
    after = rows.length < RETAINED_AT_ONCE ? null : (rows.at(-1)?.topic ?? null)
  } while (after !== null)
  answer({ kind: "open", numbers: store.read((reading) => reading.numbers()) })
}

function obey(store: Volume, order: Order): void {
  switch (order.kind) {
    case "commit":
      answer({ kind: "committed", id: order.id, ...store.commit(order.state, order.content), written: bytesWritten() })
      tidying ??= setTimeout(() => tidy(store), TIDY_MS)
      return
    case "page":
      return answer({ kind: "page", id: order.id, entries: pageOf(store, order) })
    case "close":
      clearTimeout(tidying)
      try {
        store.close()
      } catch {
        // everything committed is in the journal: the next start finds it there
      }
      answer({ kind: "closed", id: order.id })
      port.close()
  }
}

function pageOf(store: Volume, { session, after, limit }: Extract<Order, { kind: "page" }>) {
  try {
    return store.page(session, after, limit)
  } catch (error) {
    onDamage(`messages that wait for session ${session}: ${reasonOf(error)}`)
    return []
  }
}

function tidy(store: Volume): void {
  const hasMore = store.tidy()
  tidying = hasMore ? setTimeout(() => tidy(store), TIDY_AGAIN_MS) : undefined
}

/** Bytes this thread has made the kernel write to the device since it began, looked up once a second (proc_pid_io(5)). */
function bytesWritten(): number {
  const now = performance.now()
  if (now - looked < LOOK_AT_IO_MS) return written
  looked = now
  try {
    written = Number(/^write_bytes: (\d+)/m.exec(readFileSync("/proc/thread-self/io", "latin1"))?.[1] ?? written)
  } catch {
    // a kernel without it: the figure stays 0
  }
  return written
}
