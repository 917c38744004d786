import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { after, before, test } from "node:test"
import type { IClientOptions } from "mqtt"
import type { Browser, Page } from "playwright-core"
import { connectJs } from "../support/clients.ts"
import { type Device, makeDevice, OutsideAuthority } from "../support/device.ts"
import type { TestGateway } from "../support/gateway.ts"
import { launch, Visitor } from "./support/chromium.ts"
import { connectDevice, DEVICE_PASSWORD, openPlant, type Plant } from "./support/plant.ts"

let browser: Browser
let plant: Plant
let gateway: TestGateway
let outside: OutsideAuthority
before(async () => {
  ;[browser, plant] = await Promise.all([launch(), openPlant()])
  gateway = plant.gateway
  outside = await OutsideAuthority.create(join(gateway.folder, "outside"), "plant-authority")
})
after(async () => {
  await browser.close()
  await plant[Symbol.asyncDispose]()
})

const WITHIN_MS = 2000

async function plain(options: IClientOptions) {
  const { client } = await connectJs(`mqtt://127.0.0.1:${gateway.port("mqtt")}`, { ...options, protocolVersion: 5 })
  client?.end(true)
  return client !== undefined
}

async function withCertificate(device: Device): Promise<void> {
  const { client } = await connectJs(`mqtts://127.0.0.1:${gateway.port("mqtts")}`, {
    ...{ ca: await readFile(gateway.cafile), cert: await readFile(device.chain), key: await readFile(device.key) },
    clientId: device.name,
    rejectUnauthorized: false,
  })
  client?.end(true)
}

async function trusted(): Promise<OutsideAuthority> {
  const known = (await gateway.api.get("/authorities")).authorities.some(({ id }: { id: string }) => id === "plant")
  if (!known) await gateway.api.post("/authorities", { certificate: await outside.pem(), id: "plant", scope: "out-*" })
  return outside
}

interface Bad {
  readonly who: string
  /** Makes the client come and be turned away. */
  readonly comes: () => Promise<unknown>
  readonly says: string
  /** The button that mends it, and the heading of where it leads. */
  readonly button: RegExp
  readonly leadsTo?: RegExp
}

const BAD: readonly Bad[] = [
  {
    ...{ who: "lamp-1", says: "Nobody here has this name", button: /Add lamp-1/, leadsTo: /Add device/ },
    comes: () => plain({ clientId: "lamp-1", username: "lamp-1", password: "x" }),
  },
  {
    ...{ who: "sensor-12", says: "Wrong password", button: /Set a new password/, leadsTo: /sensor-12/ },
    comes: () => plain({ clientId: "sensor-12", username: "sensor-12", password: "wrong" }),
  },
  {
    ...{ who: "fan-3", says: "It is disabled here", button: /Enable fan-3/ },
    comes: () => plain({ clientId: "fan-3", username: "fan-3", password: DEVICE_PASSWORD }),
  },
  {
    ...{ who: "press-2", says: "It proves itself in the wrong way", button: /Open the device/, leadsTo: /press-2/ },
    comes: () => plain({ clientId: "press-2", username: "press-2", password: "x" }),
  },
  {
    ...{ who: "stranger", says: "Its certificate comes from someone unknown", button: /Trusted authorities/ },
    comes: async () => withCertificate(await outside.sign("stranger")),
    leadsTo: /Certificates/,
  },
  {
    ...{ who: "drill-5", says: "Its certificate was revoked", button: /Issue a new certificate/, leadsTo: /drill-5/ },
    async comes() {
      const device = await makeDevice(gateway, "drill-5")
      await gateway.api.post(`/certificates/${device.serial}/revoke`)
      await withCertificate(device)
    },
  },
  {
    ...{ who: "out-old", says: "Its certificate has expired", button: /Issue a new certificate/, leadsTo: /out-old/ },
    async comes() {
      await gateway.api.post("/users", { username: "out-old", grant: { kind: "certificate", issuer: "gatehouse" } })
      await withCertificate(await (await trusted()).signDated("out-old", "20200101000000Z", "20210101000000Z"))
    },
  },
  {
    ...{ who: "out-new", says: "Its certificate is not valid yet", button: /Check the time/, leadsTo: /System/ },
    async comes() {
      await withCertificate(await (await trusted()).signDated("out-new", "20480101000000Z", "20490101000000Z"))
    },
  },
  {
    ...{ who: "belt-1", says: "It sent to a topic it may not use", button: /See what it may do/, leadsTo: /belt-1/ },
    comes: () =>
      plant.clients.find(({ options }) => options.clientId === "belt-1")?.publishAsync("somewhere/else", "1") ??
      assert.fail(),
  },
]

for (const { who, comes, says, button, leadsTo } of BAD) {
  test(`"it does not connect", ${who}: ${says.toLowerCase()}; the cause in two taps, and the button that mends it`, async () => {
    await using visitor = await Visitor.signedIn(browser, gateway)
    const page = await visitor.page("/")
    await page.getByRole("link", { name: "At the door" }).first().click()
    await page.getByRole("heading", { level: 1, name: "At the door" }).waitFor()
    await page.waitForFunction(() => document.querySelector(".loading") === null)
    await comes()
    const row = rowOf(page, who).filter({ hasText: says })
    await row.waitFor({ timeout: WITHIN_MS })
    const mending = row.getByRole(leadsTo === undefined ? "button" : "link", { name: button })
    await mending.click()
    if (leadsTo !== undefined) await page.getByRole("heading", { level: 1, name: leadsTo }).waitFor()
    assert.deepEqual(visitor.faults, [])
  })
}

test("mended at the door: a disabled device is enabled, comes in, and its row says so", async () => {
  await gateway.api.patch("/users/fan-3", { enabled: false })
  await plain({ clientId: "fan-3", username: "fan-3", password: DEVICE_PASSWORD })
  await using visitor = await Visitor.signedIn(browser, gateway)
  const page = await visitor.page("/door")
  await rowOf(page, "fan-3").getByRole("button", { name: "Enable fan-3" }).click()
  await page.getByText("fan-3 is enabled.").waitFor({ state: "attached" })
  const { client } = await connectJs(`mqtt://127.0.0.1:${gateway.port("mqtt")}`, {
    ...{ clientId: "fan-3", username: "fan-3", password: DEVICE_PASSWORD },
  })
  await rowOf(page, "fan-3").getByText("Mended").waitFor({ timeout: 3000 })
  client?.end(true)
})

test("a revoked certificate ends the session, and the page shows it, within two seconds", async () => {
  const device = await makeDevice(gateway, "mixer-1")
  const client = await connectDevice(gateway, device)
  const ended = new Promise<void>((resolve) => client.once("close", () => resolve()))
  await using visitor = await Visitor.signedIn(browser, gateway)
  const page = await visitor.page("/devices/mixer-1")
  await page.locator(".state-value", { hasText: "Connected" }).waitFor()
  await page.getByRole("button", { name: "Revoke" }).click()
  const before = performance.now()
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click()
  await ended
  await page.locator(".state-value", { hasText: "Offline" }).waitFor({ timeout: WITHIN_MS })
  const took = Math.round(performance.now() - before)
  console.log(`from the click to the page that shows it: ${took} ms`)
  assert.ok(took < WITHIN_MS, `${took} ms`)
  await page.getByText("Revoked", { exact: true }).first().waitFor({ state: "attached" })
  assert.deepEqual(visitor.faults, [])
})

function rowOf(page: Page, name: string) {
  return page.locator(".visitor", { has: page.getByRole("heading", { level: 2, name, exact: true }) })
}
