import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import type { ConnectedClient } from "../../../service/access/clients.ts"
import { type Bench, openBench } from "./bench.ts"

let bench: Bench
let viewer: string
let technician: string
before(async () => {
  bench = await openBench()
  viewer = await bench.signIn("vera")
  technician = await bench.signIn("tom")
})
after(() => bench[Symbol.asyncDispose]())

const connected = (clientId: string, more: Partial<ConnectedClient> = {}): ConnectedClient => ({
  ...{ clientId, username: "pump", method: "certificate", listener: "mqtts", address: "10.0.0.7", protocol: "5" },
  ...{ certificate: "0a", connectedAt: 0, subscriptions: [{ filter: "a/#", qos: 1 }], queued: 1, inflight: 0 },
  ...{ refusedPublishes: 0, lastRefusedTopic: undefined, lastError: undefined },
  ...more,
})
const get = (path: string, token = viewer) => bench.ask("GET", `/api/v1${path}`, { token })

test("the status tells how the gateway is", async () => {
  bench.clock.advance(61_500)
  bench.gateway.health.raise("clock-behind", "by two days")
  bench.gateway.door.record({ cause: "unknown-user", sentence: "s", name: "eve", address: "10.0.0.9" })
  bench.clients.set("pump-1", connected("pump-1"))
  const reply = await get("/status")
  const alarms = reply.at("alarms")
  assert.deepEqual(reply.json, {
    ...{ claimed: true, version: "1.2.3", uptimeSeconds: 61, alarms, clients: 1, refused: 1 },
    listeners: [{ name: "mqtts", host: "*", port: 8883, open: true }],
    counters: { published: 7, limitTopicLevels: 3 },
  })
  assert.equal(reply.at("alarms", 0, "detail"), "by two days")
})

test("healthz says one word, and 503 when the service does not work", async () => {
  assert.deepEqual(
    [(await bench.ask("GET", "/healthz")).status, (await bench.ask("GET", "/healthz")).text],
    [200, "ok\n"],
  )
  await using sick = await openBench(true, { alive: () => false })
  const reply = await sick.ask("GET", "/healthz")
  assert.deepEqual([reply.status, reply.text], [503, "unavailable\n"])
})

test("clients are listed, shown and cut off, whatever their identifier holds", async () => {
  const ids = ["pump-1", "a/b", "../status", "50% + # €", "x?y=1&z"]
  for (const id of ids) bench.clients.set(id, connected(id, { certificate: undefined, method: "password" }))
  const list = (await get("/clients")).at("clients") as { clientId: string }[]
  assert.deepEqual(list.map(({ clientId }) => clientId).sort(), [...ids].sort())
  for (const id of ids) {
    const path = `/clients/${encodeURIComponent(id)}`
    assert.equal((await get(path)).at("clientId"), id)
    assert.equal((await bench.ask("DELETE", `/api/v1${path}`, { token: viewer })).status, 403)
    assert.equal((await bench.ask("DELETE", `/api/v1${path}`, { token: technician })).status, 204)
    assert.equal((await bench.ask("DELETE", `/api/v1${path}`, { token: technician })).status, 404)
    assert.equal((await get(path)).status, 404)
  }
})

test("clients and users are searched by what is shown of them", async () => {
  bench.clients.set("c1", connected("c1"))
  bench.clients.set("press-1", { ...connected("press-1"), username: "anton" })
  const ids = async (search: string) =>
    ((await get(`/clients?search=${search}`)).at("clients") as { clientId: string }[]).map(({ clientId }) => clientId)
  assert.deepEqual(await ids("PRESS"), ["press-1"])
  assert.deepEqual(await ids("anton"), ["press-1"])
  assert.deepEqual(await ids("nobody-at-all"), [])
  bench.clients.clear()
  const users = (await get("/users?search=PUM")).at("users") as { username: string }[]
  assert.deepEqual(
    users.map(({ username }) => username),
    ["pump"],
  )
})

test("many clients come in pages", async () => {
  for (let i = 0; i < 120; i++) bench.clients.set(`c${i}`, connected(`c${i}`))
  const first = await get("/clients?limit=100")
  assert.equal((first.at("clients") as unknown[]).length, 100)
  const second = await get(`/clients?limit=100&cursor=${first.at("next")}`)
  assert.equal((second.at("clients") as unknown[]).length, 20)
  assert.equal(second.at("next"), null)
})

test("the refused are shown as the door grouped them, hostile names as plain text", async () => {
  const name = "<script>alert(1)</script>\u202e"
  bench.gateway.door.record({ cause: "unknown-user", sentence: "s", name, address: "10.0.0.9" })
  const reply = await get("/refused")
  assert.equal(reply.at("total"), bench.gateway.door.total)
  assert.match(String(reply.headers["content-type"]), /^application\/json$/)
  assert.doesNotMatch(String(reply.at("groups", 0, "name")), /\u202e/)
})

test("a question about rights is answered with its reason", async () => {
  const ask = (json: unknown) => bench.ask("POST", "/api/v1/explain", { token: viewer, json })
  const yes = await ask({ username: "pump", operation: "write", topic: "devices/pump/t" })
  assert.deepEqual([yes.status, yes.at("allowed"), yes.at("role")], [200, true, "device"])
  const no = await ask({ username: "pump", operation: "read", topic: "#" })
  assert.deepEqual([no.status, no.at("allowed")], [200, false])
  const unknown = await ask({ username: "nobody", operation: "read", topic: "#", clientId: "x" })
  assert.equal(unknown.at("because"), "there is no user nobody")
  assert.equal((await ask({ username: "pump", operation: "delete", topic: "#" })).status, 400)
})
