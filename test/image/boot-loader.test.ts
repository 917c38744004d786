/** What U-Boot decides, with real slots and without starting any system: seconds a case. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { type TestContext, test } from "node:test"
import { built, CASE, cardOn, LAYOUT, powered } from "./appliance.ts"
import type { Machine } from "./machine.ts"
import { bootState, cardWithBoth, damageSlotB, halfWritten, write } from "./raw-card.ts"

const SECONDS = 600
const MEBIBYTE = 1 << 20

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
  const { folder, card } = cardWithBoth("boot-loader-trial")
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

test("a slot with one flipped bit in script, initramfs or kernel is passed over in the same start", CASE, async (t) => {
  for (const part of ["script", "initramfs", "kernel"] as const) {
    const { folder, card } = cardWithBoth(`boot-loader-damaged-${part}`)
    bootState(card, "set-primary", "B")
    damageSlotB(card, part)
    const machine = await poweredWith(t, folder, card)
    assert.equal(await startedSlot(machine), "A", part)
    assert.match(machine.console, /gatehouse: slot B is damaged/)
    await machine.cutPower()
  }
})

test("an empty slot, and a card whose both boot states are torn, start slot A", CASE, async (t) => {
  const { folder, card } = cardWithBoth("boot-loader-torn")
  bootState(card, "set-primary", "B")
  write(card, MEBIBYTE, Buffer.alloc(100, 0x55))
  write(card, 2 * MEBIBYTE, Buffer.alloc(100, 0x55))
  const torn = await poweredWith(t, folder, card)
  assert.equal(await startedSlot(torn), "A")
  await torn.cutPower()
  const empty = cardWithBoth("boot-loader-empty")
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
  const { folder, card } = cardWithBoth("boot-loader-order")
  write(card, LAYOUT.b.start, Buffer.alloc(slot.length))
  for (const [moment, expected, act] of steps) {
    act(card)
    const machine = await poweredWith(t, folder, card)
    assert.equal(await startedSlot(machine), expected, moment)
    await machine.cutPower()
    t.diagnostic(`${moment}: slot ${expected}`)
  }
})
