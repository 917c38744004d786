import assert from "node:assert/strict"
import { afterEach, beforeEach, test } from "node:test"
import type { ConnectedClient } from "../../../service/access/clients.ts"
import { type Bench, openBench } from "./bench.ts"

let bench: Bench
let anna: string
beforeEach(async () => {
  bench = await openBench()
  anna = await bench.signIn("anna")
  for (const client of [connected("pump-1", "pump"), connected("plain-1", "plain")]) {
    bench.clients.set(client.clientId, client)
  }
})
afterEach(() => bench[Symbol.asyncDispose]())

const connected = (clientId: string, username: string): ConnectedClient => ({
  ...{ clientId, username, method: "certificate", listener: "mqtts", address: "192.0.2.1", protocol: "5" },
  ...{ certificate: undefined, connectedAt: 0, queued: 0, inflight: 0, refusedPublishes: 1 },
  subscriptions: [
    { filter: `devices/${username}/set`, qos: 1 },
    { filter: `$share/g/devices/${username}/+`, qos: 0 },
  ],
  lastRefusedTopic: "hall/2/alarm",
  lastError: { at: 0, sentence: "no permission" },
})

/** Asks, and makes sure that nothing changed by asking. */
async function previewed(path: string, json: unknown, token = anna) {
  const before = [bench.document.value, bench.document.writes]
  const reply = await bench.ask("POST", `/api/v1${path}/preview`, { token, json })
  assert.deepEqual([bench.document.value, bench.document.writes], before)
  return reply
}
const mqtt = (operation: string, resource: string) => ({ context: "mqtt", operation, resource })

test("who would be disconnected is named, and why", async () => {
  for (const [json, reason] of [
    [{ enabled: false }, "user disabled"],
    [{ grant: { kind: "password", password: "another secret" } }, "credential changed"],
  ] as const) {
    const reply = await previewed("/users/pump", json)
    assert.equal(reply.status, 200, reply.text)
    const effect = { clientId: "pump-1", username: "pump", disconnected: reason, lost: [], opened: [] }
    assert.deepEqual(reply.json, { total: 1, clients: [effect] })
  }
})

test("what would be taken away, and what would open", async () => {
  const lost = await previewed("/users/pump", { roles: [], permissions: [mqtt("read", "devices/pump/set")] })
  assert.deepEqual(lost.at("clients", 0, "lost"), ["$share/g/devices/pump/+"])
  const opened = await previewed("/users/pump", { permissions: [mqtt("write", "hall/#")] })
  assert.deepEqual([opened.at("total"), opened.at("clients", 0, "opened")], [1, ["hall/2/alarm"]])
})

test("a change that nobody would notice touches nobody", async () => {
  assert.deepEqual((await previewed("/users/pump", { note: "x" })).json, { total: 0, clients: [] })
})

test("a role's change is foreseen for all of its users", async () => {
  const json = { permissions: [mqtt("read", "devices/%u/set")] }
  await bench.ask("PUT", "/api/v1/roles/press", { token: anna, json })
  await bench.directory.change((draft) => {
    for (const name of ["pump", "plain"]) draft.users.set(name, { ...draft.users.get(name)!, roles: ["press"] })
  })
  const reply = await previewed("/roles/press", { permissions: [] })
  assert.equal(reply.at("total"), 2)
  assert.deepEqual(reply.at("clients", 0, "lost"), ["devices/pump/set", "$share/g/devices/pump/+"])
})

test("a preview is refused where the change would be, and tells no more", async () => {
  const tom = await bench.signIn("tom")
  const users = "/users/anna"
  assert.equal((await previewed(users, { enabled: false }, tom)).at("code"), "forbidden")
  assert.equal((await previewed("/users/pump", { roles: ["admin"] }, tom)).at("code"), "forbidden")
  assert.equal((await previewed("/roles/press", { permissions: [] }, tom)).at("code"), "forbidden")
  assert.equal((await previewed(users, { enabled: false })).at("code"), "conflict", "the last administrator")
  assert.equal((await previewed("/users/pump", { roles: ["nowhere"] })).at("code"), "conflict")
  assert.equal((await previewed("/users/nobody", {})).at("code"), "not-found")
  assert.equal((await previewed("/roles/admin", { permissions: [] })).at("code"), "conflict")
})
