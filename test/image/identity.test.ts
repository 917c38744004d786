/** Cards of one image that differ: in their keys, in their size, by a flipped bit. */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
  built,
  CASE,
  flipBit,
  freshCard,
  identity,
  LAYOUT,
  left,
  powered,
  START_SECONDS,
  scratch,
} from "./appliance.ts"
import { bootImagesOf } from "./variant.ts"

test(
  "a second card of the same image, a larger one, is filled and shares no key and no id with the first",
  CASE,
  async (t) => {
    const known = left<string[]>("identity")
    assert.ok(known.length >= 6, known.join("\n"))
    const folder = scratch("second-box")
    const second = await powered(t, folder, freshCard(folder, "16G"))
    await second.healthy(START_SECONDS)
    const own = await identity(second)
    assert.equal(own.length, known.length)
    assert.deepEqual(
      own.filter((fact) => known.includes(fact)),
      [],
    )
    const gibibytes = Number(await second.run("df --output=size /var | tail -1")) / (1 << 20)
    t.diagnostic(`data partition of ${gibibytes.toFixed(1)} GiB on a card of 16`)
    assert.ok(gibibytes > 14)
  },
)

test(
  "a flipped bit in the root is caught: the box stops, says which block it was, and starts again",
  CASE,
  async (t) => {
    const folder = scratch("verity")
    const disk = freshCard(folder)
    const root = bootImagesOf(built("base", "slot")).length
    // the squashfs's own header: no start does without
    flipBit(disk, LAYOUT.a.start + root + 200)
    const machine = await powered(t, folder, disk)
    const [said] = await machine.says(/device-mapper: verity: [^\n]*data block 0 is corrupted/, START_SECONDS)
    t.diagnostic(said)
    await machine.says(/Kernel panic[\s\S]*gatehouse: boot state 1:/, START_SECONDS)
  },
)
