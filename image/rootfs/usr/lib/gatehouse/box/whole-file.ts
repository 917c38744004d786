import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs"
import { dirname } from "node:path"

/** How the name of a file ends that is not whole yet: after a power cut, some are left. */
export const UNFINISHED = ".new"

/** Replaces a file by a whole one that survives a power cut from the moment this returns. */
export function writeWhole(path: string, text: string, mode = 0o644): void {
  // two programs may write the same file at a time
  const fresh = `${path}.${process.pid}${UNFINISHED}`
  const file = openSync(fresh, "w", mode)
  writeSync(file, text)
  fsyncSync(file)
  closeSync(file)
  renameSync(fresh, path)
  const folder = openSync(dirname(path), "r")
  fsyncSync(folder)
  closeSync(folder)
}
