import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** What the device's flash holds: two slots, one of them in use, and one small page that is replaced as a whole. */

export const OBJECTS = ["ca", "chain", "cfg"] as const
export type ObjectName = (typeof OBJECTS)[number]

/** The page. */
export interface Page {
  readonly uid: string
  readonly active: { readonly slot: Slot; readonly sha: string } | undefined
  readonly pending: { readonly slot: Slot; readonly job: string; readonly cn: string } | undefined
  /** Of the pending slot. */
  readonly objects: Readonly<Partial<Record<ObjectName, { readonly tag: string; readonly length: number }>>>
}

export type Slot = "a" | "b"

/** The state folder. Everything is written before it is answered for, as firmware would. */
export class Storage {
  readonly folder: string
  #page: Page

  /** Opens the folder, and makes it for a new device. */
  constructor(folder: string, uid: string) {
    this.folder = folder
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    this.#page = this.#read() ?? { uid, active: undefined, pending: undefined, objects: {} }
    this.replace(this.#page)
  }

  get page(): Page {
    return this.#page
  }

  /** One write that a power cut cannot tear. */
  replace(page: Page): void {
    const path = join(this.folder, "page.json")
    writeFileSync(`${path}.new`, JSON.stringify(page), { mode: 0o600 })
    renameSync(`${path}.new`, path)
    this.#page = page
  }

  /** Empties the slot that is not in use, and answers which it is. */
  freshSlot(): Slot {
    const slot = this.#page.active?.slot === "a" ? "b" : "a"
    rmSync(join(this.folder, slot), { recursive: true, force: true })
    mkdirSync(join(this.folder, slot), { mode: 0o700 })
    return slot
  }

  write(slot: Slot, file: string, bytes: Buffer | string): void {
    writeFileSync(join(this.folder, slot, file), bytes, { mode: 0o600 })
  }

  append(slot: Slot, file: string, bytes: Buffer): void {
    appendFileSync(join(this.folder, slot, file), bytes)
  }

  read(slot: Slot, file: string): Buffer {
    return readFileSync(join(this.folder, slot, file))
  }

  /** Bytes written of an object so far. */
  stored(slot: Slot, file: string): number {
    return statSync(join(this.folder, slot, file), { throwIfNoEntry: false })?.size ?? 0
  }

  #read(): Page | undefined {
    try {
      return JSON.parse(readFileSync(join(this.folder, "page.json"), "utf8"))
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined
      throw error
    }
  }
}
