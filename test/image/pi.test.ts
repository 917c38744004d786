/** What the Raspberry Pi's own U-Boot and kernel do with the card, as far as QEMU's Pi 3 shows it. */
import assert from "node:assert/strict"
import { readFileSync, truncateSync } from "node:fs"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { run } from "../../scripts/image/run.ts"
import { built, CASE, LAYOUT, META, START_SECONDS, scratch, VERSION } from "./appliance.ts"
import { RaspberryPi } from "./raspberry-pi.ts"
import { bootState, cardWithBoth, damageSlotB, write } from "./raw-card.ts"
import { INIT, SCRIPT, variantOf } from "./variant.ts"

/** Cards of QEMU's Pi are of 2 to the power of something bytes. */
async function powered(t: TestContext, folder: string, card: string): Promise<RaspberryPi> {
  truncateSync(card, 4 * 2 ** 30)
  const pi = await RaspberryPi.start(join(folder, "machine"), card)
  t.after(() => pi.cutPower())
  return pi
}

test("the card starts on a Raspberry Pi 3, shows its claim code on both consoles, and is healthy", CASE, async (t) => {
  const { folder, card } = cardWithBoth("pi-start")
  // QEMU's watchdog knows no time: it restarts the board when it is armed
  const script = SCRIPT.replace(" ro ", " ro module_blacklist=bcm2835_wdt ")
  assert.notEqual(script, SCRIPT)
  write(card, LAYOUT.a.start, variantOf(readFileSync(built("base", "slot")), INIT, script))
  const pi = await powered(t, folder, card)

  await t.test("whoever presses keys on the serial console gets no prompt of U-Boot's", async () => {
    await pi.pressKeys(START_SECONDS)
    assert.match(pi.console, /gatehouse: starting slot A[\s\S]*Flat Device Tree[\s\S]*Starting kernel/)
    assert.doesNotMatch(pi.console, /stop autoboot|^(?:U-Boot|=)> /m)
  })

  await pi.says(/claim code\s+[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}/, START_SECONDS)
  await pi.says(new RegExp(`gatehouse: version ${VERSION} in slot A is healthy`), START_SECONDS)
  t.diagnostic(`healthy after ${Math.round(pi.processorSeconds)} s of one core`)
  const lit = await pi.litShare()
  assert.ok(lit > 0.005, `text is on the screen: ${lit} of it is lit`)
})

test("the Pi's U-Boot passes over a damaged slot, and counts", CASE, async (t) => {
  const { folder, card } = cardWithBoth("pi-damaged")
  bootState(card, "set-primary", "B")
  damageSlotB(card, "kernel")
  const pi = await powered(t, folder, card)
  await pi.says(/slot B is damaged[\s\S]*starting slot A[\s\S]*Starting kernel/, START_SECONDS)
  await pi.cutPower()
  assert.match(bootState(card, "show"), /BOOT_ORDER=B A\nBOOT_A_LEFT=2\nBOOT_B_LEFT=2/)
})

test("the Pi's U-Boot knows every board of the meta file by the name its device tree is chosen by", () => {
  const folder = scratch("pi-names")
  run("mcopy", ["-n", "-i", `${built("base", "img")}@@${LAYOUT.boot.start}`, "::u-boot.bin", folder])
  const uBoot = readFileSync(join(folder, "u-boot.bin"), "latin1")
  const unknown = META.boards.filter(({ deviceTree, bootLoaderName = deviceTree }) => !uBoot.includes(bootLoaderName))
  assert.deepEqual(unknown, [])
})
