import { readFileSync } from "node:fs"

/** Linux counts processor time in hundredths of a second towards programs, whatever the kernel's own tick is. */
const TICK_MICROSECONDS = 10_000

/** Processor time a process has used so far, all threads, user and kernel, microseconds. */
export function processorTime(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
  // the program's name stands in parentheses and may itself hold blanks and parentheses
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROSECONDS
}

/** Memory of a process that is in RAM (VmRSS), KiB. */
export function residentMemory(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "latin1")
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN)
}

/** Milliseconds that the process's main thread has stood in the queue for a processor so far. */
export function processorWait(pid: number): number {
  return waitOf(`/proc/${pid}/task/${pid}/schedstat`)
}

/** The same for the thread that asks. */
export function ownProcessorWait(): number {
  return waitOf("/proc/thread-self/schedstat")
}

function waitOf(path: string): number {
  try {
    return Number(readFileSync(path, "latin1").split(" ")[1]) / 1e6
  } catch {
    return 0
  }
}

/** "AMD EPYC, 2 cores": what the figures were measured on. */
export function processorModel(): string {
  const info = readFileSync("/proc/cpuinfo", "latin1")
  const model = /^(?:model name|Model)\s*:\s*(.+)$/m.exec(info)?.[1] ?? "unknown processor"
  const cores = info.match(/^processor\s*:/gm)?.length ?? 1
  return `${model.trim()}, ${cores} core${cores === 1 ? "" : "s"}`
}
