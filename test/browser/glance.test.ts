import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import type { Browser, Page } from "playwright-core"
import type { Clock } from "../../service/clock.ts"
import { CONDITIONS, type Condition } from "../../service/health.ts"
import { startTestGateway } from "../support/gateway.ts"
import { Place } from "../support/process.ts"
import { type Bench, openBench, PASSWORD } from "../unit/http/bench.ts"
import { launch, Visitor } from "./support/chromium.ts"

let browser: Browser
before(async () => {
  browser = await launch()
})
after(() => browser.close())

const ADMINISTRATOR = { username: "anna", password: PASSWORD }

async function atStatus(bench: Bench): Promise<{ visitor: Visitor; page: Page }> {
  const visitor = await Visitor.signedIn(browser, { port: () => bench.port }, {}, ADMINISTRATOR)
  return { visitor, page: await visitor.page("/") }
}

test("a healthy gateway says so in one sentence", async () => {
  await using gateway = await startTestGateway()
  assert.equal((await gateway.api.raw("POST", "/authority/seal")).status, 200)
  await using visitor = await Visitor.signedIn(browser, gateway)
  const page = await visitor.page("/")
  await page.locator(".sentence", { hasText: "Everything works." }).waitFor()
  assert.deepEqual(visitor.faults, [])
})

test("every kind of alarm shows on a card within three seconds, with its age, its reason and the next step, and goes again", async () => {
  await using bench = await openBench()
  const { visitor, page } = await atStatus(bench)
  await page.locator(".sentence").waitFor()
  for (const condition of Object.keys(CONDITIONS) as Condition[]) {
    bench.gateway.health.raise(condition, `the very detail of ${condition}`)
    const card = page.locator(".state", { hasText: `he very detail of ${condition}` })
    await card.waitFor({ timeout: 3000 })
    assert.match((await card.getAttribute("class")) ?? "", /state-(bad|warn)/, condition)
    for (const part of [".state-value", ".state-age", ".state-reason", ".state-next"]) {
      assert.notEqual((await card.locator(part).textContent())?.trim(), "", `${condition} ${part}`)
    }
    bench.gateway.health.clear(condition)
    await card.waitFor({ state: "detached", timeout: 3000 })
  }
  assert.deepEqual(visitor.faults, [])
  await visitor[Symbol.asyncDispose]()
})

test("a gateway that is gone is told within five seconds, what is shown is greyed, and it recovers by itself", async () => {
  await using place = await Place.make()
  let gateway = await place.startClaimed()
  const port = gateway.port("https")
  const visitor = await Visitor.signedIn(browser, { port: () => port })
  const page = await visitor.page("/")
  await page.locator(".sentence").waitFor()
  await gateway.stop("SIGKILL")
  await page.getByText(/No connection to the gateway since \d/).waitFor({ timeout: 6000 })
  assert.equal(await page.locator("html[data-stale]").count(), 1)
  await place.configure({ listeners: { https: { host: "127.0.0.1", port } } })
  gateway = await place.start()
  // its sessions ended with it: whoever comes back signs in again, and is told so
  await page.getByRole("dialog", { name: "You have been signed out" }).waitFor({ timeout: 10_000 })
  await page.getByRole("button", { name: "Sign in again" }).click()
  await page.waitForURL(/\/login/)
  await gateway[Symbol.asyncDispose]()
  await visitor[Symbol.asyncDispose]()
})

test("a box that lay in a drawer for 14 months: the clock's card says so and leads to where it is set", async () => {
  const behind: Clock = { now: () => Date.now() - 14 * 30 * 86_400_000, elapsed: () => performance.now() }
  await using gateway = await startTestGateway({ clock: behind })
  await using visitor = await Visitor.signedIn(browser, gateway)
  const page = await visitor.page("/")
  const card = page.locator(".state", { hasText: "It differs from this device's clock by 420 days" })
  await card.waitFor()
  await card.getByRole("link").click()
  await page.getByRole("heading", { level: 1, name: "System" }).waitFor()
})
