/** Cards of one image that differ: in their keys, in their size and their machine's, by a flipped bit. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { defaultLimits, type Limits } from "../../service/limits.ts"
import {
  built,
  CASE,
  claim,
  flipBit,
  freshCard,
  identity,
  LAYOUT,
  left,
  limitsOf,
  powered,
  START_SECONDS,
  scratch,
} from "./appliance.ts"
import { bootImagesOf } from "./variant.ts"

/** What a Zero 2 W of 512 MB leaves Linux: gpu_mem of config.txt is the firmware's. */
const SMALL_MIB = 448

test(
  "a second card, a larger one in the smallest board, is filled, shares no key and no id, and caps what it takes",
  CASE,
  async (t) => {
    const known = left<string[]>("identity")
    assert.ok(known.length >= 6, known.join("\n"))
    const folder = scratch("second-box")
    const second = await powered(t, folder, freshCard(folder, "16G"), { memoryMiB: SMALL_MIB })
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
    const cgroup = "/sys/fs/cgroup/system.slice/gatehouse.service"
    const facts = await second.run(`cat ${cgroup}/memory.max ${cgroup}/memory.peak; grep MemAvailable /proc/meminfo`)
    const [most = 0, peak = 0, available = 0] = facts.match(/\d+/g)!.map(Number)
    t.diagnostic(`of ${most >> 20} MiB the service took ${peak >> 20}; ${available >> 10} MiB are left in the machine`)
    assert.ok(most < SMALL_MIB * 0.75 * (1 << 20) && peak < most / 2 && available > 64 * 1024, facts)
    await claim(second)
    const { connections, queuedBytesTotal } = await limitsOf(second)
    assert.deepEqual({ connections, queuedBytesTotal }, pickCaps(defaultLimits(most)))
  },
)

function pickCaps({ connections, queuedBytesTotal }: Limits): Partial<Limits> {
  return { connections, queuedBytesTotal }
}

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
