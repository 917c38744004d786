import { mkdir, rm } from "node:fs/promises"
import { join } from "node:path"
import { displayName } from "../../access/door.ts"
import type { Clock } from "../../clock.ts"
import { GatewayError } from "../../errors.ts"
import type { Health } from "../../health.ts"
import type { Logger } from "../../log.ts"
import { Counters } from "../counters.ts"
import { Retained } from "../routing/retained.ts"
import type { Subscription } from "../routing/subscription.ts"
import { Pages } from "../session/pages.ts"
import type { Session } from "../session/session.ts"
import type { Sessions } from "../session/sessions.ts"
import { SteadyClock } from "../steady-clock.ts"
import { parseShare } from "../wire/filter.ts"
import type { QoS } from "../wire/packet.ts"
import { readMessage, readSession } from "./content.ts"
import { Ledger } from "./ledger.ts"
import type { Failure } from "./protocol.ts"
import type { Numbers, StoredSession } from "./reading.ts"
import { copyStore, syncFolderOf } from "./snapshot.ts"
import { Store } from "./store.ts"

const FILE = "sessions.db"
const BACKUP = "backup.db"
const DAY = 24 * 3600 * 1000

interface MemoryParts {
  readonly folder: string
  readonly clock: Clock
  readonly health: Health
  readonly log: Logger
  /** Told, in words, when a newer version had changed the store. */
  readonly onReverted: (what: string) => void
}

/** What the broker remembers across restarts, as found on the disk, and the ledger through which it goes there. */
export class DurableMemory implements AsyncDisposable {
  readonly retained: Retained
  readonly counters: Counters
  readonly numbers: Numbers
  readonly time: SteadyClock
  readonly ledger: Ledger
  readonly pages: Pages
  readonly #store: Store
  readonly #began: number
  readonly #folder: string
  #backup: Promise<{ file: string; bytes: number }> | undefined
  #found: StoredSession[]

  constructor(store: Store, numbers: Numbers, found: StoredSession[], retained: Retained, parts: MemoryParts) {
    this.#store = store
    this.#found = found
    this.#folder = parts.folder
    this.#began = parts.clock.elapsed()
    this.retained = retained
    this.numbers = numbers
    this.counters = new Counters()
    this.time = new SteadyClock(parts.clock, numbers.time)
    const now = () => this.time.now()
    this.ledger = new Ledger(store, this.counters, numbers.message, now, (failure) => tell(parts.health, failure))
    this.pages = new Pages(store, this.ledger)
    this.#elapsed = () => parts.clock.elapsed()
  }

  readonly #elapsed: () => number

  /** Brings the sessions that were found back to life; call once. */
  restore(sessions: Sessions): void {
    for (const stored of this.#found) {
      const record = readSession(stored.record)
      sessions.restore(stored, record, (session) => stored.subscriptions.map((kept) => subscriptionOf(session, kept)))
    }
    this.#found = []
  }

  /** Bytes written to the device since the start, and what that makes in a day. */
  wear(): { storeBytesWritten: number; storeBytesPerDay: number } {
    const { written } = this.#store
    const elapsed = this.#elapsed() - this.#began
    return { storeBytesWritten: written, storeBytesPerDay: Math.round((written / Math.max(elapsed, 1)) * DAY) }
  }

  /** Copies everything that is kept to another file, while it goes on being used. The answer is its size, bytes. */
  backup(): Promise<{ file: string; bytes: number }> {
    this.#backup ??= this.#copied().finally(() => {
      this.#backup = undefined
    })
    return this.#backup
  }

  async #copied(): Promise<{ file: string; bytes: number }> {
    const file = join(this.#folder, BACKUP)
    try {
      return { file, bytes: await copyStore(join(this.#folder, FILE), file) }
    } catch (cause) {
      await rm(file, { force: true })
      throw new GatewayError("disk-failed", `${file} could not be written: check the disk for space`, { cause })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.ledger.close()
    await this.#store[Symbol.asyncDispose]()
  }
}

/** Reads what is kept in the folder. Rejects with `GatewayError("disk-failed")` when that is not possible at all. */
export async function openMemory(parts: MemoryParts): Promise<DurableMemory> {
  const isNew = (await mkdir(parts.folder, { recursive: true, mode: 0o700 })) !== undefined
  if (isNew) syncFolderOf(parts.folder)
  const retained = new Retained()
  const sessions: StoredSession[] = []
  const damage: string[] = []
  const { store, numbers } = await Store.open(join(parts.folder, FILE), {
    onSession: (session) => sessions.push(session),
    onRetained: (record) => retained.store(readMessage(record)),
    onReverted: parts.onReverted,
    onDamage: (what) => {
      damage.push(what)
      parts.log.error("the session store was damaged", { what: displayName(what) })
      parts.health.raise("store-damaged", summary(damage))
    },
  })
  return new DurableMemory(store, numbers, sessions, retained, parts)
}

/** The alarm stays until the next start that finds everything whole. */
function summary(damage: readonly string[]): string {
  const [first = ""] = damage
  return damage.length === 1 ? first : `${first}; and ${damage.length - 1} more, see the log`
}

function tell(health: Health, failure: Failure | undefined): void {
  if (failure === undefined) health.clear("session-store-failed")
  else health.raise("session-store-failed", failure.reason)
}

function subscriptionOf(session: Session, { filter, options }: { filter: string; options: number }): Subscription {
  const share = parseShare(filter)
  return {
    session,
    full: filter,
    filter: share?.filter ?? filter,
    group: share?.group,
    qos: (options & 3) as QoS,
    noLocal: (options & 4) !== 0,
    retainAsPublished: (options & 8) !== 0,
    identifier: options < 16 ? undefined : Math.floor(options / 16),
  }
}
