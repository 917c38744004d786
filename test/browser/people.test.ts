import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import type { Browser, Page } from "playwright-core"
import { ADMIN, startTestGateway, type TestGateway } from "../support/gateway.ts"
import { DESKTOP, launch, PHONE, Visitor, violations } from "./support/chromium.ts"

const OWN = "a password of my own"
let browser: Browser
let gateway: TestGateway
before(async () => {
  ;[browser, gateway] = await Promise.all([launch(), startTestGateway()])
})
after(async () => {
  await browser.close()
  await gateway[Symbol.asyncDispose]()
})

async function signIn(page: Page, name: string, password: string): Promise<void> {
  await page.getByLabel("Name").fill(name)
  await page.getByLabel("Password", { exact: true }).fill(password)
  await page.getByRole("button", { name: "Sign in" }).click()
}

test("without script: claim with the code, the recovery key once, and signing in", async () => {
  await using fresh = await startTestGateway({ claimed: false })
  await using visitor = await Visitor.open(browser, fresh, { javaScriptEnabled: false })
  const page = await visitor.context.newPage()
  await page.goto(visitor.url("/"))
  assert.equal(page.url(), visitor.url("/claim"))
  const claim = async (code: string, password = OWN) => {
    await page.getByLabel("Claim code").fill(code)
    await page.getByLabel("Name").fill("mia")
    await page.getByLabel("Password", { exact: true }).fill(password)
    await page.getByLabel("Password again").fill(password)
    await page.getByRole("button", { name: "Take into service" }).click()
  }
  await claim("AAAA-AAAA-AAAA")
  await page.getByText("This is not the code of this gateway").waitFor()
  assert.equal(await page.getByLabel("Name").inputValue(), "mia")
  await claim(fresh.gateway.claimCode?.toLowerCase() ?? "", "short")
  await page.getByText("at least 12").last().waitFor()
  await claim(fresh.gateway.claimCode ?? "")
  await page.getByRole("heading", { name: "The gateway is in service" }).waitFor()
  const key = await page.locator(".recovery-key").innerText()
  assert.match(key, /^[0-9A-Z]{4,}(-[0-9A-Z]+)+$/)
  await page.goto(visitor.url("/claim"))
  assert.ok(!(await page.content()).includes(key))
  await visitor.context.clearCookies()
  await page.goto(visitor.url("/login"))
  await signIn(page, "mia", "not the password")
  await page.getByRole("alert").getByText("The name or the password is wrong.").waitFor()
  await signIn(page, "mia", OWN)
  await page.waitForURL(visitor.url("/"))
  assert.deepEqual(
    visitor.faults.filter((fault) => !fault.includes("Failed to load resource")), // the refused forms
    [],
  )
})

test("after signing in one is where one wanted to be", async () => {
  await using visitor = await Visitor.open(browser, gateway)
  const page = await visitor.context.newPage()
  await page.goto(visitor.url("/#/account"))
  await signIn(page, ADMIN.username, ADMIN.password)
  await page.getByRole("heading", { level: 1, name: "Account" }).waitFor()
})

for (const locale of ["en-GB", "de-DE"]) {
  for (const colorScheme of ["light", "dark"] as const) {
    for (const viewport of [PHONE, DESKTOP]) {
      test(`pages before the sign-in in ${locale}, ${colorScheme}, ${viewport.width} px: nothing for axe`, async () => {
        await using fresh = await startTestGateway({ claimed: false })
        for (const [at, paths] of [
          [gateway, ["/login", "/first-password", "/recovery", "/signed-out"]],
          [fresh, ["/claim"]],
        ] as const) {
          await using visitor = await Visitor.open(browser, at, { locale, colorScheme, viewport })
          const page = await visitor.context.newPage()
          for (const path of paths) {
            await page.goto(visitor.url(path))
            assert.deepEqual(await violations(page), [], path)
            await page.setViewportSize({ width: 320, height: 640 })
            assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), path)
            await page.setViewportSize(viewport)
          }
          assert.deepEqual(visitor.faults, [])
        }
      })
    }
  }
}

test("handing over: an account with a one-time password, one's own password, the old account removed", async () => {
  await using old = await Visitor.signedIn(browser, gateway)
  const page = await old.page("/people")
  await page.getByRole("link", { name: "Add a person" }).click()
  await page.getByLabel("Name").fill("nora")
  await page.getByLabel("Administrator: may do everything").check()
  await page.getByRole("button", { name: "Add" }).click()
  await page.getByRole("heading", { name: "Give this to nora" }).waitFor()
  const code = await page.locator(".secret").innerText()

  await using next = await Visitor.open(browser, gateway)
  const hers = await next.context.newPage()
  await hers.goto(next.url("/login"))
  await hers.getByRole("link", { name: "I was given a one-time password" }).click()
  await hers.getByLabel("Name").fill("nora")
  await hers.getByLabel("One-time password").fill(code)
  await hers.getByLabel("Your own password").fill(OWN)
  await hers.getByLabel("Password again").fill(OWN)
  await hers.getByRole("button", { name: "Choose this password" }).click()
  await hers.getByRole("link", { name: "Sign in" }).click()
  await signIn(hers, "nora", OWN)
  await hers.getByRole("heading", { level: 1, name: "Status" }).waitFor()

  await hers.goto(next.url(`/#/people/${ADMIN.username}`))
  await hers.getByRole("button", { name: "Remove this account" }).click()
  await hers.getByRole("dialog").getByRole("button", { name: "Remove" }).click()
  await hers.getByRole("heading", { level: 1, name: "People" }).waitFor()
  // whoever is gone is told so, and is let in nowhere
  await page.getByRole("heading", { name: "You have been signed out" }).waitFor()
  assert.deepEqual(next.faults, [])
  // for the tests after this one
  await gateway.api.signIn("nora", OWN)
  const { username, password } = ADMIN
  await gateway.api.post("/users", { username, grant: { kind: "password", password }, roles: ["admin"] })
  await gateway.api.signIn(username, password)
})

test("a dangerous act asks for the password again once five minutes are over, and goes on by itself", async () => {
  await gateway.api.post("/users", {
    ...{ username: "vera", grant: { kind: "password", password: OWN }, roles: ["viewer"] },
  })
  await using visitor = await Visitor.signedIn(browser, gateway)
  const page = await visitor.page("/people/vera")
  // as if five minutes had passed: the gateway asks until it was told
  let asked = false
  await page.route("**/one-time-password", async (route) => {
    if (asked) return route.continue()
    asked = true
    const problem = {
      type: "urn:gatehouse:problem:confirmation-needed",
      code: "confirmation-needed",
      title: "x",
      status: 403,
    }
    await route.fulfill({ status: 403, contentType: "application/problem+json", body: JSON.stringify(problem) })
  })
  await page.getByRole("button", { name: "Give a one-time password" }).click()
  const dialog = page.getByRole("dialog")
  await dialog.getByLabel(`Password of ${ADMIN.username}`).fill("not my password")
  await dialog.getByRole("button", { name: "Continue" }).click()
  await dialog.getByText(/not your password/).waitFor()
  await dialog.getByLabel(`Password of ${ADMIN.username}`).fill(ADMIN.password)
  await dialog.getByRole("button", { name: "Continue" }).click()
  await page.getByRole("heading", { name: "Give this to vera" }).waitFor()
})

test("one's own password is changed, a token made, a session of another browser ended", async () => {
  await gateway.api.post("/users", {
    ...{ username: "otto", grant: { kind: "password", password: OWN }, roles: ["technician"] },
  })
  const otto = { username: "otto", password: OWN }
  await using visitor = await Visitor.signedIn(browser, gateway, {}, otto)
  await using other = await Visitor.signedIn(browser, gateway, {}, otto)
  const page = await visitor.page("/account")
  await page.getByRole("button", { name: /End the session of otto/ }).click()
  const elsewhere = await other.context.newPage()
  await elsewhere.goto(other.url("/"))
  assert.match(elsewhere.url(), /\/login/)
  await page.getByText("Make a token").click()
  await page.getByLabel("What for").fill("historian")
  await page.getByRole("button", { name: "Make", exact: true }).click()
  assert.match(await page.locator(".secret").innerText(), /^gh_[\w-]{43}$/)
  const newer = "another password of mine"
  await page.getByLabel("Present password").fill(OWN)
  await page.getByLabel("New password", { exact: true }).fill(newer)
  await page.getByLabel("New password again").fill(newer)
  await page.getByRole("button", { name: "Change the password" }).click()
  await page.getByText("Your password is changed.").first().waitFor()
  await page.getByRole("button", { name: "Sign out" }).first().click()
  await page.getByText("You are signed out of this gateway.").waitFor()
  await gateway.api.signIn("otto", newer)
  await gateway.api.signIn(ADMIN.username, ADMIN.password)
})

test("the language is switched without losing what was typed, and is the same before the next sign-in", async () => {
  await using visitor = await Visitor.signedIn(browser, gateway)
  const page = await visitor.page("/account")
  await page.getByLabel("Present password").fill("half typed")
  await page.getByLabel("Deutsch").check()
  await page.getByRole("heading", { level: 1, name: "Konto" }).waitFor()
  assert.equal(await page.getByLabel("Jetziges Kennwort").inputValue(), "half typed")
  await page.getByLabel("Dunkel").check()
  await page.getByRole("button", { name: "Abmelden" }).first().click()
  await page.getByText("Sie sind von diesem Gateway abgemeldet.").waitFor()
  assert.equal(await page.locator("html").getAttribute("data-theme"), "dark")
})
