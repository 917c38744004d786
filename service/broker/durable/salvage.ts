import { DatabaseSync, type SQLOutputValue } from "node:sqlite"
import { reasonOf } from "../../errors.ts"

/** Every table that holds what clients rely on, its key first. */
const TABLES = {
  facts: ["name", "value"],
  sessions: ["session", "record", "crc"],
  subscriptions: ["session", "filter", "options", "crc"],
  messages: ["message", "record", "crc"],
  owners: ["message", "count"],
  entries: ["session", "sequence", "message", "bits", "size", "identifiers"],
  received: ["session", "packet"],
  retained: ["topic", "record", "crc"],
} as const
/** How many of the columns are the key. */
const KEYS: Readonly<Record<string, number>> = { subscriptions: 2, entries: 2, received: 2 }

type Values = SQLOutputValue[]

/** Makes the salvaged tables agree with each other again. */
const AGREE = `
  DELETE FROM entries WHERE message NOT IN (SELECT message FROM messages);
  DELETE FROM messages WHERE message NOT IN (SELECT message FROM entries);
  DELETE FROM owners;
  INSERT INTO owners SELECT message, count(*) FROM entries GROUP BY message HAVING count(*) > 1;
`

/** Copies everything readable out of a damaged file. Answers in words what was found. */
export function salvage(path: string, into: DatabaseSync): string {
  let damaged: DatabaseSync
  try {
    damaged = new DatabaseSync(path)
    damaged.prepare("SELECT count(*) FROM sqlite_schema").get()
  } catch (error) {
    return `nothing in it could be read (${reasonOf(error)})`
  }
  const counts: string[] = []
  into.exec("BEGIN")
  try {
    for (const [table, columns] of Object.entries(TABLES)) {
      const count = copyTable(damaged, into, table, columns)
      if (count > 0) counts.push(`${count} ${table}`)
    }
    into.exec(AGREE)
    into.exec("COMMIT")
  } catch (error) {
    into.exec("ROLLBACK")
    throw error
  } finally {
    damaged.close()
  }
  return counts.length === 0 ? "nothing in it could be read" : `carried over: ${counts.join(", ")}`
}

/** From both ends of the table up to what cannot be read. Answers how many rows. */
function copyTable(damaged: DatabaseSync, into: DatabaseSync, table: string, columns: readonly string[]): number {
  const marks = columns.map(() => "?").join(", ")
  const insert = into.prepare(`INSERT OR IGNORE INTO ${table} VALUES (${marks})`)
  const key = columns.slice(0, KEYS[table] ?? 1)
  let count = 0
  for (const direction of ["ASC", "DESC"]) {
    const order = key.map((column) => `${column} ${direction}`).join(", ")
    try {
      const rows = damaged.prepare(`SELECT ${columns.join(", ")} FROM ${table} ORDER BY ${order}`)
      rows.setReturnArrays(true)
      for (const row of rows.iterate() as unknown as Iterable<Values>) count += Number(insert.run(...row).changes)
      break // all of it in one go
    } catch {
      // the damage begins here; the other end may still be whole
    }
  }
  return count
}
