/** Loaded into the gateway's process before its own code: says, when asked, what the process really holds. */
import { setFlagsFromString, writeHeapSnapshot } from "node:v8"
import { runInNewContext } from "node:vm"

/** What is left after a collection of everything that can be collected, MiB. */
export interface Weight {
  /** Objects alive in the heap of JavaScript. */
  readonly heap: number
  /** What these hold outside of it: buffers, TLS contexts, sockets, as far as Node reports it. */
  readonly external: number
  /** What V8 has reserved for the heap; the difference to `heap` is slack. */
  readonly reserved: number
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

function weigh(): Weight {
  // the first finds the garbage, finalizers of which let go of more; the second takes that as well
  collect()
  collect()
  const { heapUsed, heapTotal, external, rss } = process.memoryUsage()
  return { heap: heapUsed / MIB, external: external / MIB, reserved: heapTotal / MIB, rss: rss / MIB }
}

process.on("message", ({ snapshot }: Question) => {
  const weight = weigh()
  if (snapshot !== undefined) writeHeapSnapshot(snapshot)
  process.send?.(weight)
})
process.channel?.unref()
