import { median } from "./figures.ts"
import type { Gatehouse } from "./gatehouse.ts"
import { Client, type Door } from "./load/client.ts"
import { monotonic } from "./many.ts"
import { processorTime, residentMemory } from "./process-stat.ts"

export interface StartUp {
  /** From spawn to the first CONNACK, milliseconds. */
  readonly milliseconds: number
  /** Processor time by then, milliseconds. */
  readonly processor: number
  /** RAM two seconds later, KiB. */
  readonly resident: number
}

const SETTLE_MS = 2000

/** Starts the gateway `times` times and stops it again; the medians. */
export async function startUp(
  open: () => Promise<Pick<Gatehouse, "pid" | keyof AsyncDisposable>>,
  door: () => Door,
  times: number,
): Promise<StartUp> {
  const starts: StartUp[] = []
  for (let i = 0; i < times; i++) {
    const began = monotonic()
    await using running = await open()
    const client = await Client.connect(door(), 0, "first", 4)
    const [milliseconds, processor] = [monotonic() - began, processorTime(running.pid) / 1000]
    await client.close()
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
    starts.push({ milliseconds, processor, resident: residentMemory(running.pid) })
    process.stderr.write(".")
  }
  return {
    milliseconds: median(starts.map((start) => start.milliseconds)),
    processor: median(starts.map((start) => start.processor)),
    resident: median(starts.map((start) => start.resident)),
  }
}
