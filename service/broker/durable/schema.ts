import { closeSync, constants, openSync, renameSync, rmSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { copyDatabase, syncFolderOf } from "./snapshot.ts"

/** "gate", in the file's header: says whose file it is. */
const APPLICATION = 0x67617465

/** Pages in the journal before they are moved to the database: the more, the more often one write does for several. */
const CHECKPOINT_PAGES = 4000

const TABLES = `
  CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value REAL NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS sessions (session INTEGER PRIMARY KEY, record BLOB NOT NULL, crc INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS subscriptions (session INTEGER NOT NULL, filter TEXT NOT NULL, options INTEGER NOT NULL,
    crc INTEGER NOT NULL, PRIMARY KEY (session, filter)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS messages (message INTEGER PRIMARY KEY, record BLOB NOT NULL, crc INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS owners (message INTEGER PRIMARY KEY, count INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS entries (session INTEGER NOT NULL, sequence INTEGER NOT NULL, message INTEGER NOT NULL,
    bits INTEGER NOT NULL, size INTEGER NOT NULL, identifiers TEXT, PRIMARY KEY (session, sequence)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS received (session INTEGER NOT NULL, packet INTEGER NOT NULL,
    PRIMARY KEY (session, packet)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS retained (topic TEXT PRIMARY KEY, record BLOB NOT NULL, crc INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS graves (session INTEGER PRIMARY KEY);
  CREATE TABLE IF NOT EXISTS aside (origin TEXT NOT NULL, record BLOB NOT NULL);
`

/**
 * Step n makes a store of format n + 1 of one of format n. As many as there are is the format this version reads and
 * writes; it stands in the file as SQLite's `user_version`.
 */
const STEPS: readonly string[] = [TABLES]

/** The file was written by a version of the gateway that came after this one. */
export class NewerFormat extends Error {
  readonly found: number
  readonly read: number

  constructor(found: number, read: number) {
    super(`format ${found}, this version of the gateway reads ${read}`)
    this.found = found
    this.read = read
  }
}

/** Where the store is kept in another format: for the version that falls back, or is tried once more. */
export function keptOf(path: string, format: number): string {
  return `${path}.format-${format}`
}

/**
 * Opens the store's file, making it when it is not there. A message that was committed is on the disk: the journal is
 * synced with every commit (WAL, synchronous FULL). A store of an earlier format is kept as it is beside the file, and
 * then raised. Throws `NewerFormat`, and what SQLite throws for a damaged file or a full disk.
 */
export function openDatabase(path: string, steps: readonly string[] = STEPS): DatabaseSync {
  // SQLite itself takes what the umask leaves; its journal gets the mode that the file has
  closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600))
  const database = new DatabaseSync(path, { timeout: 5000 })
  try {
    const format = numberOf(database, "user_version")
    if (format > steps.length) throw new NewerFormat(format, steps.length)
    database.exec("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
    database.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; PRAGMA foreign_keys = OFF`)
    if (format < steps.length) {
      if (format > 0) keep(path, keptOf(path, format))
      const raise = steps.slice(format).join("")
      const mark = `PRAGMA application_id = ${APPLICATION}; PRAGMA user_version = ${steps.length}`
      database.exec(`BEGIN; ${raise} ${mark}; COMMIT`)
    }
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** A whole copy or none, on the disk. */
function keep(path: string, kept: string): void {
  const partial = `${kept}.partial`
  try {
    copyDatabase(path, partial)
  } catch (error) {
    rmSync(partial, { force: true })
    throw error
  }
  renameSync(partial, kept)
  syncFolderOf(kept)
}

/** The value of a PRAGMA that answers with one number. */
export function numberOf(database: DatabaseSync, pragma: string): number {
  const row = database.prepare(`PRAGMA ${pragma}`).get()
  return Number(Object.values(row ?? {})[0] ?? 0)
}
