import { readFileSync, rmSync } from "node:fs"
import { type Slot, SYSTEM } from "./paths.ts"
import { compareVersions, isVersion } from "./version.ts"
import { writeWhole } from "./whole-file.ts"

/** What lies in a slot, as far as root has put or seen it there. */
export interface SlotRecord {
  readonly version: string
  /** It was healthy once: one can go back to it. */
  readonly proven: boolean
}

/** A start into another slot that has not been judged yet. */
export interface Trial {
  readonly request: string
  readonly kind: "install" | "roll-back"
  readonly from: string
  readonly to: string
  readonly slot: Slot
  /** False while the version is still being written. */
  readonly whole: boolean
  /** Set when the new version was given up, before going back. */
  readonly reason?: string
}

export interface LastUpdate {
  readonly from: string
  readonly to: string
  readonly outcome: "kept" | "fell-back" | "rolled-back"
  readonly message: string
  readonly at: string
}

const SLOTS = `${SYSTEM}/slots.json`
const TRIAL = `${SYSTEM}/trial.json`
const LAST = `${SYSTEM}/last-update.json`
const FLOOR = `${SYSTEM}/floor`

function load<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8"))
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw error
  }
}

const keep = (path: string, value: unknown) => writeWhole(path, `${JSON.stringify(value)}\n`)

export const loadSlots = () => load<Partial<Record<Slot, SlotRecord>>>(SLOTS) ?? {}
export const keepSlot = (slot: Slot, record: SlotRecord) => keep(SLOTS, { ...loadSlots(), [slot]: record })
export function forgetSlot(slot: Slot): void {
  const { [slot]: _gone, ...rest } = loadSlots()
  keep(SLOTS, rest)
}

export const loadTrial = () => load<Trial>(TRIAL)
export const keepTrial = (trial: Trial) => keep(TRIAL, trial)
export const endTrial = () => rmSync(TRIAL, { force: true })

export const loadLastUpdate = () => load<LastUpdate>(LAST)
export const keepLastUpdate = (update: LastUpdate) => keep(LAST, update)

/** The newest version this box has had in service; nothing older is installed. */
export function versionFloor(): string {
  try {
    const text = readFileSync(FLOOR, "utf8").trim()
    return isVersion(text) ? text : "0.0.0"
  } catch {
    return "0.0.0"
  }
}

export function raiseFloor(version: string): void {
  if (compareVersions(version, versionFloor()) > 0) writeWhole(FLOOR, `${version}\n`)
}
