import assert from "node:assert/strict"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import type { Browser } from "playwright-core"
import { startTestGateway, type TestGateway } from "../support/gateway.ts"
import { Root } from "../support/root.ts"
import { DESKTOP, launch, PHONE, Visitor, violations } from "./support/chromium.ts"

let browser: Browser
let gateway: TestGateway
let root: Root
let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-box-"))
  new Root(folder, join(folder, "system")) // its status tells the gateway that it runs on an appliance
  gateway = await startTestGateway({ config: { systemDirectory: join(folder, "system") } })
  root = new Root(join(gateway.folder, "state"), join(folder, "system"))
  browser = await launch()
})
after(async () => {
  await browser.close()
  await gateway[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const BUNDLE = {
  version: "0.2.0",
  notes: "Faster, and one fault less.",
  compatible: "gatehouse-arm64",
  bytes: 91_234_567,
}
const UPDATE = { name: "gatehouse-0.2.0.raucb", mimeType: "application/octet-stream", buffer: Buffer.alloc(500_000, 1) }

/** Root takes the next request and answers it. */
async function answered(more: object): Promise<{ readonly id: string; readonly request: Record<string, unknown> }> {
  while (root.waiting().length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
  const taken = root.take()
  root.answer(taken.id, taken.request.kind, more)
  return taken
}

test("an update: upload, what is in it and what it costs, install, progress", async () => {
  await using visitor = await Visitor.signedIn(browser, gateway)
  const page = await visitor.page("/box")
  await page.getByText("0.1.0 (slot A)").waitFor()
  await page.getByLabel("Update file").setInputFiles(UPDATE)
  await answered({ state: "done", message: "The bundle is good.", bundle: BUNDLE })
  await page.getByRole("heading", { name: "Version 0.2.0 is ready" }).waitFor()
  await page.getByText("Faster, and one fault less.").waitFor()
  await page.getByText("for about 1 minute").waitFor()
  await page.getByRole("button", { name: "Install 0.2.0 and restart" }).click()
  const { id, request } = await answered({
    state: "working",
    step: "installing",
    percent: 40,
    message: "Writing 0.2.0.",
  })
  assert.equal(request.kind, "install")
  await page.getByText("Writing 0.2.0.").waitFor()
  assert.equal(await page.getByRole("progressbar").getAttribute("value"), "40")
  root.answer(id, "install", { state: "failed", code: "fell-back", message: "Version 0.2.0 did not become ready." })
  await page.getByText("Version 0.2.0 did not become ready.").waitFor()
  assert.deepEqual(visitor.faults, [])
})

test("a refused bundle says why, in German too, and offers nothing to install", async () => {
  await using visitor = await Visitor.signedIn(browser, gateway, { locale: "de-DE" })
  const page = await visitor.page("/box")
  await page.getByLabel("Update-Datei").setInputFiles(UPDATE)
  await answered({
    state: "refused",
    code: "bundle-foreign-key",
    message: "The bundle is signed by a key unknown here.",
  })
  await page.getByText("mit einem Schlüssel unterschrieben, dem diese Box nicht vertraut").waitFor()
  assert.equal(await page.getByRole("button", { name: /installieren/ }).count(), 0)
})

test("a change of the network is tried, and kept", async () => {
  await using visitor = await Visitor.signedIn(browser, gateway)
  const page = await visitor.page("/box")
  await page.getByLabel("Fixed").check()
  await page.getByLabel("Address with the network's length").fill("192.0.2.300/24")
  await page.getByRole("button", { name: "Try the change" }).click()
  await page.locator(".field-wrong").waitFor()
  await page.getByLabel("Address with the network's length").fill("192.0.2.10/24")
  await page.getByRole("button", { name: "Try the change" }).click()
  const confirmBy = new Date(Date.now() + 60_000).toISOString()
  const { id } = await answered({ state: "working", step: "waiting-for-confirmation", confirmBy })
  await page.getByRole("button", { name: "Keep this change" }).click()
  const { request } = await answered({ state: "done" })
  assert.deepEqual([request.kind, request.request], ["confirm-network", id])
  root.answer(id, "set-network", { state: "done", message: "The network is kept." })
  await page.getByText("The network is kept.").waitFor()
})

test("a reset needs the box's name", async () => {
  await using visitor = await Visitor.signedIn(browser, gateway)
  const page = await visitor.page("/box")
  await page.getByLabel("Everything", { exact: false }).check()
  await page.getByLabel("Name of this box, to be sure").fill("another")
  await page.getByRole("button", { name: "Reset", exact: true }).click()
  await page.getByText(/type its name/).waitFor()
  assert.deepEqual(root.waiting(), [])
})

for (const viewport of [PHONE, DESKTOP]) {
  for (const colorScheme of ["light", "dark"] as const) {
    for (const locale of ["en-GB", "de-DE"]) {
      test(`the page of the box is accessible: ${viewport.width}, ${colorScheme}, ${locale}`, async () => {
        await using visitor = await Visitor.signedIn(browser, gateway, { viewport, colorScheme, locale })
        const page = await visitor.page("/box")
        await page.getByText("0.1.0").first().waitFor()
        assert.deepEqual(await violations(page), [])
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth))
        assert.deepEqual(visitor.faults, [])
      })
    }
  }
}
