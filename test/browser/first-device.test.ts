import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { after, before, test } from "node:test"
import mqtt from "mqtt"
import type { Browser, Page } from "playwright-core"
import { makeRequest } from "../support/device.ts"
import { startTestGateway } from "../support/gateway.ts"
import { launch, Visitor } from "./support/chromium.ts"

let browser: Browser
before(async () => {
  browser = await launch()
})
after(() => browser.close())

const PERSON = { username: "tina", password: "a sentence nobody guesses" }

test("from an unclaimed box to the first live device: claim, add with a request, save the chain, see it connect", async () => {
  await using gateway = await startTestGateway({ claimed: false })
  await using visitor = await Visitor.open(browser, gateway)
  const page = await visitor.context.newPage()
  await page.goto(visitor.url("/"))
  await claim(page, gateway.gateway.claimCode ?? "")
  await page.getByText("No devices yet").waitFor()
  await page.getByRole("link", { name: "Add the first device" }).click()

  const { key, csr } = await makeRequest(join(gateway.folder, "devices"), "pump-1")
  await page.getByLabel("Name").fill("pump-1")
  await page.getByLabel(/file/).setInputFiles({ name: "pump-1.csr", mimeType: "text/plain", buffer: Buffer.from(csr) })
  await page.getByRole("button", { name: "Add and issue certificate" }).click()
  await page.getByText("Waiting for the device").waitFor()

  const saving = page.waitForEvent("download")
  await page.getByRole("button", { name: "Save the chain" }).click()
  const saved = await saving
  assert.equal(saved.suggestedFilename(), "pump-1.chain.pem")
  const chain = await readFile(await saved.path())
  const device = await mqtt.connectAsync(`mqtts://127.0.0.1:${gateway.port("mqtts")}`, {
    ...{ ca: await readFile(gateway.cafile), cert: chain, key: await readFile(key), clientId: "pump-1" },
    reconnectPeriod: 0,
  })
  await page.getByText("The device is live. You are done.").waitFor({ timeout: 3000 })
  device.end(true)
  assert.deepEqual(visitor.faults, [])
})

test("nothing but the keyboard: from the sign-in to a device with a password", async () => {
  await using gateway = await startTestGateway()
  await using visitor = await Visitor.signedIn(browser, gateway)
  const page = await visitor.page("/")
  await page.keyboard.press("Tab")
  assert.equal(await focused(page), "Skip to the content")
  await page.keyboard.press("Enter")
  assert.equal(await page.evaluate(() => document.activeElement?.id), "main")
  await tabTo(page, "Add the first device")
  await page.keyboard.press("Enter")
  await page.getByRole("heading", { level: 1, name: "Add device" }).waitFor()
  await page.waitForFunction(() => document.activeElement?.tagName === "H1") // where one is, is read out
  await tabTo(page, "Certificate")
  await page.keyboard.press("ArrowRight")
  assert.equal(await focused(page), "Password")
  await page.keyboard.press("Tab")
  await page.keyboard.type("meter-1")
  await page.keyboard.press("Enter")
  await page.getByText("Its password, shown only now").waitFor()
  await tabTo(page, "Open the device")
  await page.keyboard.press("Enter")
  await page.getByRole("heading", { level: 1, name: "meter-1" }).waitFor()
  await tabTo(page, "Remove")
  await page.keyboard.press("Enter")
  await page.getByRole("dialog").waitFor()
  await page.keyboard.press("Escape")
  await page.getByRole("dialog").waitFor({ state: "detached" })
  assert.equal(await focused(page), "Remove") // the focus comes back to where it was
  assert.deepEqual(visitor.faults, [])
})

test("a form that is not filled in says what is missing, beside the field, and sends nothing", async () => {
  await using gateway = await startTestGateway()
  await using visitor = await Visitor.signedIn(browser, gateway)
  const page = await visitor.page("/add?name=pump%201")
  await page.getByRole("button", { name: "Add and issue certificate" }).click()
  const name = page.getByLabel("Name")
  assert.equal(await name.getAttribute("aria-invalid"), "true")
  await page.getByText("Use 1 to 64 letters, digits, dots").waitFor()
  await page.getByText("Choose the file, or paste the request.").waitFor()
  assert.equal((await gateway.api.get("/devices")).counts.all, 0)
  await name.fill("pump-1")
  await page.getByLabel("or paste it here").fill("this is no request")
  await page.getByRole("button", { name: "Add and issue certificate" }).click()
  await page
    .locator(".field-error", { hasText: /request/i })
    .last()
    .waitFor()
})

async function claim(page: Page, code: string): Promise<void> {
  await page.locator("input[name=code]").fill(code)
  await page.locator("input[name=username]").fill(PERSON.username)
  await page.locator("input[name=password]").fill(PERSON.password)
  await page.locator("input[name=again]").fill(PERSON.password)
  await page.locator("button.button-primary, button[type=submit]").first().click()
  await page.locator("a[href='/']").last().click()
  await page.getByRole("heading", { level: 1, name: "Status" }).waitFor()
}

function focused(page: Page): Promise<string> {
  return page.evaluate(() => document.activeElement?.textContent?.trim() ?? "")
}

/** Presses Tab until what has the focus says so; fails when it never does. */
async function tabTo(page: Page, text: string): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    if ((await focused(page)) === text) return
    await page.keyboard.press("Tab")
  }
  assert.fail(`no way to "${text}" by the keyboard`)
}
