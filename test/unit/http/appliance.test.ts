import assert from "node:assert/strict"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { connect } from "node:tls"
import { openLog } from "../../../service/log.ts"
import { openAppliance } from "../../../service/store/root-requests.ts"
import { openStateDirectory } from "../../../service/store/state-directory.ts"
import { FakeClock } from "../../support/fake-clock.ts"
import { Root } from "../../support/root.ts"
import { type Bench, openBench, PASSWORD, tls } from "./bench.ts"

const folder = mkdtempSync(join(tmpdir(), "gatehouse-appliance-"))
const root = new Root(folder, join(folder, "system"))
const parts = new AsyncDisposableStack()
let bench: Bench
let admin: string

before(async () => {
  const state = parts.use(await openStateDirectory(folder))
  const log = openLog("error", () => {})
  const clock = new FakeClock()
  const appliance = await openAppliance({ state, systemDirectory: root.directory, clock, log, onChange: () => {} })
  if (appliance === undefined) throw new Error("no appliance")
  parts.use(appliance)
  bench = parts.use(await openBench(true, { appliance }))
  admin = await bench.signIn("anna")
})
after(async () => {
  await parts.disposeAsync()
  rmSync(folder, { recursive: true })
})

const ask = (method: string, path: string, json?: unknown, token = admin) =>
  bench.ask(method, `/api/v1/appliance${path}`, { token, ...(json === undefined ? {} : { json }) })
const upload = (body: Buffer | string, headers: Record<string, string> = {}, token = admin) =>
  bench.ask("POST", "/api/v1/appliance/uploads", {
    ...{ token, body },
    headers: { "Content-Type": "application/octet-stream", ...headers },
  })

/** Root takes the oldest request and ends it. */
function finish(more: object = {}): Record<string, unknown> {
  const { id, request } = root.take()
  root.answer(id, request.kind, { state: "done", ...more })
  return request
}

test("the appliance shows what root says of it", async () => {
  const reply = await ask("GET", "")
  assert.deepEqual(
    [reply.at("appliance"), reply.at("version"), reply.at("other", "canRollBack"), reply.at("requests")],
    [true, "0.1.0", true, []],
  )
})

test("a bundle is uploaded, checked, and only then installed", async () => {
  const bytes = Buffer.alloc(3_000_000, "b")
  assert.equal((await ask("POST", "/install")).status, 404)
  const uploaded = await upload(bytes)
  assert.deepEqual([uploaded.status, uploaded.at("kind"), uploaded.at("state")], [202, "check", "waiting"])
  const { bundle } = finish({ bundle: { version: "0.2.0", notes: "New." } })
  assert.ok(readFileSync(join(folder, "uploads", String(bundle))).equals(bytes))
  const checked = await bench.ask("GET", String(uploaded.headers.location), { token: admin })
  assert.deepEqual([checked.at("state"), checked.at("bundle", "version")], ["done", "0.2.0"])
  const installing = await ask("POST", "/install")
  assert.equal(installing.status, 202)
  assert.equal((await upload("x")).status, 409, "not while it is being installed")
  assert.deepEqual(finish(), { format: "gatehouse-root-request/1", kind: "install", bundle, bytes: bytes.length })
})

test("an upload of another type, without a length, empty or too large is refused before it is read", async () => {
  const before = readdirSync(join(folder, "uploads"))
  assert.equal((await upload("x", { "Content-Type": "application/json" })).status, 415)
  assert.equal((await upload("x", { "Transfer-Encoding": "chunked" })).status, 400)
  assert.equal((await upload("")).status, 400)
  const announced = await refusedUpload(String(3 * 1024 ** 3))
  assert.match(announced, /^HTTP\/1\.1 413 /)
  assert.deepEqual(readdirSync(join(folder, "uploads")), before)
})

test("who may not upload is told so at once, and is cut off rather than listened to", async () => {
  const begun = performance.now()
  assert.match(await refusedUpload("1000000", "Authorization: Bearer no"), /^HTTP\/1\.1 401 /)
  assert.ok(performance.now() - begun < 10_000)
})

/** The answer to an upload of which only the head is ever sent, up to the end of the connection. */
function refusedUpload(length: string, authorization = `Authorization: Bearer ${admin}`): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port: bench.port, ca: tls.certPem, servername: "localhost" })
  socket.write(
    `POST /api/v1/appliance/uploads HTTP/1.1\r\nHost: localhost\r\n${authorization}\r\n` +
      `Content-Type: application/octet-stream\r\nContent-Length: ${length}\r\n\r\nabc`,
  )
  let answer = ""
  const { promise, resolve } = Promise.withResolvers<string>()
  socket.on("data", (chunk) => {
    answer += chunk
  })
  socket.on("error", () => {})
  socket.on("close", () => resolve(answer))
  return promise
}

test("the clock, the network and a restart are asked for as root understands them", async () => {
  assert.equal((await ask("PUT", "/clock", { time: "2026-11-28T03:00:00Z" })).status, 202)
  assert.equal(finish().kind, "set-clock")
  const network = { ipv4: { method: "static", address: "192.0.2.10/24", gateway: "192.0.2.1" }, dns: ["192.0.2.53"] }
  const changing = await ask("PUT", "/network", network)
  const { id, request } = root.take()
  assert.deepEqual(request, { format: "gatehouse-root-request/1", kind: "set-network", ...network })
  root.answer(id, "set-network", { state: "working", step: "waiting-for-confirmation" })
  assert.equal((await ask("POST", "/network/confirm", { request: changing.at("id") })).status, 202)
  assert.deepEqual(finish().request, id)
  root.answer(id, "set-network", { state: "done" })
  assert.equal((await ask("POST", "/restart")).status, 202)
  finish()
  assert.equal((await ask("POST", "/roll-back")).status, 202)
  finish()
})

test("a network that cannot be is refused at the field", async () => {
  for (const [ipv4, path] of [
    [{ method: "static", address: "192.0.2.10" }, "ipv4.address"],
    [{ method: "static", address: "192.0.2.10/33" }, "ipv4.address"],
    [{ method: "static", address: "192.0.2.10/24", gateway: "x; reboot" }, "ipv4.gateway"],
    [{ method: "magic" }, "ipv4.method"],
  ]) {
    const reply = await ask("PUT", "/network", { ipv4 })
    assert.deepEqual([reply.status, reply.at("problems", 0, "path")], [400, path])
  }
  assert.equal((await ask("PUT", "/network", { ipv4: { method: "dhcp" }, interface: "../x" })).status, 400)
  assert.deepEqual(root.waiting(), [])
})

test("a reset needs the gateway's name, typed", async () => {
  const wrong = await ask("POST", "/factory-reset", { scope: "everything", name: "gatehouse" })
  assert.deepEqual([wrong.status, wrong.at("code")], [409, "conflict"])
  assert.deepEqual(root.waiting(), [])
  assert.equal((await ask("POST", "/factory-reset", { scope: "settings", name: "gatehouse-1234abcd" })).status, 202)
  assert.equal(finish().scope, "settings")
})

test("acts on the machine want the password given just now; keeping the network does not", async () => {
  bench.clock.advance(6 * 60_000)
  assert.equal((await ask("POST", "/restart")).at("code"), "confirmation-needed")
  assert.equal((await upload("x")).at("code"), "confirmation-needed")
  assert.equal((await ask("POST", "/network/confirm", { request: "1-x" })).status, 202)
  finish()
  await bench.ask("POST", "/api/v1/tokens/current/confirm", { token: admin, json: { password: PASSWORD } })
  assert.equal((await ask("POST", "/restart")).status, 202)
  finish()
})

test("on a machine that is no appliance nothing is offered", async () => {
  await using plain = await openBench()
  const token = await plain.signIn("anna")
  assert.deepEqual((await plain.ask("GET", "/api/v1/appliance", { token })).json, { appliance: false, requests: [] })
  const restart = await plain.ask("POST", "/api/v1/appliance/restart", { token })
  assert.deepEqual(
    [restart.status, restart.at("detail")],
    [404, "this machine is no Gatehouse appliance; look after it with its own tools"],
  )
})
