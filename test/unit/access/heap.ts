import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

/** Bytes that live objects take, with the garbage gone. */
export function heapInUse(): number {
  setFlagsFromString("--expose-gc")
  const collect: () => void = runInNewContext("gc")
  collect()
  return process.memoryUsage().heapUsed
}
