import { chmodSync, closeSync, fsyncSync, openSync, rmSync, statSync } from "node:fs"
import { dirname } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { isMainThread, Worker, workerData } from "node:worker_threads"

/**
 * Copies the store's file as it stands at this moment, while it is written to, in a thread of its own: commits go on
 * meanwhile. Resolves with the bytes of the copy, which is on the disk then; rejects with what SQLite says.
 */
export function copyStore(from: string, to: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const worker = new Worker(new URL(import.meta.url), { workerData: { from, to }, name: "backup" })
  worker.once("error", reject)
  worker.once("exit", () => resolve(statSync(to).size))
  return promise
}

/** The same, in this thread. Throws what SQLite throws. */
export function copyDatabase(from: string, to: string): void {
  rmSync(to, { force: true })
  const database = new DatabaseSync(from, { readOnly: true })
  try {
    database.prepare("VACUUM INTO ?").run(to)
  } finally {
    database.close()
  }
  chmodSync(to, 0o600)
  sync(to)
}

/** The names in the folder of a file are on the disk. */
export function syncFolderOf(path: string): void {
  sync(dirname(path))
}

function sync(path: string): void {
  const descriptor = openSync(path, "r")
  fsyncSync(descriptor)
  closeSync(descriptor)
}

if (!isMainThread && workerData?.from !== undefined) copyDatabase(workerData.from, workerData.to)
