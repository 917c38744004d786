/**
 * Updates that were signed by us and do not work: the box is back on the good version by itself, and says why. Each goes
 * on from the card of update.test.ts at the moment the box starts into the update, with a broken one written over it.
 */
import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import {
  apiStatus,
  appliance,
  CASE,
  cardOn,
  flipBit,
  isOver,
  LAYOUT,
  left,
  NEXT_VERSION,
  powered,
  START_SECONDS,
  scratch,
  toldOnce,
  VERSION,
  writeTo,
} from "./appliance.ts"
import { type FAULTS, faultySlot } from "./broken.ts"
import type { Machine } from "./machine.ts"
import type { Trial } from "./update.ts"

const NOT_STARTED = /was given up: it did not start in three attempts/
const FAILURES: Readonly<Record<keyof typeof FAULTS, RegExp>> = {
  exits: /was given up: the gateway ended 5 times, the last time with status 1/,
  panics: NOT_STARTED,
  hangs: NOT_STARTED,
}

/** Side by side: for most of its time a machine that hangs does nothing. */
test("a bad update falls back by itself", { ...CASE, concurrency: 2 }, async (t) => {
  const failures = Object.entries(FAILURES) as [keyof typeof FAULTS, RegExp][]
  const cases = failures.reverse().map(([fault, reason]) =>
    t.test(`one that ${fault}`, CASE, async (t) => {
      const folder = scratch(`falls-back-${fault}`)
      const { disk: below, request } = left<Trial>("trial")
      const disk = cardOn(folder, below)
      writeTo(disk, LAYOUT.b.start, faultySlot(fault, folder))
      const machine = await powered(t, folder, disk)
      await fellBack(t, machine, request, reason)
      const starts = machine.console.split("gatehouse: starting slot B").length - 1
      // the moment the card was frozen at may lie after the first one was counted
      const granted = Number(/order B A, A \d B (\d) starts left/.exec(machine.console)?.[1])
      assert.ok(granted >= 2 && starts === (fault === "exits" ? 1 : granted), `${starts} starts of ${granted}`)
    }),
  )
  const damaged = t.test("one whose slot is damaged after it was written, in the same start", CASE, async (t) => {
    const folder = scratch("falls-back-damaged")
    const { disk: below, request } = left<Trial>("trial")
    const disk = cardOn(folder, below)
    // in the kernel, where U-Boot looks before it starts anything
    flipBit(disk, LAYOUT.b.start + (30 << 20))
    const machine = await powered(t, folder, disk)
    await machine.says(/gatehouse: slot B is damaged[\s\S]*starting slot A/, START_SECONDS)
    await fellBack(t, machine, request, /was given up: its boot image in slot B is damaged/)
  })
  await Promise.all([...cases, damaged])
})

async function fellBack(t: TestContext, machine: Machine, request: string, reason: RegExp): Promise<void> {
  await machine.says(/starting slot A[\s\S]*is healthy/, 3 * START_SECONDS)
  const { state, code, message } = await toldOnce(machine, request, isOver, 600)
  t.diagnostic(`${message} (${Math.round(machine.processorSeconds)} s of one core)`)
  assert.deepEqual([state, code], ["failed", "fell-back"])
  assert.match(message, reason)
  const { slot, version, lastUpdate } = await appliance(machine)
  assert.deepEqual([slot, version, lastUpdate.outcome, lastUpdate.to], ["A", VERSION, "fell-back", NEXT_VERSION])
  assert.equal((await apiStatus(machine)).claimed, true)
}
