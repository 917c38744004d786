import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import type { Browser, Page } from "playwright-core"
import { connectJs } from "../support/clients.ts"
import { startTestGateway, type TestGateway } from "../support/gateway.ts"
import { launch, Visitor } from "./support/chromium.ts"

/** None of them may become anything but text, wherever it is shown. */
const HOSTILE = [
  "<script>document.title='owned'</script>",
  "<img src=x onerror=\"document.title='owned'\">",
  '"><svg onload="document.title=\'owned\'">',
  "javascript:document.title='owned'",
  "{{constructor.constructor('document.title=1')()}}",
  "</textarea><iframe srcdoc=\"<script>top.document.title='owned'</script>\">",
]

const COUNT = 500
let browser: Browser
let gateway: TestGateway
before(async () => {
  const users = Array.from({ length: COUNT }, (_, i) => ({
    username: `line-${String(i).padStart(3, "0")}`,
    grant: { kind: "certificate" },
    roles: ["device"],
    note: HOSTILE[i] ?? `Hall ${i % 7}`,
  }))
  ;[browser, gateway] = await Promise.all([launch(), startTestGateway({ bootstrap: { users } })])
})
after(async () => {
  await browser.close()
  await gateway[Symbol.asyncDispose]()
})

test("500 devices are on the list in under a second, and a search finds one in half of one", async () => {
  await using visitor = await Visitor.signedIn(browser, gateway)
  const tries: { readonly listed: number; readonly found: number }[] = []
  // the best of three: what else the machine does is no property of the page
  for (let i = 0; i < 3; i++) tries.push(await lookForOne(await visitor.page("/")))
  const listed = Math.min(...tries.map((one) => one.listed))
  const found = Math.min(...tries.map((one) => one.found))
  console.log(`500 devices: listed in ${listed} ms, one found in ${found} ms, the pause of a typist among them`)
  assert.ok(listed < 1000, `${listed} ms`)
  assert.ok(found < 500, `${found} ms`)
  assert.deepEqual(visitor.faults, [])
})

async function lookForOne(page: Page): Promise<{ listed: number; found: number }> {
  const start = performance.now()
  await page.getByRole("link", { name: "Devices" }).first().click()
  await page.locator(".row", { hasText: "line-099" }).waitFor()
  const listed = Math.round(performance.now() - start)
  assert.match((await page.locator(".segments button").first().textContent()) ?? "", /500/)
  const searching = performance.now()
  await page.getByRole("searchbox").fill("line-499")
  await page.locator(".row", { hasText: "line-499" }).waitFor()
  const found = Math.round(performance.now() - searching)
  await page.getByText("1 of 1 shown").waitFor()
  await page.close()
  return { listed, found }
}

test("hostile notes and names stay text", async () => {
  const url = `mqtt://127.0.0.1:${gateway.port("mqtt")}`
  for (const [i, name] of HOSTILE.entries()) await connectJs(url, { clientId: `h${i}`, username: name, password: "x" })
  await using visitor = await Visitor.signedIn(browser, gateway)
  const page = await visitor.page("/devices")
  await page.locator(".row", { hasText: HOSTILE[0] ?? "" }).waitFor()
  await page.locator(".row", { hasText: HOSTILE[0] ?? "" }).click()
  await page.locator(".lead", { hasText: HOSTILE[0] ?? "" }).waitFor()
  const door = await visitor.page("/door")
  for (const name of HOSTILE) await door.getByRole("heading", { level: 2, name: name.slice(0, 60) }).waitFor()
  for (const shown of [page, door]) {
    assert.doesNotMatch(await shown.title(), /owned/)
    assert.equal(await shown.locator("main script, main iframe, main img, main [onload], main [onerror]").count(), 0)
    assert.equal(await shown.locator("a[href^='javascript']").count(), 0)
  }
  assert.deepEqual(visitor.faults, [])
})

test("twelve tabs are live at once, over one stream, and go on when the tab that reads it closes", async () => {
  await using visitor = await Visitor.signedIn(browser, gateway)
  const pages: Page[] = []
  for (let i = 0; i < 12; i++) pages.push(await visitor.page("/door"))
  const refuse = (name: string) =>
    connectJs(`mqtt://127.0.0.1:${gateway.port("mqtt")}`, { clientId: name, username: name, password: "x" })
  const allSee = (name: string, from: number) =>
    Promise.all(
      pages.slice(from).map((page) => page.getByRole("heading", { level: 2, name }).waitFor({ timeout: 5000 })),
    )
  await refuse("guest-one")
  await allSee("guest-one", 0)
  await pages[0]?.close()
  await refuse("guest-two")
  await allSee("guest-two", 1)
  assert.deepEqual(visitor.faults, [])
})
