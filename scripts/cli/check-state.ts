import { lstat, readdir, stat, statfs } from "node:fs/promises"
import { join } from "node:path"
import type { Finding } from "./finding.ts"

const MIB = 1024 * 1024
/** A gateway writes little, but what it cannot write it refuses. */
const TIGHT = 256 * MIB
const TOO_TIGHT = 64 * MIB

/** The state holds keys: nobody but its owner may come near. */
export async function privateState(state: string): Promise<Finding> {
  const check = "state directory"
  try {
    const open = await firstOpen(state)
    if (open === undefined) return { check, level: "ok", text: `${state} is its owner's alone` }
    const remedy = `run: chmod -R go= '${state}'`
    return { check, level: "fail", text: `${open} can be reached by more than its owner`, remedy }
  } catch (error) {
    return { check, level: "fail", text: unreadable(error), remedy: `name the right one with --state, or use sudo` }
  }
}

export async function freeSpace(state: string): Promise<Finding> {
  const check = "free space"
  try {
    const { bavail, bsize } = await statfs(state)
    const free = bavail * bsize
    const text = `${Math.floor(free / MIB)} MiB where the state lies`
    if (free >= TIGHT) return { check, level: "ok", text }
    const remedy = `make room on the file system of ${state}`
    return { check, level: free < TOO_TIGHT ? "fail" : "warn", text: `only ${text}`, remedy }
  } catch (error) {
    return {
      check,
      level: "fail",
      text: unreadable(error),
      remedy: "name the right directory with --state, or use sudo",
    }
  }
}

/** The first path, the directory itself foremost, with a right for group or others, or of another owner. */
async function firstOpen(state: string): Promise<string | undefined> {
  const { mode, uid } = await stat(state)
  if ((mode & 0o077) !== 0) return state
  for (const entry of await readdir(state, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    const found = await lstat(path).catch(() => undefined) // a running gateway replaces its files
    if (found !== undefined && ((found.mode & 0o077) !== 0 || found.uid !== uid)) return path
  }
  return undefined
}

function unreadable(error: unknown): string {
  return `it cannot be examined: ${error instanceof Error ? error.message : error}`
}
