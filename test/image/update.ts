import { createHash } from "node:crypto"
import { readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { run } from "../../scripts/image/run.ts"
import { built, LAYOUT, START_SECONDS } from "./appliance.ts"
import type { Machine } from "./machine.ts"

/** The card at the moment the box starts into an update for the first time, which request `request` asked for. */
export interface Trial {
  readonly disk: string
  readonly request: string
}

/** What a power cut leaves behind. */
export interface Cut {
  readonly disk: string
  /** How far the update was. */
  readonly moment: string
}

const CUTS = 20
const DURING_INSTALLATION = 10
/** A slot has 180 MB. */
const WRITTEN_BYTES = 14 << 20
const TRIAL_PROCESSOR_SECONDS = 8

/**
 * Follows an update from the moment it is asked for until the version is kept and freezes the card at twenty moments:
 * all that the guest has written by then stays in that file, and what it writes from then on goes to another.
 */
export class Cuts {
  readonly taken: Cut[] = []
  readonly #machine: Machine
  #disk: string

  constructor(machine: Machine) {
    this.#machine = machine
    this.#disk = machine.disk
  }

  async take(moment: string): Promise<Cut> {
    const cut = { disk: this.#disk, moment }
    this.#disk = join(this.#machine.folder, `../after-${this.taken.length + 1}.qcow2`)
    await this.#machine.qmp.run("stop")
    const target = { device: "disk", "snapshot-file": this.#disk, format: "qcow2" }
    await this.#machine.qmp.run("blockdev-snapshot-sync", target)
    await this.#machine.qmp.run("cont")
    this.taken.push(cut)
    return cut
  }

  /** Answers the cut at which the box starts into the new version. */
  async along(): Promise<Cut> {
    const machine = this.#machine
    const from = machine.console.length
    await this.#duringInstallation(from)
    const trial = await this.take("as U-Boot has read the boot state")
    await machine.says(/starting slot B/, START_SECONDS, from)
    await this.take("as U-Boot has counted the trial")
    await machine.says(/Starting kernel/, START_SECONDS, from)
    await this.take("as the new kernel starts")
    await machine.says(/gatehouse: slot B, data on/, START_SECONDS, from)
    await this.#duringTrial()
    await this.take("as the new version answers")
    await machine.says(/gatehouse: version \S+ in slot B is healthy/, START_SECONDS, from)
    await this.take("as the new version is kept")
    return trial
  }

  async #duringInstallation(from: number): Promise<void> {
    await this.take("as the installation is asked for")
    const restarts = () => /gatehouse: boot state/.test(this.#machine.console.slice(from))
    const began = await this.#written()
    for (let last = began; !restarts(); await sleep(250)) {
      const now = await this.#written()
      if (now - last < WRITTEN_BYTES || this.taken.length >= DURING_INSTALLATION) continue
      await this.take(`with ${(now - began) >> 20} MiB written`)
      last = await this.#written()
    }
  }

  async #duringTrial(): Promise<void> {
    const machine = this.#machine
    let healthy = false
    const answer = machine.healthy(START_SECONDS).then(() => {
      healthy = true
    })
    const began = machine.processorSeconds
    for (let last = began; !healthy; await Promise.race([answer, sleep(500)])) {
      if (this.taken.length >= CUTS - 2 || machine.processorSeconds - last < TRIAL_PROCESSOR_SECONDS) continue
      last = machine.processorSeconds
      await this.take(`${Math.round(last - began)} s of one core into the trial`)
    }
  }

  /** Bytes the guest has written to the card. */
  async #written(): Promise<number> {
    const devices = (await this.#machine.qmp.run("query-blockstats")) as {
      readonly device: string
      readonly stats: { readonly wr_bytes: number }
    }[]
    return devices.find(({ device }) => device === "disk")?.stats.wr_bytes ?? 0
  }
}

export function hashOf(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex")
}

/** Of as many bytes of a slot as the version in it has. */
export function slotHash(disk: string, slot: "A" | "B"): string {
  const length = readFileSync(built(slot === "A" ? "base" : "update", "slot")).length
  const { start } = slot === "A" ? LAYOUT.a : LAYOUT.b
  const raw = `${disk}.slot`
  // qemu-img counts blocks from the start of the disk, before it skips
  const range = [`skip=${start / 4096}`, `count=${(start + length) / 4096}`]
  run("qemu-img", ["dd", "-f", "qcow2", "-O", "raw", "bs=4096", `if=${disk}`, `of=${raw}`, ...range])
  const hash = createHash("sha256").update(readFileSync(raw).subarray(0, length)).digest("hex")
  rmSync(raw)
  return hash
}
