/** What U-Boot decides, with real slots and without starting any system: seconds a case. */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { closeSync, openSync, readFileSync, writeSync } from "node:fs"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { run } from "../../scripts/image/run.ts"
import { built, CASE, cardOn, LAYOUT, powered, REPOSITORY, scratch } from "./appliance.ts"
import type { Machine } from "./machine.ts"

const BOOT_STATE = join(REPOSITORY, "image/rootfs/usr/lib/gatehouse/boot-state")
const SECONDS = 600
const MEBIBYTE = 1 << 20

/** A card with the image in slot A and the update in slot B, as a plain file that can be written to. */
function cardWithBoth(name: string): { readonly folder: string; readonly card: string } {
  const folder = scratch(`boot-loader-${name}`)
  const card = join(folder, "card.img")
  run("cp", ["--sparse=always", built("base", "img"), card])
  write(card, LAYOUT.b.start, readFileSync(built("update", "slot")))
  return { folder, card }
}

function write(card: string, at: number, bytes: Uint8Array): void {
  const file = openSync(card, "r+")
  writeSync(file, bytes, 0, bytes.length, at)
  closeSync(file)
}

function flip(card: string, at: number): void {
  write(card, at, Buffer.from([readFileSync(card)[at]! ^ 1]))
}

function bootState(card: string, ...args: string[]): string {
  const env = { ...process.env, GATEHOUSE_DISK: card }
  const { status, stdout, stderr } = spawnSync("sh", [BOOT_STATE, ...args], { encoding: "utf8", env })
  assert.equal(status, 0, stderr)
  return stdout
}

function poweredWith(t: TestContext, folder: string, card: string): Promise<Machine> {
  return powered(t, folder, cardOn(folder, card), { bootLoaderOnly: true })
}

/** The slot whose kernel U-Boot starts, in the start that begins at `from` of the console. */
async function startedSlot(machine: Machine, from = 0): Promise<string> {
  await machine.says(/Starting kernel/, SECONDS, from)
  return machine.console
    .slice(from)
    .match(/gatehouse: starting slot ([AB])/g)!
    .at(-1)!
    .slice(-1)
}

test("a version on trial is started three times, then the other slot; each start is counted", CASE, async (t) => {
  const { folder, card } = cardWithBoth("trial")
  bootState(card, "set-primary", "B")
  const machine = await poweredWith(t, folder, card)
  const order: string[] = []
  for (let start = 0; start < 4; start++) {
    const from = machine.console.length
    order.push(await startedSlot(machine, from))
    if (start < 3) await machine.qmp.run("system_reset")
  }
  assert.deepEqual(order, ["B", "B", "B", "A"])
  assert.match(machine.console, /order B A, A 3 B 0 starts left/)
})

test(
  "a slot with one flipped bit in its kernel, initramfs or script is passed over in the same start",
  CASE,
  async (t) => {
    const bytes = readFileSync(built("update", "slot")).readUInt32BE(4)
    for (const [part, at] of [
      ["script", 1500],
      ["kernel", bytes - 5 * MEBIBYTE],
    ] as const) {
      const { folder, card } = cardWithBoth(`damaged-${part}`)
      bootState(card, "set-primary", "B")
      const place = part === "script" ? readFileSync(built("update", "slot")).indexOf("gatehouse.slot=") : at
      flip(card, LAYOUT.b.start + place)
      const machine = await poweredWith(t, folder, card)
      assert.equal(await startedSlot(machine), "A", part)
      assert.match(machine.console, /gatehouse: slot B is damaged/)
      await machine.cutPower()
    }
  },
)

test("an empty slot, and a card whose both boot states are torn, start slot A", CASE, async (t) => {
  const { folder, card } = cardWithBoth("torn")
  bootState(card, "set-primary", "B")
  write(card, MEBIBYTE, Buffer.alloc(100, 0x55))
  write(card, 2 * MEBIBYTE, Buffer.alloc(100, 0x55))
  const torn = await poweredWith(t, folder, card)
  assert.equal(await startedSlot(torn), "A")
  await torn.cutPower()
  const empty = cardWithBoth("empty")
  write(empty.card, LAYOUT.b.start, Buffer.alloc(MEBIBYTE))
  bootState(empty.card, "set-primary", "B")
  assert.equal(await startedSlot(await poweredWith(t, empty.folder, empty.card)), "A")
})

test("a cut at any point of the order in which an update writes starts a whole version", CASE, async (t) => {
  const slot = readFileSync(built("update", "slot"))
  /** What RAUC and the root unit do to the card, in order; each may be cut after any part of it. */
  const steps: readonly (readonly [moment: string, slots: string, act: (card: string) => void])[] = [
    ["before anything", "A", () => {}],
    ["after slot B was marked bad", "A", (card) => bootState(card, "set-state", "B", "bad")],
    [
      "with a tenth of the slot written",
      "A",
      (card) => write(card, LAYOUT.b.start, slot.subarray(0, slot.length / 10)),
    ],
    ["with half of the slot written", "A", (card) => write(card, LAYOUT.b.start, slot.subarray(0, slot.length / 2))],
    ["with the whole slot written", "A", (card) => write(card, LAYOUT.b.start, slot)],
    ["with the boot state half written", "A", (card) => halfWritten(card, "set-primary", "B")],
    ["after slot B was made the first", "B", (card) => bootState(card, "set-primary", "B")],
    ["with the verdict half written", "B", (card) => halfWritten(card, "set-state", "B", "good")],
    ["after slot B was kept", "B", (card) => bootState(card, "set-state", "B", "good")],
  ]
  const { folder, card } = cardWithBoth("order")
  write(card, LAYOUT.b.start, Buffer.alloc(slot.length))
  for (const [moment, expected, act] of steps) {
    act(card)
    const machine = await poweredWith(t, folder, card)
    assert.equal(await startedSlot(machine), expected, moment)
    await machine.cutPower()
    t.diagnostic(`${moment}: slot ${expected}`)
  }
})

/** Leaves the first 20 bytes of what a change of the boot state writes. */
function halfWritten(card: string, ...args: string[]): void {
  const before = readFileSync(card).subarray(0, 4 * MEBIBYTE)
  bootState(card, ...args)
  const after = readFileSync(card).subarray(0, 4 * MEBIBYTE)
  for (const at of [MEBIBYTE, 2 * MEBIBYTE]) {
    if (after.subarray(at, at + 4096).equals(before.subarray(at, at + 4096))) continue
    write(card, at, Buffer.concat([after.subarray(at, at + 20), before.subarray(at + 20, at + 4096)]))
  }
}
