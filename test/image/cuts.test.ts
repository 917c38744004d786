/** The power is cut at twenty moments of an update: every time, the card starts one of two whole versions. */
import assert from "node:assert/strict"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import {
  ADMINISTRATOR,
  apiStatus,
  built,
  CASE,
  cardOn,
  left,
  NEXT_VERSION,
  powered,
  START_SECONDS,
  scratch,
  VERSION,
} from "./appliance.ts"
import { type Cut, hashOf, slotHash } from "./update.ts"

const LEAST_CUTS = 20
/** Of the cuts, how many are followed by a whole start; the others by what U-Boot alone decides. */
const WHOLE_STARTS = 4

test("U-Boot starts a whole version after each cut", CASE, async (t) => {
  const cuts = left<Cut[]>("cuts")
  assert.ok(cuts.length >= LEAST_CUTS, `only ${cuts.length} cuts were taken`)
  const whole = { A: hashOf(built("base", "slot")), B: hashOf(built("update", "slot")) }
  const started = new Set<string>()
  for (const [index, cut] of cuts.entries()) {
    await t.test(`cut ${index + 1}, ${cut.moment}`, async (t) => {
      const folder = scratch("cut-judged")
      const disk = cardOn(folder, cut.disk)
      const machine = await powered(t, folder, disk, { bootLoaderOnly: true })
      const [, slot] = await machine.says(
        /gatehouse: starting slot ([AB])(?![\s\S]*starting slot)[\s\S]*Starting kernel/,
        600,
      )
      await machine.cutPower()
      assert.ok(slot === "A" || slot === "B")
      assert.equal(slotHash(disk, slot), whole[slot], `slot ${slot} is not whole`)
      started.add(slot)
      t.diagnostic(`slot ${slot}`)
    })
  }
  assert.deepEqual([...started].sort(), ["A", "B"])
})

for (const position of Array.from({ length: WHOLE_STARTS }, (_, index) => index)) {
  test(`the box is in service again, with its data, after cut ${position + 1} of ${WHOLE_STARTS}`, CASE, async (t) => {
    const cuts = left<Cut[]>("cuts")
    // the first and the last, and what lies evenly between
    const { disk, moment } = cuts[Math.round((position * (cuts.length - 1)) / (WHOLE_STARTS - 1))]!
    const folder = scratch(`cut-${position + 1}`)
    const machine = await powered(t, folder, cardOn(folder, disk))
    await machine.healthy(START_SECONDS)
    const { version, claimed } = await apiStatus(machine)
    assert.ok([VERSION, NEXT_VERSION].includes(version), version)
    assert.equal(claimed, true)
    const signedIn = await machine.call("POST", "/api/v1/tokens", {}, ADMINISTRATOR)
    assert.equal(signedIn.status, 201, signedIn.text)
    t.diagnostic(`${moment}: version ${version}, ${Math.round(machine.processorSeconds)} s of one core`)
  })
}

test("what a cut is judged by can fail: a slot with one byte changed is not whole", () => {
  const path = join(scratch("judge"), "slot")
  const bytes = readFileSync(built("base", "slot"))
  bytes[bytes.length - 1]! ^= 1
  writeFileSync(path, bytes)
  assert.notEqual(hashOf(path), hashOf(built("base", "slot")))
})
