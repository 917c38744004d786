/** Loaded into the gateway's process before its own code: says, when asked, what the process really holds. */
import { setFlagsFromString, writeHeapSnapshot } from "node:v8"
import { runInNewContext } from "node:vm"
import type { Worker } from "node:worker_threads"

/** What is left after a collection of everything that can be collected, MiB. */
export interface Weight {
  /** Objects alive in the heap of JavaScript. */
  readonly heap: number
  /** What these hold outside of it: buffers, TLS contexts, sockets, as far as Node reports it. */
  readonly external: number
  /** What V8 has reserved for the heap; the difference to `heap` is slack. */
  readonly reserved: number
  /** Objects alive in the heaps of its threads, and what V8 has reserved for those. */
  readonly threads: number
  readonly threadsReserved: number
  /** Pages in RAM. With `reserved` and `external` taken off, code and what the C allocator has not given back. */
  readonly rss: number
}

/** `snapshot` names a file to which the heap is written as well, to see what fills it. */
export interface Question {
  readonly snapshot?: string | undefined
}

const MIB = 1024 * 1024

setFlagsFromString("--expose-gc")
const collect = runInNewContext("gc") as () => void

const threads = new Set<Worker>()
process.on("worker", (worker) => {
  threads.add(worker)
  worker.once("exit", () => threads.delete(worker))
})

async function weigh(): Promise<Weight> {
  // the first finds the garbage, finalizers of which let go of more; the second takes that as well
  collect()
  collect()
  const all = await Promise.all([...threads].map(weighThread))
  const { heapUsed, heapTotal, external, rss } = process.memoryUsage()
  const sum = (of: "used" | "reserved") => all.reduce((total, thread) => total + thread[of], 0) / MIB
  return {
    heap: heapUsed / MIB,
    external: external / MIB,
    reserved: heapTotal / MIB,
    threads: sum("used"),
    threadsReserved: sum("reserved"),
    rss: rss / MIB,
  }
}

/** Bytes. Before it takes its snapshot, V8 collects all that can be collected; the snapshot itself is not read. */
async function weighThread(worker: Worker): Promise<{ used: number; reserved: number }> {
  const snapshot = await worker.getHeapSnapshot()
  snapshot.destroy()
  const { used_heap_size, total_heap_size } = await worker.getHeapStatistics()
  return { used: used_heap_size, reserved: total_heap_size }
}

process.on("message", async ({ snapshot }: Question) => {
  const weight = await weigh()
  if (snapshot !== undefined) writeHeapSnapshot(snapshot)
  process.send?.(weight)
})
process.channel?.unref()
