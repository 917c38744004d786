import assert from "node:assert/strict"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { fileURLToPath } from "node:url"
import type { Browser } from "playwright-core"
import { DESKTOP, launch, PHONE, Visitor } from "./support/chromium.ts"
import { everyPage, settled } from "./support/pages.ts"
import { openPlant, type Plant } from "./support/plant.ts"

/** `npm run screens` keeps the pictures for the documentation; the test by itself leaves the work tree as it is. */
const KEPT =
  process.env.GATEHOUSE_SCREENS === undefined
    ? undefined
    : fileURLToPath(new URL("../../docs/screens/", import.meta.url))
const MOST_BYTES = 200_000
const MOST_PIXELS = 1400

let browser: Browser
let plant: Plant
let folder: string
before(async () => {
  ;[browser, plant] = await Promise.all([launch(), openPlant()])
  folder = KEPT ?? (await mkdtemp(join(tmpdir(), "gatehouse-screens-")))
})
after(async () => {
  await browser.close()
  await plant[Symbol.asyncDispose]()
  if (KEPT === undefined) await rm(folder, { recursive: true })
})

test("a picture of every page, on a phone and a desktop", async () => {
  await using visitor = await Visitor.signedIn(browser, plant.gateway)
  const [status, ...others] = await everyPage()
  // the first page last: by then its picture of rates has something to show
  for (const { name, path } of [...others, ...(status === undefined ? [] : [status])]) {
    const page = await visitor.page(path)
    await settled(page)
    // as tall as the page is, so that the bar at the bottom of a phone stands at the bottom of the picture
    const height = await page.evaluate(() => document.documentElement.scrollHeight)
    await page.setViewportSize({ width: PHONE.width, height: Math.min(height, MOST_PIXELS) })
    const phone = await page.screenshot({ path: join(folder, `${name}-phone.png`), scale: "css" })
    await page.setViewportSize(DESKTOP)
    const desktop = await page.screenshot({ path: join(folder, `${name}-desktop.png`), scale: "css" })
    assert.ok(
      phone.length < MOST_BYTES && desktop.length < MOST_BYTES,
      `${name}: ${phone.length}, ${desktop.length} bytes`,
    )
    await page.close()
  }
  assert.deepEqual(visitor.faults, [])
})
