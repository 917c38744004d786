import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import {
  act,
  appliance,
  built,
  flipByte,
  freshCard,
  isOver,
  LAYOUT,
  readyMachine,
  START_SECONDS,
  scratch,
  started,
  toldOnce,
} from "./appliance.ts"

/** Whatever tells one box from another. */
const FACTS = `
  cat /etc/machine-id /etc/hostname
  sfdisk --disk-id /run/gatehouse/disk/whole
  find /var/lib/gatehouse -name '*.key' -o -name '*.pem' -o -name '*.crt' | sort | xargs sha256sum | cut -c 1-64
  cat /var/lib/systemd/random-seed | sha256sum`

test("two fresh cards of one image differ in every key and id", { timeout: 7_200_000 }, async (t) => {
  const first = await readyMachine(t, "first-box")
  const known = (await first.run(FACTS)).trim().split("\n")
  await first.cutPower()
  const folder = scratch("second-box")
  const second = await started(t, folder, freshCard(folder))
  await second.healthy(START_SECONDS)
  const others = (await second.run(FACTS)).trim().split("\n")
  assert.ok(known.length >= 6, known.join("\n"))
  assert.deepEqual(
    others.filter((fact) => known.includes(fact)),
    [],
  )
})

test("a flipped byte in the root is caught: the box stops and says which block it was", {
  timeout: 7_200_000,
}, async (t) => {
  const folder = scratch("verity")
  const disk = freshCard(folder)
  const slot = readFileSync(built("base", "slot"))
  const root = Math.ceil(slot.readUInt32BE(4) / 4096) * 4096
  // the squashfs's own header: no start does without
  flipByte(disk, LAYOUT.a.start + root + 200)
  const machine = await started(t, folder, disk)
  const [said] = await machine.says(
    /device-mapper: verity: .*data block 0 is corrupted|dm-verity device has corrupted/,
    START_SECONDS,
  )
  t.diagnostic(said)
  await machine.says(/Kernel panic[\s\S]*gatehouse: boot state 1/, START_SECONDS)
})

test("what was set survives a restart that was asked for", { timeout: 7_200_000 }, async (t) => {
  const machine = await readyMachine(t, "restart")
  const before = await machine.run("cat /etc/machine-id /etc/hostname; sha256sum /var/lib/gatehouse/users.json")
  const id = await act(machine, "restart")
  await machine.says(/Starting kernel[\s\S]*is healthy/, START_SECONDS)
  assert.equal(await machine.run("cat /etc/machine-id /etc/hostname; sha256sum /var/lib/gatehouse/users.json"), before)
  assert.equal((await toldOnce(machine, id, isOver, 300)).state, "done")
  assert.equal((await appliance(machine)).slot, "A")
})
