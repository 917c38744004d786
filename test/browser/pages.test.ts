import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import type { Browser } from "playwright-core"
import { DESKTOP, launch, PHONE, Visitor, violations } from "./support/chromium.ts"
import { everyPage, settled } from "./support/pages.ts"
import { openPlant, type Plant } from "./support/plant.ts"

let browser: Browser
let plant: Plant
const pages = await everyPage()
before(async () => {
  ;[browser, plant] = await Promise.all([launch(), openPlant()])
})
after(async () => {
  await browser.close()
  await plant[Symbol.asyncDispose]()
})

for (const [language, locale] of [
  ["en", "en-GB"],
  ["de", "de-DE"],
] as const) {
  for (const visited of pages) {
    test(`${visited.name}, ${language}: accessible in light and dark, on a phone and a desktop, and nothing complains`, async () => {
      await using visitor = await Visitor.signedIn(browser, plant.gateway, { locale })
      const page = await visitor.page(visited.path)
      await settled(page)
      assert.equal(await page.locator("html").getAttribute("lang"), language)
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" })
        for (const viewport of [PHONE, DESKTOP]) {
          await page.setViewportSize(viewport)
          assert.deepEqual(await violations(page), [], `${colorScheme}, ${viewport.width} px`)
        }
      }
      await page.setViewportSize({ width: 320, height: 640 })
      const width = await page.evaluate(() => document.documentElement.scrollWidth)
      assert.ok(width <= 320, `at 320 px the page is ${width} px wide`)
      assert.deepEqual(visitor.faults, [])
    })
  }
}
