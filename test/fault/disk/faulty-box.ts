import { execFileSync } from "node:child_process"
import { openSync, writeFileSync, writeSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { Box } from "../../integration/durable/box.ts"
import type { Place } from "../../support/process.ts"

/** Linux's numbers (errno(3)). */
export const Errno = { EIO: 5, ENOSPC: 28, EROFS: 30 } as const
/** Added to one of them: syncs fail, writes do not. */
export const SYNC_ONLY = 1000

/** A box whose disk and wall clock can be made to fail while the gateway runs. */
export interface FaultyBox {
  readonly box: Box
  /** From now on writes to the state directory fail with this; 0: no longer. */
  fail(errno: number): void
  /** The wall clock is off by this many seconds. */
  setClock(seconds: number): void
}

export async function faultyBox(config: Readonly<Record<string, unknown>> = {}): Promise<FaultyBox> {
  let control = -1
  const box = await Box.open(config, (place) => {
    const file = join(place.folder, "control")
    writeFileSync(file, Buffer.alloc(16))
    control = openSync(file, "r+")
    return { LD_PRELOAD: compiled(place), FAULT_FOLDER: place.state, FAULT_CONTROL: file }
  })
  const set = (value: number, at: number) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64LE(BigInt(value))
    writeSync(control, bytes, 0, 8, at)
  }
  return { box, fail: (errno) => set(errno, 0), setClock: (seconds) => set(seconds, 8) }
}

/** Resolves once the gateway has, or no longer has, this alarm. */
export async function alarm(box: Box, condition: string, isRaised: boolean): Promise<void> {
  for (const until = performance.now() + 15_000; performance.now() < until; await delay(50)) {
    const { alarms } = await box.api.get("/status")
    if (alarms.some((found: { condition: string }) => found.condition === condition) === isRaised) return
  }
  throw new Error(`the alarm ${condition} is ${isRaised ? "not raised" : "still there"}`)
}

function compiled(place: Place): string {
  const library = join(place.folder, "faults.so")
  const source = new URL("./faults.c", import.meta.url).pathname
  execFileSync("cc", ["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, source, "-ldl"])
  return library
}
