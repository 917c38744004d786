import assert from "node:assert/strict"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import type { Browser } from "playwright-core"
import { Board } from "../../scripts/device/board.ts"
import { startTestGateway, type TestGateway } from "../support/gateway.ts"
import { PtyPair } from "../support/pty-pair.ts"
import { DESKTOP, launch, PHONE, Visitor, violations } from "./support/chromium.ts"

let browser: Browser
let gateway: TestGateway
let cable: PtyPair
let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-usb-"))
  cable = await PtyPair.make({ plugged: false })
  const config = { serial: { extra: [cable.host] }, addresses: ["127.0.0.1"] }
  ;[browser, gateway] = await Promise.all([launch(), startTestGateway({ config })])
})
after(async () => {
  await browser.close()
  await gateway[Symbol.asyncDispose]()
  await cable[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** Switches a device on at the end of the cable, which is plugged in with it. */
async function powered(uid: string, more: object = {}): Promise<Board> {
  if (!cable.plugged) await cable.plug()
  return Board.powerUp({ port: cable.device, folder: join(folder, uid), uid, ...more })
}

test("a device is plugged in, named, provisioned, seen to connect, and has its label", async () => {
  await using visitor = await Visitor.signedIn(browser, gateway)
  const page = await visitor.page("/add?way=usb")
  await page.getByText("Nothing is plugged in.").waitFor()
  await using _board = await powered("sim-0001")
  await page.getByText("ttyHOST").first().waitFor()
  await page.getByLabel("Name", { exact: true }).fill("pump-1")
  await page.getByRole("button", { name: "Provision", exact: true }).click()
  const job = page.getByRole("article", { name: "pump-1" })
  await job.getByText("Done", { exact: true }).waitFor({ timeout: 45_000 })
  await job.getByText("made in the device; it never leaves it").waitFor()
  const label = job.getByRole("img", { name: /Label of pump-1/ })
  await label.waitFor()
  assert.ok(await label.evaluate((image) => (image as HTMLImageElement).naturalWidth > 0), "the label is drawn")
  await job.getByRole("button", { name: "What was said" }).click()
  await job.getByText(/"op":"commit"/).waitFor()
  await page.screenshot({ path: join(tmpdir(), "gatehouse-usb-phone.png"), fullPage: true })
  assert.deepEqual(await violations(page), [])
  assert.deepEqual(visitor.faults, [])
  await cable.pull()
})

test("numbers of devices are ordered at once, in German, by keyboard and on a desktop", async () => {
  await using visitor = await Visitor.signedIn(browser, gateway, { viewport: DESKTOP, locale: "de-DE" })
  const page = await visitor.page("/add?way=usb")
  await page.getByLabel("Mehrere, nummeriert").check()
  await page.getByLabel("Muster").fill("ventil")
  await page.getByLabel("Wie viele").fill("3")
  const order = page.getByRole("button", { name: "3 Geräte beauftragen" })
  await order.press("Enter")
  await page.getByText("Bitte eine Folge von # schreiben").waitFor()
  await page.getByLabel("Muster").fill("ventil-##")
  await order.press("Enter")
  const second = page.getByRole("article", { name: "ventil-02" })
  await second.getByText("Wartet auf das Gerät").waitFor()
  await using _board = await powered("sim-0002")
  await page
    .getByRole("article", { name: "ventil-01" })
    .getByText("Fertig", { exact: true })
    .waitFor({ timeout: 45_000 })
  await second.getByRole("button", { name: "Abbrechen" }).click()
  await second.getByText("Abgebrochen").waitFor()
  await page.screenshot({ path: join(tmpdir(), "gatehouse-usb-desktop.png"), fullPage: true })
  assert.deepEqual(await violations(page), [])
  assert.deepEqual(visitor.faults, [])
  await cable.pull()
})

test("a device in service asks for the code on its label, and one with another name is refused with what to do", async () => {
  await using visitor = await Visitor.signedIn(browser, gateway, { viewport: PHONE })
  const page = await visitor.page("/add?way=usb")
  await using _board = await powered("sim-0001", { lock: "code", code: "4711" })
  await page.getByText("ttyHOST").first().waitFor()
  await page.getByLabel("Name", { exact: true }).fill("pump-9")
  await page.getByRole("button", { name: "Provision", exact: true }).click()
  const refused = page.getByRole("article", { name: "pump-9" })
  await refused.getByText(/This device says it is pump-1/).waitFor({ timeout: 45_000 })
  await refused.getByRole("button", { name: "Cancel" }).click()
  await page.getByLabel("Name", { exact: true }).fill("pump-1")
  await page.getByLabel(/takes the place of another device/).check()
  await page.getByRole("button", { name: "Provision", exact: true }).click()
  const asking = page.getByRole("article", { name: "pump-1" })
  await asking.getByLabel("Code on the label").fill("4711", { timeout: 45_000 })
  await page.screenshot({ path: join(tmpdir(), "gatehouse-usb-question.png"), fullPage: true })
  assert.deepEqual(await violations(page), [])
  await asking.getByRole("button", { name: "Send" }).click()
  await asking.getByText("Done", { exact: true }).waitFor({ timeout: 45_000 })
  assert.deepEqual(visitor.faults, [])
  await cable.pull()
})
