/** A good update, with the power cut twenty times on its way; then back to the version before. */
import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { run } from "../../scripts/image/run.ts"
import {
  act,
  apiStatus,
  appliance,
  built,
  isOver,
  LAYOUT,
  NEXT_VERSION,
  readyMachine,
  START_SECONDS,
  scratch,
  started,
  toldOnce,
  upload,
  VERSION,
} from "./appliance.ts"
import type { Machine } from "./machine.ts"

const CUTS = 20
/** Of the cuts, how many are followed by a whole start; the others by what U-Boot alone decides. */
const WHOLE_STARTS = 4
const DURING_INSTALLATION = 10
const INSTALLING_MS = 6000
const TRIAL_MS = 8000

interface Cut {
  readonly disk: string
  /** How far the update was. */
  readonly moment: string
}

test("a good update commits, survives the power being cut at any moment, and can be rolled back", {
  timeout: 10_800_000,
}, async (t) => {
  const machine = await readyMachine(t, "update")
  const began = performance.now()
  const checked = await upload(machine, built("update", "raucb"))
  assert.equal(checked.state, "done", checked.message)
  const cuts = await cutAlong(machine, await act(machine, "install"))
  t.diagnostic(`installed, tried and kept in ${Math.round((performance.now() - began) / 1000)} s; ${cuts.length} cuts`)

  await t.test("the new version answers with its number, and everything is still there", async () => {
    assert.deepEqual(await apiStatus(machine).then(({ version, claimed }) => ({ version, claimed })), {
      version: NEXT_VERSION,
      claimed: true,
    })
    const { slot, trial, floor, other, lastUpdate } = await appliance(machine)
    assert.deepEqual([slot, trial, floor, lastUpdate.outcome], ["B", false, NEXT_VERSION, "kept"])
    assert.deepEqual(other, { slot: "A", version: VERSION, canRollBack: true })
  })

  await t.test(
    "an older version is refused from now on, but one can go back to the one that was in service",
    async () => {
      const id = await act(machine, "roll-back")
      const { state, message } = await toldOnce(machine, id, isOver, START_SECONDS)
      assert.equal(state, "done", message)
      const { slot, version, floor, lastUpdate } = await appliance(machine)
      assert.deepEqual([slot, version, floor, lastUpdate.outcome], ["A", VERSION, NEXT_VERSION, "rolled-back"])
      assert.equal((await apiStatus(machine)).version, VERSION)
    },
  )
  await machine.cutPower()

  const whole = { A: hashOf(built("base", "slot")), B: hashOf(built("update", "slot")) }
  for (const [index, cut] of cuts.entries()) {
    await t.test(`cut ${index + 1}, ${cut.moment}: U-Boot starts a whole version`, async (t) => {
      const copy = await judged(t, cut)
      const [, slot = ""] = await copy.says(/gatehouse: starting slot ([AB])[\s\S]*Starting kernel/, 600)
      await copy.cutPower()
      assert.ok(slot === "A" || slot === "B")
      assert.equal(slotHash(cut.disk, slot), whole[slot], `slot ${slot} is not whole`)
    })
  }
  for (const index of spread(cuts.length, WHOLE_STARTS)) {
    const cut = cuts[index]!
    await t.test(
      `cut ${index + 1}, ${cut.moment}: the box starts, in service, with one of the two versions`,
      async (t) => {
        const copy = await judged(t, cut)
        await copy.healthy(START_SECONDS)
        const { version, claimed } = await apiStatus(copy)
        assert.ok([VERSION, NEXT_VERSION].includes(version), version)
        assert.equal(claimed, true)
        await copy.cutPower()
      },
    )
  }
})

/**
 * Copies the disk of the paused machine again and again until the update is over: each copy is what a power cut at
 * that moment leaves behind, as everything the guest has written is in the file.
 */
async function cutAlong(machine: Machine, id: string): Promise<Cut[]> {
  const cuts: Cut[] = []
  const take = async (moment: string) => {
    const disk = join(machine.folder, `../cut-${cuts.length + 1}.qcow2`)
    await machine.qmp.run("stop")
    copyFileSync(machine.disk, disk)
    await machine.qmp.run("cont")
    cuts.push({ disk, moment })
  }
  const from = machine.console.length
  const restarts = () => /gatehouse: boot state/.test(machine.console.slice(from))
  while (!restarts()) {
    if (cuts.length < DURING_INSTALLATION) await take("during the installation")
    await sleep(INSTALLING_MS)
  }
  await take("as U-Boot has read the boot state")
  await machine.says(/starting slot B/, 300, from)
  await take("as U-Boot has counted the trial")
  await machine.says(/Starting kernel/, 300, from)
  await take("as the new kernel starts")
  await machine.says(/gatehouse: slot B, data on/, START_SECONDS, from)
  const isKept = () => /is healthy/.test(machine.console.slice(from))
  while (!isKept()) {
    if (cuts.length < CUTS - 2) await take("during the trial")
    await sleep(TRIAL_MS)
  }
  while (cuts.length < CUTS) await take("as the new version is kept")
  const answer = await toldOnce(machine, id, isOver, 300)
  assert.equal(answer.state, "done", answer.message)
  return cuts
}

async function judged(t: Parameters<typeof started>[0], { disk }: Cut): Promise<Machine> {
  const folder = scratch("cut")
  const copy = join(folder, "disk.qcow2")
  copyFileSync(disk, copy)
  return await started(t, folder, copy)
}

/** `count` of `length` places, the first and the last among them. */
function spread(length: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => Math.round((index * (length - 1)) / (count - 1)))
}

function hashOf(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex")
}

/** Of as many bytes of a slot as the version in it has. */
function slotHash(disk: string, slot: "A" | "B"): string {
  const length = readFileSync(built(slot === "A" ? "base" : "update", "slot")).length
  const { start } = slot === "A" ? LAYOUT.a : LAYOUT.b
  const raw = `${disk}.slot`
  const blocks = [`skip=${start / 4096}`, `count=${length / 4096}`]
  run("qemu-img", ["dd", "-f", "qcow2", "-O", "raw", "bs=4096", `if=${disk}`, `of=${raw}`, ...rangeOf(blocks)])
  const hash = createHash("sha256").update(readFileSync(raw).subarray(0, length)).digest("hex")
  rmSync(raw)
  return hash
}

/** qemu-img counts blocks from the start of the disk, before it skips. */
function rangeOf([skip, count]: readonly string[]): string[] {
  const number = (text: string) => Number(text.split("=")[1])
  return [skip!, `count=${number(skip!) + number(count!)}`]
}

test("what a cut is judged by can fail: a slot with one byte changed is not whole", () => {
  const folder = scratch("judge")
  const path = join(folder, "slot")
  const bytes = readFileSync(built("base", "slot"))
  bytes[bytes.length - 1]! ^= 1
  writeFileSync(path, bytes)
  assert.notEqual(hashOf(path), hashOf(built("base", "slot")))
})
