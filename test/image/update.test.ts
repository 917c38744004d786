/** A good update is kept and can be rolled back; on its way the card is frozen at twenty moments for cuts.test.ts. */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
  act,
  apiStatus,
  appliance,
  built,
  CASE,
  isOver,
  leave,
  machineFrom,
  NEXT_VERSION,
  START_SECONDS,
  toldOnce,
  upload,
  VERSION,
} from "./appliance.ts"
import { Cuts } from "./update.ts"

test("a good update is uploaded, installed, tried and kept, and one can go back", CASE, async (t) => {
  const machine = await machineFrom(t, "ready", "update")
  const spent = (began = machine.processorSeconds) => Math.round(machine.processorSeconds - began)
  const began = machine.processorSeconds
  const checked = await upload(machine, built("update", "raucb"))
  assert.equal(checked.state, "done", checked.message)
  t.diagnostic(`uploaded and checked: ${spent(began)} s of one core`)
  const request = await act(machine, "POST", "install")
  const cuts = new Cuts(machine)
  const { disk } = await cuts.along()
  const answer = await toldOnce(machine, request, isOver, 600)
  assert.equal(answer.state, "done", answer.message)
  t.diagnostic(`installed, tried and kept: ${spent(began)} s of one core; ${cuts.taken.length} cuts`)
  leave("trial", { disk, request })
  leave("cuts", cuts.taken)

  await t.test("the new version answers with its number, and everything is still there", async () => {
    assert.deepEqual(await apiStatus(machine).then(({ version, claimed }) => ({ version, claimed })), {
      version: NEXT_VERSION,
      claimed: true,
    })
    const { slot, trial, floor, other, lastUpdate } = await appliance(machine)
    assert.deepEqual([slot, trial, floor, lastUpdate.outcome], ["B", false, NEXT_VERSION, "kept"])
    assert.deepEqual(other, { slot: "A", version: VERSION, canRollBack: true })
  })

  await t.test("an older version is refused now, but one can go back to the one that was in service", async () => {
    const id = await act(machine, "POST", "roll-back")
    const { state, message } = await toldOnce(machine, id, isOver, START_SECONDS)
    assert.equal(state, "done", message)
    const { slot, version, floor, lastUpdate } = await appliance(machine)
    assert.deepEqual([slot, version, floor, lastUpdate.outcome], ["A", VERSION, NEXT_VERSION, "rolled-back"])
    assert.equal((await apiStatus(machine)).version, VERSION)
  })
})
