import type { DatabaseSync, StatementSync } from "node:sqlite"
import { crc32 } from "node:zlib"
import { type OperationSink, type Place, replay } from "./operation.ts"
import { numberOf } from "./schema.ts"

/** Entries of ended sessions removed with one commit: nobody else's commit is to wait long for them. */
const BURIED_AT_ONCE = 500
/** Free pages given back to the file system with one idle commit. */
const PAGES_GIVEN_BACK = 256

const STATEMENTS = {
  session:
    "INSERT INTO sessions VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET record = excluded.record, crc = excluded.crc",
  endSession: "DELETE FROM sessions WHERE session = ?",
  endSubscriptions: "DELETE FROM subscriptions WHERE session = ?",
  endReceived: "DELETE FROM received WHERE session = ?",
  dig: "INSERT OR IGNORE INTO graves SELECT ?1 WHERE EXISTS (SELECT 1 FROM entries WHERE session = ?1)",
  grave: "SELECT session FROM graves LIMIT 1",
  dead: `SELECT sequence, message, bits FROM entries WHERE session = ? ORDER BY sequence LIMIT ${BURIED_AT_ONCE}`,
  closeGrave: "DELETE FROM graves WHERE session = ?",
  subscribe: `INSERT INTO subscriptions VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET options = excluded.options, crc = excluded.crc`,
  unsubscribe: "DELETE FROM subscriptions WHERE session = ? AND filter = ?",
  message: "INSERT OR REPLACE INTO messages VALUES (?, ?, ?)",
  owners: "INSERT OR REPLACE INTO owners VALUES (?, ?)",
  owe: "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?)",
  settle: "DELETE FROM entries WHERE session = ? AND sequence = ?",
  disown: "UPDATE owners SET count = count - 1 WHERE message = ? RETURNING count",
  aside: "INSERT INTO aside SELECT ?, record FROM messages WHERE message = ?",
  endOwners: "DELETE FROM owners WHERE message = ?",
  endMessage: "DELETE FROM messages WHERE message = ?",
  release: "UPDATE entries SET bits = bits | 48 WHERE session = ? AND sequence = ?",
  receive: "INSERT OR IGNORE INTO received VALUES (?, ?)",
  released: "DELETE FROM received WHERE session = ? AND packet = ?",
  retain:
    "INSERT INTO retained VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET record = excluded.record, crc = excluded.crc",
  unretain: "DELETE FROM retained WHERE topic = ?",
  fact: "INSERT OR REPLACE INTO facts VALUES (?, ?)",
} as const

type Statements = { readonly [name in keyof typeof STATEMENTS]: StatementSync }

/** The writing side of the store's file: one call, one transaction, on the disk when it returns. */
export class Database implements OperationSink {
  readonly #database: DatabaseSync
  readonly #run: Statements

  constructor(database: DatabaseSync) {
    this.#database = database
    const prepared = Object.entries(STATEMENTS).map(([name, sql]) => [name, database.prepare(sql)])
    this.#run = Object.fromEntries(prepared) as Statements
  }

  /** Applies operations in one transaction, all or none. Throws what SQLite throws. */
  commit(...parts: readonly Uint8Array[]): void {
    this.#transaction(() => {
      for (const part of parts) replay(part, this)
      this.#bury()
    })
  }

  /** Something is left to be cleared away. */
  get hasRest(): boolean {
    return this.#run.grave.get() !== undefined || numberOf(this.#database, "freelist_count") > 4 * PAGES_GIVEN_BACK
  }

  /** Clears a little of it away. Throws what SQLite throws. */
  clearRest(): void {
    this.#transaction(() => this.#bury())
    if (numberOf(this.#database, "freelist_count") > 4 * PAGES_GIVEN_BACK) {
      this.#database.exec(`PRAGMA incremental_vacuum(${PAGES_GIVEN_BACK})`)
    }
  }

  /** Keeps what can be read of damaged messages, and takes them out of their queue. Throws what SQLite throws. */
  setAside(damaged: readonly Place[]): void {
    this.#transaction(() => {
      for (const place of damaged) {
        this.#run.aside.run(`session ${place.session}, place ${place.sequence}`, place.message)
        this.settle(place)
      }
    })
  }

  #transaction(work: () => void): void {
    this.#database.exec("BEGIN IMMEDIATE")
    try {
      work()
      this.#database.exec("COMMIT")
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK")
      throw error
    }
  }

  // ---- OperationSink

  session(session: number, record: Buffer): void {
    this.#run.session.run(session, record, crc32(record))
  }

  endSession(session: number): void {
    this.#run.endSession.run(session)
    this.#run.endSubscriptions.run(session)
    this.#run.endReceived.run(session)
    this.#run.dig.run(session)
  }

  subscribe(session: number, filter: string, options: number): void {
    this.#run.subscribe.run(session, filter, options, subscriptionCrc(session, filter, options))
  }

  unsubscribe(session: number, filter: string): void {
    this.#run.unsubscribe.run(session, filter)
  }

  message(message: number, owners: number, record: Buffer): void {
    this.#run.message.run(message, record, crc32(record))
    if (owners > 1) this.#run.owners.run(message, owners)
  }

  owe(at: Place, bits: number, size: number, identifiers: readonly number[] | undefined): void {
    this.#run.owe.run(at.session, at.sequence, at.message, bits, size, identifiers?.join() ?? null)
  }

  settle({ session, sequence, message, shared }: Place): void {
    if (this.#run.settle.run(session, sequence).changes === 0) return
    if (shared) {
      const left = this.#run.disown.get(message)?.count
      if (typeof left === "number" && left > 0) return
      this.#run.endOwners.run(message)
    }
    this.#run.endMessage.run(message)
  }

  release(session: number, sequence: number): void {
    this.#run.release.run(session, sequence)
  }

  receive(session: number, packetId: number): void {
    this.#run.receive.run(session, packetId)
  }

  released(session: number, packetId: number): void {
    this.#run.released.run(session, packetId)
  }

  retain(topic: string, record: Buffer): void {
    this.#run.retain.run(topic, record, crc32(record))
  }

  unretain(topic: string): void {
    this.#run.unretain.run(topic)
  }

  time(now: number): void {
    this.#run.fact.run("time", now)
  }

  /** What ended sessions were still owed goes bit by bit: a queue may be long. */
  #bury(): void {
    const session = this.#run.grave.get()?.session
    if (typeof session !== "number") return
    const dead = this.#run.dead.all(session)
    for (const { sequence, message, bits } of dead) {
      const shared = (Number(bits) & 8) !== 0
      this.settle({ session, sequence: Number(sequence), message: Number(message), shared })
    }
    if (dead.length < BURIED_AT_ONCE) this.#run.closeGrave.run(session)
  }
}

/** Guards what stands in the columns themselves. */
export function subscriptionCrc(session: number, filter: string, options: number): number {
  return crc32(`${session}/${options}/${filter}`)
}
