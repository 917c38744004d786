import assert from "node:assert/strict"
import { mkdir } from "node:fs/promises"
import { after, before, test } from "node:test"
import { fileURLToPath } from "node:url"
import type { Browser, Page } from "playwright-core"
import { DESKTOP, launch, PHONE, Visitor, violations } from "./support/chromium.ts"
import { everyPage, type Visited } from "./support/pages.ts"
import { openPlant, type Plant } from "./support/plant.ts"

/** `npm run screens` keeps the pictures for the documentation; the test itself leaves the work tree as it is. */
const SCREENS =
  process.env.GATEHOUSE_SCREENS === undefined
    ? undefined
    : fileURLToPath(new URL("../../docs/screens/", import.meta.url))

let browser: Browser
let plant: Plant
const pages = await everyPage()
before(async () => {
  ;[browser, plant] = await Promise.all([launch(), openPlant()])
  if (SCREENS !== undefined) await mkdir(SCREENS, { recursive: true })
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
      await settled(page, visited)
      assert.equal(await page.locator("html").getAttribute("lang"), language)
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" })
        for (const viewport of [PHONE, DESKTOP]) {
          await page.setViewportSize(viewport)
          await keepPicture(page, visited, language, colorScheme, viewport === PHONE)
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

/** Everything that a page reads at first is here. */
async function settled(page: Page, { name }: Visited): Promise<void> {
  await page.waitForFunction(() => document.querySelector(".loading") === null)
  if (name === "status") await page.locator(".trend").waitFor({ timeout: 30_000 }) // the picture has two points by then
}

const MOST_PIXELS = 1700

/** English and light for the documentation; the others, when asked for, to be looked at. */
async function keepPicture(page: Page, { name }: Visited, language: string, scheme: string, isPhone: boolean) {
  if (SCREENS === undefined) return
  const isDocumented = language === "en" && scheme === "light"
  const all = process.env.GATEHOUSE_SCREENS
  if (!isDocumented && all !== "all") return
  const file = `${name}-${isPhone ? "phone" : "desktop"}${isDocumented ? "" : `-${language}-${scheme}`}.png`
  const height = await page.evaluate(() => document.documentElement.scrollHeight)
  const { width = 0 } = page.viewportSize() ?? {}
  // as tall as the page is, so that the bar at the bottom of a phone stands at the bottom of the picture
  if (isPhone) await page.setViewportSize({ width, height: Math.min(height, MOST_PIXELS) })
  await page.screenshot({ path: `${SCREENS}${file}`, scale: "css" })
}
