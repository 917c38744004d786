import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import type { MqttClient } from "mqtt"
import type { Browser } from "playwright-core"
import { connectJs } from "../support/clients.ts"
import { startTestGateway, type TestGateway } from "../support/gateway.ts"
import { launch, Visitor } from "./support/chromium.ts"

const password = "correct horse battery"
let browser: Browser
let gateway: TestGateway
let device: MqttClient
before(async () => {
  const permissions = [{ context: "mqtt", operation: "readWrite", resource: "#" }]
  const users = [
    { username: "pump", grant: { kind: "password", password }, permissions },
    { username: "tom", grant: { kind: "password", password }, roles: ["technician"] },
    { username: "vera", grant: { kind: "password", password }, roles: ["viewer"] },
  ]
  ;[browser, gateway] = await Promise.all([launch(), startTestGateway({ bootstrap: { users } })])
  const { client } = await connectJs(`mqtt://127.0.0.1:${gateway.port("mqtt")}`, { username: "pump", password })
  assert.ok(client)
  device = client
})
after(async () => {
  await browser.close()
  await device.endAsync(true)
  await gateway[Symbol.asyncDispose]()
})

test("a technician sees what they may read and nothing else, pauses, goes on, and sends with their own rights", async () => {
  await using visitor = await Visitor.signedIn(browser, gateway, {}, { username: "tom", password })
  const page = await visitor.page("/messages")
  await page.getByText("per second").waitFor()
  await device.publishAsync("plant/secret", "nobody's business", { qos: 1 })
  // again until it shows: what came before the page had its stream is not on it
  while (!(await page.getByText("21.5").first().isVisible())) {
    await device.publishAsync("devices/pump/t", "21.5", { qos: 1 })
    await page.waitForTimeout(200)
  }
  assert.equal(await page.getByText("plant/secret").count(), 0)
  await page.getByRole("button", { name: "Pause" }).click()
  await page.getByText("Paused.").waitFor()
  await device.publishAsync("devices/pump/t", "22.5", { qos: 1 })
  await page.waitForTimeout(700)
  assert.equal(await page.getByText("22.5").count(), 0)
  await page.getByRole("button", { name: "Go on" }).click()
  await page.getByText("per second").waitFor()
  await page.waitForTimeout(500)
  await device.publishAsync("devices/pump/t", "23.5", { qos: 1 })
  await page.getByText("23.5").waitFor()

  await page.getByLabel("Topic", { exact: true }).fill("plant/valve")
  await page.getByRole("button", { name: "Send" }).click()
  await page.getByText("no permission to publish to plant/valve").waitFor()
  await page.getByLabel("Topic", { exact: true }).fill("devices/pump/set")
  await page.getByLabel("Content").fill("on")
  await page.getByRole("button", { name: "Send" }).click()
  await page.getByText("Sent to devices/pump/set. Nobody is subscribed to it.").first().waitFor()
})

test("a viewer, who may read no topic, is told so instead of seeing nothing", async () => {
  await using visitor = await Visitor.signedIn(browser, gateway, {}, { username: "vera", password })
  const page = await visitor.page("/messages")
  await page.getByText("You may read no topic.").waitFor()
  assert.equal(await page.getByRole("button", { name: "Send" }).count(), 0)
  assert.deepEqual(visitor.faults, [])
})

test("a thousand messages a second: all are counted, the page stays small and draws a few times a second", async () => {
  await using visitor = await Visitor.signedIn(browser, gateway)
  const page = await visitor.page("/messages")
  await page.getByText("per second").waitFor()
  await page.evaluate(() => {
    const list = document.querySelector("main")
    Object.assign(globalThis, { drawn: 0 })
    new MutationObserver(() => {
      ;(globalThis as unknown as { drawn: number }).drawn++
    }).observe(list as Node, { childList: true, subtree: true, characterData: true })
  })
  const seconds = 5
  const began = performance.now()
  let sent = 0
  while (performance.now() - began < seconds * 1000) {
    const due = ((performance.now() - began) / 1000) * 1000
    for (; sent < due; sent++) device.publish(`devices/fan-${sent % 300}/t`, `{"n":${sent},"x":"${"y".repeat(100)}"}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await device.publishAsync("devices/last", "end", { qos: 1 })
  await page.waitForFunction(
    (least) => {
      const text = [...document.querySelectorAll("main p.numbers")].map(({ textContent }) => textContent).join()
      return Number(/([\d,.]+) since/.exec(text)?.[1]?.replace(/\D/g, "")) >= least
    },
    sent,
    { timeout: 10_000 },
  )
  const took = (performance.now() - began) / 1000
  const { drawn, rows } = await page.evaluate(() => ({
    drawn: (globalThis as unknown as { drawn: number }).drawn,
    rows: document.querySelectorAll(".message").length,
  }))
  console.log(`${sent} messages in ${took.toFixed(1)} s, ${(drawn / took).toFixed(1)} drawings a second, ${rows} rows`)
  assert.ok(drawn / took <= 10, `${drawn} drawings in ${took} s`)
  assert.ok(rows <= 100, `${rows} rows`)
})
