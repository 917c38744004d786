import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { connectJs } from "../../support/clients.ts"
import { startTestGateway, type TestGateway } from "../../support/gateway.ts"

const password = "correct horse battery"
let gateway: TestGateway
before(async () => {
  const permissions = [{ context: "mqtt", operation: "readWrite", resource: "#" }]
  const pump = { username: "pump", grant: { kind: "password", password }, permissions }
  gateway = await startTestGateway({ bootstrap: { users: [pump] } })
})
after(() => gateway[Symbol.asyncDispose]())

const visits = async () => (await gateway.api.get("/users/pump/history")).visits
const connect = (more: object = {}) =>
  connectJs(`mqtt://127.0.0.1:${gateway.port("mqtt")}`, { username: "pump", password, clientId: "p1", ...more })
/** As the gateway sees it: the client's end comes to it a moment later. */
async function latest(holds: (visit: { kind: string; cause: string }) => boolean) {
  for (let i = 0; i < 100; i++) {
    const [visit] = await visits()
    if (visit !== undefined && holds(visit)) return visit
  }
  assert.fail(JSON.stringify(await visits()))
}

test("a device's history tells when it came, when it went and why", async () => {
  const { client } = await connect()
  assert.ok(client)
  const came = await latest(({ kind }) => kind === "connected")
  assert.deepEqual([came.clientId, came.address, came.cause], ["p1", "127.0.0.1", ""])
  await client.endAsync()
  await latest(({ cause }) => cause === "closed")

  const { client: broken } = await connect()
  broken?.stream.destroy()
  await latest(({ cause }) => cause === "lost")

  const { client: first } = await connect()
  const { client: second } = await connect()
  assert.deepEqual(
    (await visits()).slice(0, 3).map(({ kind, cause }: { kind: string; cause: string }) => [kind, cause]),
    [
      ["connected", ""],
      ["disconnected", "taken-over"],
      ["connected", ""],
    ],
  )
  await gateway.api.delete("/clients/p1")
  const ended = await latest(({ cause }) => cause === "ended")
  assert.match(ended.detail, /administrator/)
  for (const client of [first, second]) client?.end(true)
})

test("a refusal of the device stands in its history, with its sentence", async () => {
  for (let i = 0; i < 2; i++) await connect({ password: "wrong wrong wrong" })
  const refused = await latest(({ kind }) => kind === "refused")
  assert.deepEqual([refused.cause, refused.count], ["wrong-password", 2])
  assert.match(refused.detail, /set a new password/)
})

test("strangers leave nothing in the history", async () => {
  await connect({ username: "stranger", clientId: "s1" })
  assert.equal((await gateway.api.raw("GET", "/users/stranger/history")).status, 404)
})

test("what the gateway needs itself stands in the calendar, and the real log and audit are read", async () => {
  const { own } = await gateway.api.get("/expiries")
  assert.deepEqual(
    own.map(({ kind }: { kind: string }) => kind),
    ["root", "issuing", "broker", "page-authority", "page"],
  )
  const { entries } = await gateway.api.get("/log?part=broker")
  assert.ok(entries.some(({ message }: { message: string }) => message === "client connected"))
  const audit = await gateway.api.get("/audit?limit=1")
  assert.equal(audit.entries[0].object, "/clients/p1")
  assert.equal((await gateway.api.raw("POST", "/restart")).status, 409)
})
