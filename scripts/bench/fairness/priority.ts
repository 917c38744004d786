import { readdirSync } from "node:fs"
import { setPriority } from "node:os"

/** Before the others on a shared machine; needs the right to do so. */
const HIGH = -15

/**
 * The whole process goes before whatever else runs on the machine: the gateway has a machine of its own in reality.
 * False where that is not allowed; the figures then hold the machine's other work as well.
 */
export function prefer(pid: number): boolean {
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) setPriority(Number(thread), HIGH)
    return true
  } catch {
    return false
  }
}
