import { mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestContext } from "node:test"

/** A new folder of the test's own, removed after it. */
export function folderOf(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "gatehouse-"))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** The permission bits of a file, as in `0o600`. */
export function modeOf(path: string): number {
  return statSync(path).mode & 0o7777
}

export const isRoot = process.geteuid!() === 0
