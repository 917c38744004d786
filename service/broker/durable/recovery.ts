import { existsSync, linkSync, renameSync, rmSync } from "node:fs"
import type { DatabaseSync } from "node:sqlite"
import { reasonOf } from "../../errors.ts"
import { setAsideTornJournal } from "./journal-tail.ts"
import { salvage } from "./salvage.ts"
import { keptOf, NewerFormat, openDatabase } from "./schema.ts"
import { syncFolderOf } from "./snapshot.ts"

/** SQLite's primary result codes for a file that is not what it should be (sqlite.org/rescode.html). */
const DAMAGED: ReadonlySet<number> = new Set([11, 26])

/** What a start reads in full; messages are read as they are needed. */
const READ_AT_START = ["facts", "sessions", "subscriptions", "entries", "received", "retained", "graves"]

/** Who hears in what state the file was, in words. */
export interface Hearer {
  /** Something was not whole; it lies aside. */
  onDamage(what: string): void
  /** A newer version had changed it. */
  onReverted(what: string): void
}

/**
 * Opens the store's file whatever state it is in. What cannot be read is kept aside under another name, everything
 * that is whole is carried over into a new file, and the hearer is told. Throws what the file system throws.
 */
export function openWhole(path: string, hearer: Hearer, steps?: readonly string[]): DatabaseSync {
  setAsideTornJournal(path, hearer.onDamage)
  let database: DatabaseSync | undefined
  try {
    database = openDatabase(path, steps)
    for (const table of READ_AT_START) database.prepare(`SELECT count(*) FROM ${table}`).get()
    return database
  } catch (error) {
    database?.close()
    if (error instanceof NewerFormat) return reverted(path, error, hearer)
    if (!isDamage(error)) throw error
    return repaired(path, reasonOf(error), hearer.onDamage)
  }
}

/** Puts the damaged file aside and opens a new one with everything that could be read of it. */
export function repaired(path: string, reason: string, onDamage: (what: string) => void): DatabaseSync {
  const kept = setAside(path, "damaged")
  const database = openDatabase(path)
  const found = salvage(kept, database)
  onDamage(`the store was damaged (${reason}); ${found}; the damaged file lies in ${kept}`)
  return database
}

/** The error says that the file is damaged. */
export function isDamage(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && DAMAGED.has(Number(error.errcode) & 0xff)
}

/** Back from a newer version: goes on with what that one kept of this one's store, or with an empty one. */
function reverted(path: string, error: NewerFormat, { onDamage, onReverted }: Hearer): DatabaseSync {
  const kept = keptOf(path, error.read)
  if (existsSync(kept)) {
    // with its journal, where SQLite left it: it would be taken for that of the store that takes its place
    const aside = existsSync(`${path}-wal`) ? setAside(path, "newer") : linked(path, keptOf(path, error.found))
    renameSync(kept, path)
    syncFolderOf(path)
    onReverted(`${path} is as it was before a newer version changed it; that one's is in ${aside}`)
  } else {
    const aside = setAside(path, "newer")
    onDamage(`the store was written by a newer version of the gateway (${error.message}); it lies in ${aside}`)
  }
  return openDatabase(path)
}

/** A second name for the file, so that at no moment there is none under the first. Answers it. */
function linked(path: string, name: string): string {
  rmSync(name, { force: true })
  linkSync(path, name)
  return name
}

/** Renames the file and what SQLite keeps beside it. Answers the new path. */
function setAside(path: string, why: string): string {
  const stamp = new Date().toISOString().replace(/[-:.]/g, "")
  const kept = `${path}.${why}-${stamp}`
  for (const end of ["", "-wal", "-shm"]) if (existsSync(path + end)) renameSync(path + end, kept + end)
  return kept
}
