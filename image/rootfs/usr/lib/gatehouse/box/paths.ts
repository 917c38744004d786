import { readFileSync } from "node:fs"

/** Where things are on the box; docs/root-requests.md is the contract with the service. */
export const REQUESTS = "/var/lib/gatehouse/requests"
export const UPLOADS = "/var/lib/gatehouse/uploads"
/** Root's: what is in here the service can read and not write, but for the folders that are 0700. */
export const SYSTEM = "/var/lib/gatehouse-system"
export const ANSWERS = `${SYSTEM}/answers`
export const INCOMING = `${SYSTEM}/incoming`
export const NETWORK = `${SYSTEM}/network`
export const BOOT_STATE = "/usr/lib/gatehouse/boot-state"

/** `A` or `B`: where the running system was started from. */
export function runningSlot(): Slot {
  return readFileSync("/run/gatehouse/slot", "utf8").trim() === "B" ? "B" : "A"
}

export type Slot = "A" | "B"

export function otherSlot(slot: Slot): Slot {
  return slot === "A" ? "B" : "A"
}

/** The version that runs. */
export function runningVersion(): string {
  return JSON.parse(readFileSync("/usr/lib/gatehouse/package.json", "utf8")).version
}

/** The word a bundle must carry to be for this box. */
export function compatibleWord(): string {
  return /^compatible=(.+)$/m.exec(readFileSync("/etc/rauc/system.conf", "utf8"))?.[1] ?? ""
}
