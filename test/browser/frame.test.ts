import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import type { Browser } from "playwright-core"
import { startTestGateway, type TestGateway } from "../support/gateway.ts"
import { launch, Visitor, violations } from "./support/chromium.ts"

let browser: Browser
let gateway: TestGateway
before(async () => {
  ;[browser, gateway] = await Promise.all([launch(), startTestGateway()])
})
after(async () => {
  await browser.close()
  await gateway[Symbol.asyncDispose]()
})

test("whoever is not signed in is sent to sign in, and the place they wanted stays in the address", async () => {
  await using visitor = await Visitor.open(browser, gateway)
  const page = await visitor.context.newPage()
  await page.goto(visitor.url("/#/devices"))
  assert.equal(page.url(), visitor.url("/login#/devices"))
})

test("the first load is small, comes from this gateway alone, and nothing complains", async () => {
  await using visitor = await Visitor.signedIn(browser, gateway)
  const page = await visitor.context.newPage()
  const network = await visitor.context.newCDPSession(page)
  await network.send("Network.enable")
  const requests = new Set<string>()
  let bytes = 0
  network.on("Network.requestWillBeSent", ({ request }) => requests.add(request.url))
  network.on("Network.dataReceived", ({ encodedDataLength }) => {
    bytes += encodedDataLength
  })
  await page.goto(visitor.url("/"))
  await page.getByRole("heading", { level: 1, name: "Status" }).waitFor()
  await page.waitForLoadState("load")
  await page.waitForTimeout(500)
  console.log(`first load: ${requests.size} requests, ${bytes} bytes`)
  assert.ok(requests.size <= 8, [...requests].join("\n"))
  assert.ok(bytes <= 60_000, `${bytes} bytes`)
  assert.deepEqual(await violations(page), [])
  assert.deepEqual(visitor.faults, [])
})
