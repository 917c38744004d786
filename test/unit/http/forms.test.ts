import assert from "node:assert/strict"
import { afterEach, beforeEach, test } from "node:test"
import { type Ask, type Bench, CODE, openBench, PASSWORD, type Reply } from "./bench.ts"

let bench: Bench
beforeEach(async () => {
  bench = await openBench()
})
afterEach(() => bench[Symbol.asyncDispose]())

const host = (at = bench) => `localhost:${at.port}`
/** As a browser sends a form of this gateway's own page. */
function posted(path: string, fields: Record<string, string>, more: Record<string, string> = {}, at = bench) {
  const headers = {
    ...{ Host: host(at), Origin: `https://${host(at)}`, "Sec-Fetch-Site": "same-origin" },
    ...{ "Content-Type": "application/x-www-form-urlencoded", ...more },
  }
  return at.ask("POST", path, { body: new URLSearchParams(fields).toString(), headers } satisfies Ask)
}
const cookieOf = ({ headers }: Reply) => String(headers["set-cookie"]).split(";")[0] ?? ""
const signIn = (username: string, password = PASSWORD, more = {}) => posted("/login", { username, password }, more)

test("signing in by the form sets the session's cookie and leads to the page, and nowhere else", async () => {
  const reply = await signIn("anna")
  assert.deepEqual([reply.status, reply.headers.location], [303, "/"])
  assert.match(
    String(reply.headers["set-cookie"]),
    /^__Host-sid=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict$/,
  )
  const session = await bench.ask("GET", "/api/v1/session", { headers: { Cookie: cookieOf(reply) } })
  assert.equal(session.at("username"), "anna")
  const again = await bench.ask("GET", "/login", { headers: { Cookie: cookieOf(reply) } })
  assert.deepEqual([again.status, again.headers.location], [303, "/"])
})

test("no parameter leads elsewhere after signing in", async () => {
  for (const query of ["?next=https://evil.example", "?to=//evil.example", "?lang=de&url=/\\evil.example"]) {
    const reply = await posted(`/login${query}`, { username: "anna", password: PASSWORD })
    assert.equal(reply.status, 400)
    assert.equal(reply.headers["set-cookie"], undefined)
  }
})

test("an unknown name, a wrong password, a device and a disabled person get the same page, but for the name they typed", async () => {
  const pages = await Promise.all(
    ["nobody", "anna", "pump", "plain", "dora"].map(async (name) => {
      const { status, text } = await signIn(name, "wrong wrong wrong")
      return [status, text.replaceAll(name, "NAME").replaceAll(host(), "")]
    }),
  )
  for (const page of pages) assert.deepEqual(page, pages[0])
  assert.equal(pages[0]?.[0], 401)
})

test("guessing by the form is slowed together with guessing by the API, and the page says for how long", async () => {
  for (let i = 0; i < 3; i++) await signIn("anna", "wrong wrong wrong")
  for (let i = 0; i < 2; i++) {
    await bench.ask("POST", "/api/v1/tokens", { json: { username: "anna", password: "wrong wrong wrong" } })
  }
  const slowed = await signIn("anna")
  assert.equal(slowed.status, 429)
  assert.match(slowed.text, /role="alert".*Try again in \d+ seconds/s)
  assert.ok(Number(slowed.headers["retry-after"]) >= 1)
})

test("a form of another site signs nobody in, whatever it says of itself", async () => {
  for (const more of [
    { Origin: "https://evil.example", "Sec-Fetch-Site": "cross-site" },
    { Origin: "null" },
    { "Sec-Fetch-Site": "same-site" },
    { Origin: `https://${host()}.evil.example` },
    { Origin: `http://${host()}` },
    { Host: "evil.example", Origin: "https://evil.example" },
  ]) {
    const reply = await signIn("anna", PASSWORD, more)
    assert.ok([403, 421].includes(reply.status), JSON.stringify(more))
    assert.equal(reply.headers["set-cookie"], undefined)
  }
})

test("a session that somebody planted does not become the person's: it ends, and theirs is a new one", async () => {
  const planted = cookieOf(await signIn("vera"))
  const own = cookieOf(await signIn("anna", PASSWORD, { Cookie: planted }))
  assert.notEqual(own, planted)
  const left = await bench.ask("GET", "/api/v1/session", { headers: { Cookie: planted } })
  assert.equal(left.status, 401)
  const invented = `__Host-sid=${"A".repeat(43)}`
  assert.notEqual(cookieOf(await signIn("anna", PASSWORD, { Cookie: invented })), invented)
})

test("what was typed comes back as text, and a password never", async () => {
  const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)>'`
  const reply = await signIn(hostile, "secret-of-the-test")
  assert.ok(!reply.text.includes("<script") && !reply.text.includes("<img"))
  assert.match(reply.text, /value="&quot;&gt;&lt;script&gt;/)
  assert.ok(!reply.text.includes("secret-of-the-test") && !bench.lines.join("").includes("secret-of-the-test"))
})

test("fields given twice, left out, or of another form are refused", async () => {
  const headers = { "Content-Type": "application/x-www-form-urlencoded", Origin: `https://${host()}`, Host: host() }
  const body = `username=anna&password=x&password=${encodeURIComponent(PASSWORD)}`
  assert.equal((await bench.ask("POST", "/login", { body, headers })).status, 400)
  assert.equal((await posted("/login", { username: "anna" })).status, 400)
  assert.equal((await posted("/login", { username: "anna", password: PASSWORD, admin: "1" })).status, 400)
  assert.equal((await posted("/login", { username: "a".repeat(70_000), password: "" })).status, 413)
})

test("every page without script is one: no script, no other host, no frame, and forms that lead only here", async () => {
  await using unclaimed = await openBench(false)
  for (const [at, path] of [
    [bench, "/login"],
    [bench, "/signed-out"],
    [bench, "/recovery"],
    [bench, "/first-password"],
    [unclaimed, "/claim"],
  ] as const) {
    const { status, text, headers } = await at.ask("GET", path)
    assert.equal(status, 200, path)
    assert.ok(!/<script|javascript:|\son\w+=|https?:\/\//i.test(text), path)
    const policy = String(headers["content-security-policy"])
    assert.ok(policy.startsWith("default-src 'none'") && !/unsafe|script-src/.test(policy), path)
    for (const wanted of ["form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"])
      assert.ok(policy.includes(wanted))
    assert.equal(headers["x-frame-options"], "DENY")
    assert.equal(headers["cache-control"], "no-store")
    assert.equal(headers["referrer-policy"], "same-origin") // without any, browsers send Origin: null with a form
    assert.ok(!text.includes("1.2.3"), `${path} tells strangers the version`)
  }
})

test("the language is the browser's, or the chosen one, which stays chosen", async () => {
  const asked = (headers: Record<string, string>, path = "/login") => bench.ask("GET", path, { headers })
  assert.match((await asked({ "Accept-Language": "de-AT,de;q=0.9,en;q=0.5" })).text, /<html lang="de">/)
  assert.match((await asked({ "Accept-Language": "fr" })).text, /<html lang="en">/)
  const chosen = await asked({ "Accept-Language": "en" }, "/login?lang=de")
  assert.match(chosen.text, /<html lang="de">/)
  const cookie = cookieOf(chosen)
  assert.equal(cookie, "gatehouse-look=de.auto")
  assert.match((await asked({ "Accept-Language": "en", Cookie: cookie })).text, /<html lang="de">/)
  assert.match((await asked({ Cookie: "gatehouse-look=en.dark" })).text, /<html lang="en" data-theme="dark">/)
  assert.match((await asked({ Cookie: `gatehouse-look=de."><script>` })).text, /<html lang="en">/)
})

const claiming = { code: CODE, username: "mia", password: "a password of mine", again: "a password of mine" }

test("claiming by the form shows the recovery key once and signs the first administrator in", async () => {
  await using fresh = await openBench(false)
  assert.equal((await fresh.ask("GET", "/login")).headers.location, "/claim")
  const reply = await posted("/claim", claiming, {}, fresh)
  assert.equal(reply.status, 201)
  assert.match(reply.text, /class="code recovery-key">recovery</)
  assert.ok(!reply.text.includes("a password of mine"))
  const session = await fresh.ask("GET", "/api/v1/session", { headers: { Cookie: cookieOf(reply) } })
  assert.deepEqual([session.at("username"), session.at("administrator")], ["mia", true])
  assert.equal((await fresh.ask("GET", "/claim")).headers.location, "/login")
  const second = await posted("/claim", { ...claiming, username: "eve" }, {}, fresh)
  assert.equal(second.status, 409)
  assert.ok(!second.text.includes("recovery-key") && second.headers["set-cookie"] === undefined)
})

test("of two browsers that claim at once one wins and the other is told", async () => {
  await using fresh = await openBench(false)
  const replies = await Promise.all(
    ["mia", "eve"].map((username) => posted("/claim", { ...claiming, username }, {}, fresh)),
  )
  assert.deepEqual(replies.map(({ status }) => status).sort(), [201, 409])
  assert.equal(replies.filter(({ text }) => text.includes("recovery-key")).length, 1)
})

test("a wrong code, a bad name, a weak password and two that differ are told at their field", async () => {
  await using fresh = await openBench(false)
  const tried = async (more: Partial<typeof claiming>, at: string) => {
    const { status, text } = await posted("/claim", { ...claiming, ...more }, {}, fresh)
    assert.match(
      text,
      new RegExp(`id="${at}" name="${at}"[^>]* aria-describedby="[^"]*${at}-error" aria-invalid="true"`),
    )
    return status
  }
  assert.equal(await tried({ code: "AAAA-AAAA-AAAA" }, "code"), 403)
  assert.equal(await tried({ username: "mia müller" }, "username"), 400)
  assert.equal(await tried({ password: "short", again: "short" }, "password"), 400)
  assert.equal(await tried({ again: "another password" }, "again"), 400)
  assert.equal(fresh.directory.claimed, false)
})

test("wrong codes count together, by the form and by the API", async () => {
  await using fresh = await openBench(false)
  const wrong = { ...claiming, code: "AAAA-AAAA-AAAA" }
  for (let i = 0; i < 3; i++) await posted("/claim", wrong, {}, fresh)
  const { again: _, ...json } = wrong
  for (let i = 0; i < 2; i++) await fresh.ask("POST", "/api/v1/claim", { json })
  assert.equal((await posted("/claim", claiming, {}, fresh)).status, 429)
})

test("a one-time password becomes one's own by the form, and one's own signs in", async () => {
  const { accounts, clock } = bench.gateway
  const anna = { name: "anna", rights: bench.directory.rights(bench.directory.users.get("anna")!) }
  const code = await accounts.giveOneTimePassword(anna, "vera", clock.now() + 1000)
  const own = { username: "vera", password: "a password of vera", again: "a password of vera" }
  assert.equal((await signIn("vera", code)).status, 401)
  assert.equal((await posted("/first-password", { ...own, code: "AAAA-AAAA-AAAA" })).status, 401)
  assert.equal((await posted("/first-password", { ...own, code, again: "x" })).status, 400)
  assert.match((await posted("/first-password", { ...own, code })).text, /role="status"/)
  assert.equal((await signIn("vera", own.password)).status, 303)
})

test("a form leaves a record of who signed in, and none of who could not", async () => {
  await signIn("anna", "wrong wrong wrong")
  await signIn("anna")
  const records = bench.gateway.audit.records.map(({ route, actor, change }) => [route, actor, change])
  assert.deepEqual(records, [["/login", "anna", '{"username":"anna","password":"…"}']])
})
