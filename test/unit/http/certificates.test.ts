import assert from "node:assert/strict"
import { afterEach, beforeEach, test } from "node:test"
import { parseCsr } from "../../../service/ca/csr.ts"
import { type Bench, newRequest, openBench } from "./bench.ts"

let bench: Bench
let admin: string
let technician: string
beforeEach(async () => {
  bench = await openBench()
  admin = await bench.signIn("anna")
  technician = await bench.signIn("tom")
})
afterEach(() => bench[Symbol.asyncDispose]())

const csr = newRequest()
const verdict = parseCsr(csr)
assert.ok(verdict.ok)
const key = verdict.spkiHash
const der = Buffer.from(csr.replace(/-----[^-]+-----|\s/g, ""), "base64")

const request = (username: string, token = technician, text: unknown = csr) =>
  bench.ask("POST", `/api/v1/users/${username}/certificates`, { token, json: { csr: text } })

const raw = (type: string, body: string | Buffer) =>
  bench.ask("POST", "/api/v1/users/pump/certificates", { token: technician, body, headers: { "Content-Type": type } })

test("a request becomes a certificate, found in the log with who asked and how", async () => {
  const reply = await request("pump")
  assert.equal(reply.status, 201)
  const serial = String(reply.at("serial"))
  assert.equal(reply.headers.location, `/api/v1/certificates/${serial}`)
  assert.deepEqual(
    [reply.at("certificate"), reply.at("chain"), reply.at("root")],
    ["LEAF\n", "LEAF\nISSUING\n", "ROOT\n"],
  )
  const shown = await bench.ask("GET", `/api/v1/certificates/${serial}`, { token: technician })
  assert.deepEqual(shown.json, {
    ...{ serial, fingerprint: reply.at("fingerprint"), publicKey: key, commonName: "pump", kind: "device" },
    ...{ keyOrigin: "device", state: "pending", notAfter: reply.at("notAfter"), issuedBy: "tom", through: "api" },
    issuedAt: new Date(bench.clock.now()).toISOString(),
    renewAfter: new Date(bench.clock.now() + (398 * 86_400_000 * 2) / 3).toISOString(),
  })
  bench.clock.advance(399 * 86_400_000)
  const later = await bench.signIn("tom")
  const expired = await bench.ask("GET", `/api/v1/certificates/${serial}`, { token: later })
  assert.equal(expired.at("state"), "expired")
})

test("a request comes as JSON, as PEM and as DER", async () => {
  for (const [type, body] of [
    ["application/pkcs10", csr],
    ["text/plain", csr],
    ["text/plain; charset=utf-8", `boot ok\r\n${csr}\r\n> `],
    ["application/pkcs10", der],
  ] as const) {
    assert.equal((await raw(type, body)).status, 201)
  }
  assert.equal((await raw("application/x-pem-file", csr)).status, 415)
  assert.equal((await raw("text/plain; charset=utf-16", csr)).status, 415)
  assert.equal((await raw("text/plain", "")).status, 400)
  assert.equal((await raw("text/plain", "x".repeat(70_000))).status, 413)
})

test("a request that breaks a rule is refused with the rule", async () => {
  const broken = csr.replace(/[A-Za-z]{4}(?=[A-Za-z0-9+/=]*\n-----END)/, "AAAA")
  for (const text of ["no request at all", broken, csr + csr]) {
    const reply = await request("pump", technician, text)
    assert.deepEqual([reply.status, reply.at("code")], [422, "csr-refused"])
  }
  for (const text of [42, null, "", { pem: csr }, [csr]]) {
    assert.equal((await request("pump", technician, text)).status, 400)
  }
})

test("who is not there, disabled, or has another grant gets none, with the remedy", async () => {
  for (const [username, status, remedy] of [
    ["nobody", 404, /no user/],
    ["valve", 409, /enable it first/],
    ["plain", 409, /change its grant/],
    ["foreign", 409, /issuer of its grant to gatehouse/],
    ["pinned", 422, /pinned to another public key/],
  ] as const) {
    const reply = await request(username, admin)
    assert.equal(reply.status, status)
    assert.match(String(reply.at("detail")), remedy)
  }
  assert.equal(bench.gateway.issueLog.entries().length, 0)
})

test("a pin that fits lets the request in", async () => {
  const grant = { kind: "certificate", publicKey: key }
  await bench.ask("PATCH", "/api/v1/users/pinned", { token: admin, json: { grant } })
  assert.equal((await request("pinned")).status, 201)
})

test("nobody is given a certificate of someone with more rights", async () => {
  const reply = await request("boss")
  assert.deepEqual([reply.status, reply.at("code")], [403, "forbidden"])
  assert.equal((await request("boss", admin)).status, 201)
})

test("the lifetime comes from the user's roles", async () => {
  const json = { permissions: [], certificateLifetimeDays: 7 }
  await bench.ask("PUT", "/api/v1/roles/short", { token: admin, json })
  await bench.ask("PATCH", "/api/v1/users/pump", { token: admin, json: { roles: ["device", "short"] } })
  const reply = await request("pump")
  assert.equal(reply.at("notAfter"), new Date(bench.clock.now() + 7 * 86_400_000).toISOString())
})

test("certificates are listed newest first, by page and by user", async () => {
  const serials: string[] = []
  for (let i = 0; i < 5; i++) {
    serials.unshift(String((await request("pump")).at("serial")))
    bench.clock.advance(1)
  }
  const seen: string[] = []
  let query = "?limit=2&user=pump"
  for (;;) {
    const page = await bench.ask("GET", `/api/v1/certificates${query}`, { token: technician })
    seen.push(...(page.at("certificates") as { serial: string }[]).map(({ serial }) => serial))
    if (page.at("next") === null) break
    query = `?limit=2&user=pump&cursor=${page.at("next")}`
  }
  assert.deepEqual(seen, serials)
  const other = await bench.ask("GET", "/api/v1/certificates?user=boss", { token: technician })
  assert.deepEqual(other.json, { certificates: [], next: null })
})

test("certificates are searched, whatever the case, and sorted out by their state", async () => {
  const serial = String((await request("pump")).at("serial"))
  const listed = async (query: string) => {
    const { status, json } = await bench.ask("GET", `/api/v1/certificates?${query}`, { token: technician })
    return status === 200
      ? (json as { certificates: { serial: string }[] }).certificates.map((one) => one.serial)
      : status
  }
  for (const search of ["PUM", serial.slice(4, 12).toUpperCase()])
    assert.deepEqual(await listed(`search=${search}`), [serial])
  assert.deepEqual(await listed("state=pending"), [serial])
  for (const query of ["search=valve", "search=%25", "search=.*", "state=active", "state=pending&user=boss"]) {
    assert.deepEqual(await listed(query), [], query)
  }
  for (const query of ["search=", `search=${"x".repeat(129)}`, "state=lost", "search=a&search=b"]) {
    assert.equal(await listed(query), 400, query)
  }
})

test("a certificate can be downloaded again with its authority, as far as it was kept", async () => {
  const serial = String((await request("pump")).at("serial"))
  const path = `/api/v1/certificates/${serial}/chain`
  const reply = await bench.ask("GET", path, { token: technician })
  const kept = !serial.startsWith("0") // the stand-in's rule for what the first version left out
  assert.equal(reply.status, kept ? 200 : 404)
  if (kept) assert.equal(reply.headers["content-type"], "application/pem-certificate-chain")
  assert.equal((await bench.ask("GET", "/api/v1/certificates/00ff/chain", { token: technician })).status, 404)
  assert.equal((await bench.ask("GET", path)).status, 401)
})

const revoke = (serial: string, token: string, json?: unknown) =>
  bench.ask("POST", `/api/v1/certificates/${serial}/revoke`, json === undefined ? { token } : { token, json })

test("a certificate is revoked once and for good", async () => {
  const serial = String((await request("pump")).at("serial"))
  const reply = await revoke(serial, technician, { reason: "lost on site" })
  assert.deepEqual([reply.status, reply.at("state")], [200, "revoked"])
  assert.equal(bench.gateway.issueLog.find(serial)?.change?.reason, "lost on site")
  assert.equal(bench.gateway.issueLog.find(serial)?.change?.by, "tom")
  assert.equal((await revoke(serial, technician)).status, 200)
  assert.equal((await revoke("00".repeat(16), technician)).status, 404)
  assert.equal((await revoke("zz", technician)).status, 400)
  assert.equal((await revoke(serial, technician, { reason: "" })).status, 400)
  assert.equal((await revoke(serial, technician, { why: "x" })).status, 400)
})

test("a technician cuts off neither an administrator nor the gateway's own server", async () => {
  const boss = String((await request("boss", admin)).at("serial"))
  assert.equal((await revoke(boss, technician)).status, 403)
  const { issueLog } = bench.gateway
  const server = { ...issueLog.find(boss)!, kind: "server" as const, serial: "aa".repeat(16), commonName: "gatehouse" }
  await bench.ask("DELETE", "/api/v1/users/boss", { token: admin })
  const { state: _, change: __, ...record } = server
  await (issueLog as unknown as { record(r: typeof record): Promise<unknown> }).record({
    ...record,
    spkiHash: "ee".repeat(32),
  })
  assert.equal((await revoke(server.serial, technician)).status, 403)
  assert.equal((await revoke(server.serial, admin)).status, 200)
})

test("our own authority is public: the chain, and the revocation list as asked for", async () => {
  const chain = await bench.ask("GET", "/api/v1/authority")
  assert.deepEqual(
    [chain.status, chain.headers["content-type"], chain.text],
    [200, "application/pem-certificate-chain", "ISSUING\nROOT\n"],
  )
  const list = (Accept?: string) => bench.ask("GET", "/api/v1/authority/crl", Accept ? { headers: { Accept } } : {})
  for (const [accept, type] of [
    [undefined, "application/pkix-crl"],
    ["*/*", "application/pkix-crl"],
    ["application/pkix-crl", "application/pkix-crl"],
    ["application/x-pem-file", "application/x-pem-file"],
    ["text/plain;q=0.5, application/x-pem-file", "application/x-pem-file"],
    ["text/plain", "text/plain"],
  ] as const) {
    const reply = await list(accept)
    assert.deepEqual([reply.status, reply.headers["content-type"]], [200, type])
    assert.deepEqual(
      reply.bytes,
      type === "application/pkix-crl" ? Buffer.from([0x30, 0x80, 0xff]) : Buffer.from("CRL\n"),
    )
  }
  const none = await list("text/html")
  assert.deepEqual([none.status, none.at("code")], [406, "not-acceptable"])
})

test("the root is sealed once, by an administrator", async () => {
  const seal = (token: string) => bench.ask("POST", "/api/v1/authority/seal", { token })
  assert.equal((await seal(technician)).status, 403)
  const reply = await seal(admin)
  assert.deepEqual([reply.status, reply.json], [200, { recoveryKey: "recovery" }])
  const again = await seal(admin)
  assert.deepEqual([again.status, again.at("code")], [409, "conflict"])
  assert.doesNotMatch(bench.lines.join(""), /recovery/)
})

test("outside authorities come and go by administrators alone", async () => {
  const add = (token: string, json: unknown) => bench.ask("POST", "/api/v1/authorities", { token, json })
  const good = { certificate: "GOOD", id: "plant7", name: "Plant 7", scope: "plant7-*" }
  assert.equal((await add(technician, good)).status, 403)
  const made = await add(admin, good)
  assert.equal(made.status, 201)
  assert.deepEqual((await bench.ask("GET", "/api/v1/authorities", { token: technician })).json, made.json)
  assert.equal((await add(admin, good)).status, 409)
  const bad = await add(admin, { ...good, certificate: "BAD" })
  assert.deepEqual([bad.status, bad.at("code")], [422, "certificate-refused"])
  for (const wrong of [
    { scope: "a*b" },
    { scope: "" },
    { id: "Not An Id" },
    { id: "gatehouse" },
    { scope: undefined },
  ]) {
    assert.equal((await add(admin, { ...good, ...wrong })).status, 400)
  }
  const remove = (token: string) => bench.ask("DELETE", "/api/v1/authorities/plant7", { token })
  assert.deepEqual(
    [(await remove(technician)).status, (await remove(admin)).status, (await remove(admin)).status],
    [403, 204, 404],
  )
})
