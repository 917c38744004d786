/** Updates that were signed by us and do not work: the box is back on the good version by itself, and says why. */
import assert from "node:assert/strict"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import {
  act,
  apiStatus,
  appliance,
  built,
  flipByte,
  isOver,
  LAYOUT,
  NEXT_VERSION,
  readyMachine,
  START_SECONDS,
  started,
  toldOnce,
  upload,
  VERSION,
} from "./appliance.ts"
import { type FAULTS, faultyBundle } from "./broken.ts"
import type { Machine } from "./machine.ts"

const FAILURES: Readonly<Record<keyof typeof FAULTS, RegExp>> = {
  exits: /was given up: the gateway ended 5 times/,
  panics: /was given up: it did not start in three attempts/,
  hangs: /was given up: it did not start in three attempts/,
}

for (const [fault, reason] of Object.entries(FAILURES) as [keyof typeof FAULTS, RegExp][]) {
  test(`an update that ${fault} falls back and says why`, { timeout: 7_200_000 }, async (t) => {
    const machine = await readyMachine(t, `falls-back-${fault}`)
    const id = await deliver(machine, faultyBundle(fault))
    await fellBack(t, machine, id, reason)
    const starts = machine.console.split("gatehouse: starting slot B").length - 1
    assert.equal(starts, fault === "exits" ? 1 : 3)
  })
}

test("an update whose slot is damaged after it was written falls back in the same start", {
  timeout: 7_200_000,
}, async (t) => {
  const machine = await readyMachine(t, "falls-back-damaged")
  const id = await deliver(machine, built("update", "raucb"))
  await machine.cutPower()
  // in the FIT, where U-Boot looks before it starts anything
  flipByte(machine.disk, LAYOUT.b.start + (30 << 20))
  const again = await started(t, join(machine.folder, "again"), machine.disk)
  await again.says(/gatehouse: slot B is damaged[\s\S]*starting slot A/, 600)
  await fellBack(t, again, id, /was given up: its boot image in slot B is damaged/)
})

/** Uploads and installs; answers the request's id once the box restarts into the new version. */
async function deliver(machine: Machine, bundle: string): Promise<string> {
  const checked = await upload(machine, bundle)
  assert.equal(checked.state, "done", checked.message)
  const id = await act(machine, "install")
  await machine.says(/gatehouse: boot state[\s\S]*starting slot B/, START_SECONDS, machine.console.length)
  return id
}

async function fellBack(t: TestContext, machine: Machine, id: string, reason: RegExp): Promise<void> {
  await machine.says(/starting slot A[\s\S]*is healthy/, 3 * START_SECONDS)
  const { state, code, message } = await toldOnce(machine, id, isOver, 300)
  t.diagnostic(message)
  assert.deepEqual([state, code], ["failed", "fell-back"])
  assert.match(message, reason)
  const { slot, version, lastUpdate } = await appliance(machine)
  assert.deepEqual([slot, version, lastUpdate.outcome, lastUpdate.to], ["A", VERSION, "fell-back", NEXT_VERSION])
  assert.deepEqual((await apiStatus(machine)).claimed, true)
}
