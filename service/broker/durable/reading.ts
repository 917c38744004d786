import type { DatabaseSync, SQLOutputValue } from "node:sqlite"
import { crc32 } from "node:zlib"
import { subscriptionCrc } from "./database.ts"

/** One entry of a session's queue with its message, as it comes from the disk. */
export interface StoredEntry {
  readonly sequence: number
  readonly message: number
  readonly bits: number
  readonly identifiers: readonly number[] | undefined
  /** undefined: the message is missing or damaged. */
  readonly record: Uint8Array | undefined
}

export interface StoredSession {
  readonly session: number
  readonly record: Uint8Array
  readonly subscriptions: readonly { readonly filter: string; readonly options: number }[]
  /** Packet identifiers of QoS 2 messages received and not released. */
  readonly received: readonly number[]
  /** Entries in the queue, their bytes, and the number of the last. */
  readonly count: number
  readonly bytes: number
  readonly last: number
}

export interface StoredRetained {
  readonly topic: string
  /** undefined: damaged. */
  readonly record: Uint8Array | undefined
}

export interface Numbers {
  /** Highest numbers in use. */
  readonly session: number
  readonly message: number
  /** The broker's time when it last said so; 0: never. */
  readonly time: number
}

type Row = Record<string, SQLOutputValue>

const PAGE = `SELECT sequence, message, bits, identifiers, record, crc FROM entries LEFT JOIN messages USING (message)
  WHERE session = ? AND sequence > ? ORDER BY sequence LIMIT ?`

/** The reading side of the store's file. Every record is checked; `onDamage` is told of those that fail. */
export class Reading {
  readonly #database: DatabaseSync
  readonly #onDamage: (what: string) => void

  constructor(database: DatabaseSync, onDamage: (what: string) => void) {
    this.#database = database
    this.#onDamage = onDamage
  }

  /** Up to `limit` entries of a session behind the place `after`, in order. */
  page(session: number, after: number, limit: number): StoredEntry[] {
    return this.#all(PAGE, session, after, limit).map((row) => {
      const whole = row.record instanceof Uint8Array && crc32(row.record) === row.crc
      if (!whole) this.#onDamage(`a message that waited for session ${session}`)
      return {
        sequence: Number(row.sequence),
        message: Number(row.message),
        bits: Number(row.bits),
        identifiers: typeof row.identifiers === "string" ? row.identifiers.split(",").map(Number) : undefined,
        record: whole ? (row.record as Uint8Array) : undefined,
      }
    })
  }

  numbers(): Numbers {
    const highest = (sql: string) => Number(this.#all(sql)[0]?.highest ?? 0)
    return {
      session: Math.max(
        highest("SELECT max(session) AS highest FROM sessions"),
        highest("SELECT max(session) AS highest FROM entries"),
      ),
      message: Math.max(
        highest("SELECT max(message) AS highest FROM messages"),
        highest("SELECT max(message) AS highest FROM entries"),
      ),
      time: highest("SELECT value AS highest FROM facts WHERE name = 'time'"),
    }
  }

  /** All sessions that are whole, with what belongs to them, but for the queued messages themselves. */
  sessions(): StoredSession[] {
    const subscriptions = this.#subscriptions()
    const received = Map.groupBy(this.#all("SELECT session, packet FROM received"), ({ session }) => session)
    const queues = this.#queues()
    return this.#whole("SELECT session, record, crc FROM sessions", "a session").map((row) => {
      const { session } = row
      const queue = queues.get(session ?? null)
      return {
        session: Number(session),
        record: row.record as Uint8Array,
        subscriptions: subscriptions.get(session ?? null) ?? [],
        received: received.get(session as number)?.map(({ packet }) => Number(packet)) ?? [],
        count: Number(queue?.count ?? 0),
        bytes: Number(queue?.bytes ?? 0),
        last: Number(queue?.last ?? 0),
      }
    })
  }

  /** The retained messages behind this topic, at most `limit`, by topic. */
  retained(after: string | null, limit: number): StoredRetained[] {
    const where = after === null ? "" : "WHERE topic > ?"
    const sql = `SELECT topic, record, crc FROM retained ${where} ORDER BY topic LIMIT ?`
    return this.#all(sql, ...(after === null ? [limit] : [after, limit])).map((row) => {
      const whole = row.record instanceof Uint8Array && crc32(row.record) === row.crc
      if (!whole) this.#onDamage(`the retained message of ${String(row.topic)}`)
      return { topic: String(row.topic), record: whole ? (row.record as Uint8Array) : undefined }
    })
  }

  /** Sessions that are owed something but are not there any more. */
  orphans(): number[] {
    return this.#all("SELECT DISTINCT session FROM entries WHERE session NOT IN (SELECT session FROM sessions)").map(
      ({ session }) => Number(session),
    )
  }

  #subscriptions(): Map<SQLOutputValue, { filter: string; options: number }[]> {
    const bySession = new Map<SQLOutputValue, { filter: string; options: number }[]>()
    for (const row of this.#all("SELECT session, filter, options, crc FROM subscriptions")) {
      const [session, filter, options] = [Number(row.session), String(row.filter), Number(row.options)]
      if (subscriptionCrc(session, filter, options) !== row.crc) {
        this.#onDamage(`a subscription of session ${session}`)
        continue
      }
      const list = bySession.get(session)
      if (list === undefined) bySession.set(session, [{ filter, options }])
      else list.push({ filter, options })
    }
    return bySession
  }

  #queues(): Map<SQLOutputValue, Row> {
    const sql = `SELECT session, count(*) AS count, sum(size) AS bytes, max(sequence) AS last FROM entries GROUP BY session`
    return new Map(this.#all(sql).map((row) => [row.session ?? null, row]))
  }

  #whole(sql: string, what: string): Row[] {
    return this.#all(sql).filter((row) => {
      const whole = row.record instanceof Uint8Array && crc32(row.record) === row.crc
      if (!whole) this.#onDamage(`${what} (number ${String(row.session)})`)
      return whole
    })
  }

  #all(sql: string, ...values: (string | number)[]): Row[] {
    return this.#database.prepare(sql).all(...values) as Row[]
  }
}
