import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs"
import { dirname } from "node:path"

/** Replaces a file by a whole one that survives a power cut from the moment this returns. */
export function writeWhole(path: string, text: string, mode = 0o644): void {
  const fresh = `${path}.new`
  const file = openSync(fresh, "w", mode)
  writeSync(file, text)
  fsyncSync(file)
  closeSync(file)
  renameSync(fresh, path)
  const folder = openSync(dirname(path), "r")
  fsyncSync(folder)
  closeSync(folder)
}
