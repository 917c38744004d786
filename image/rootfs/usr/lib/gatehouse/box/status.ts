import { readFileSync } from "node:fs"
import { currentNetwork } from "./network.ts"
import { compatibleWord, otherSlot, runningSlot, runningVersion, SYSTEM } from "./paths.ts"
import { loadLastUpdate, loadSlots, versionFloor } from "./record.ts"
import { writeWhole } from "./whole-file.ts"

const FORMAT = "gatehouse-root-status/1"
const DOWNTIME = `${SYSTEM}/downtime`

/** Tells the service what is installed and how the last update ended. */
export function keepStatus(): void {
  const slot = runningSlot()
  const slots = loadSlots()
  const other = slots[otherSlot(slot)]
  const lastUpdate = loadLastUpdate()
  const status = {
    format: FORMAT,
    version: runningVersion(),
    compatible: compatibleWord(),
    slot,
    trial: slots[slot]?.proven !== true,
    floor: versionFloor(),
    id: readFileSync("/etc/hostname", "utf8").trim().replace("gatehouse-", ""),
    other: {
      slot: otherSlot(slot),
      canRollBack: other?.proven === true,
      ...(other === undefined ? {} : { version: other.version }),
    },
    ...(lastUpdate === undefined ? {} : { lastUpdate }),
    expectedDowntimeSeconds: expectedDowntime(),
    network: currentNetwork(),
  }
  writeWhole(`${SYSTEM}/status.json`, `${JSON.stringify(status)}\n`)
}

/** Stopping takes the 20 s of DefaultTimeoutStopSec at most, U-Boot and the kernel are not in the uptime. */
const BEFORE_THE_KERNEL_SECONDS = 10

/** Remembers how long the start took, as the best estimate of the next one. */
export function keepDowntime(): void {
  writeWhole(DOWNTIME, `${Math.ceil(uptime()) + BEFORE_THE_KERNEL_SECONDS}\n`)
}

/** In seconds, of the kernel. */
export function uptime(): number {
  return Number(readFileSync("/proc/uptime", "utf8").split(" ")[0])
}

function expectedDowntime(): number {
  try {
    return Number(readFileSync(DOWNTIME, "utf8"))
  } catch {
    return 90
  }
}
