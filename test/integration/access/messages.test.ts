import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import type { MqttClient } from "mqtt"
import { connectJs } from "../../support/clients.ts"
import { openEventStream } from "../../support/event-stream.ts"
import { ADMIN, startTestGateway, type TestGateway } from "../../support/gateway.ts"

const PASSWORD = "correct horse battery"
let gateway: TestGateway
let device: MqttClient
before(async () => {
  const password = (username: string, more: object = {}) => ({
    ...{ username, grant: { kind: "password", password: PASSWORD } },
    ...more,
  })
  gateway = await startTestGateway({
    bootstrap: {
      users: [
        password("tom", { roles: ["technician"], publishPrefix: "hall" }),
        password("vera", { roles: ["viewer"] }),
        password("pump", { permissions: [{ context: "mqtt", operation: "readWrite", resource: "#" }] }),
      ],
    },
  })
  const { client } = await connectJs(`mqtt://127.0.0.1:${gateway.port("mqtt")}`, {
    username: "pump",
    password: PASSWORD,
  })
  assert.ok(client)
  device = client
})
after(async () => {
  await device.endAsync(true)
  await gateway[Symbol.asyncDispose]()
})

const tokenOf = async (username: string) => {
  await gateway.api.signIn(username, username === ADMIN.username ? ADMIN.password : PASSWORD)
  return gateway.api.token ?? ""
}
const watch = async (username: string, filter = "%23") =>
  openEventStream(gateway.port("https"), `/messages?filter=${filter}`, await tokenOf(username))
type Shown = { topic: string; payload: string; encoding: string; cut: boolean; bytes: number }
const shows = (topic: string) => (event: { data: { messages: Shown[] } }) =>
  event.data.messages?.some((message) => message.topic === topic)

test("who watches is shown the topics of their own permissions, and of the others not even how many there were", async () => {
  using tom = await watch("tom")
  using root = await watch(ADMIN.username)
  await tom.first(({ kind }) => kind === "retained")
  await root.first(({ kind }) => kind === "retained")
  for (let i = 0; i < 20; i++) await device.publishAsync("plant/secret", "x", { qos: 1 })
  await device.publishAsync("devices/pump/t", "21.5", { qos: 1 })
  await tom.first(shows("devices/pump/t"))
  await root.first(shows("devices/pump/t"))
  const totals = (heard: readonly { data: { total: number } }[]) => heard.reduce((sum, { data }) => sum + data.total, 0)
  assert.equal(totals(tom.heard), 1)
  assert.ok(totals(root.heard) >= 21)
  assert.ok(!JSON.stringify(tom.heard).includes("secret"))
})

test("a viewer, who has the path and no topic, is told so", async () => {
  await tokenOf("vera")
  const { status, body } = await gateway.api.raw("GET", "/messages")
  assert.deepEqual([status, body.code], [403, "forbidden"])
})

test("the broker's own topics are shown to nobody through a wildcard", async () => {
  using root = await watch(ADMIN.username, "%2B/%23")
  await device.publishAsync("a/b", "x", { qos: 1 })
  await root.first(shows("a/b"))
  assert.ok(!JSON.stringify(root.heard).includes("$SYS"))
})

test("a payload is shown as text where it is text, as hex where not, and only its beginning", async () => {
  using root = await watch(ADMIN.username)
  const shown = async (topic: string, payload: Buffer | string) => {
    await device.publishAsync(topic, payload, { qos: 1 })
    const { data } = await root.first(shows(topic))
    return data.messages.find((message: Shown) => message.topic === topic) as Shown
  }
  const script = await shown("x/1", `<script>alert(1)</script>\n\nevent: forged\n`)
  assert.deepEqual([script.encoding, script.payload], ["text", "<script>alert(1)</script>\n\nevent: forged\n"])
  const binary = await shown("x/2", Buffer.from([0, 255, 27]))
  assert.deepEqual([binary.encoding, binary.payload, binary.bytes], ["hex", "00ff1b", 3])
  const long = await shown("x/3", "ü".repeat(50_000))
  assert.deepEqual([long.encoding, long.cut, long.bytes, long.payload], ["text", true, 100_000, "ü".repeat(128)])
  assert.equal((await shown("x/4", "")).payload, "")
})

test("a flood is counted to the last message and shown as a sample that a phone can follow", async () => {
  using root = await watch(ADMIN.username, "flood/%23")
  await root.first(({ kind }) => kind === "retained")
  const began = performance.now()
  for (let i = 0; i < 3000; i++) device.publish(`flood/${i % 7}`, "x".repeat(300), { qos: 0 })
  await device.publishAsync("flood/last", "end", { qos: 1 })
  const totals = () => root.heard.reduce((sum, { data }) => sum + data.total, 0)
  await root.first(() => totals() === 3001)
  const seconds = (performance.now() - began) / 1000
  const events = root.heard.filter(({ kind }) => kind === "messages")
  assert.ok(events.every(({ data }) => data.messages.length <= 25))
  assert.ok(events.length <= seconds * 4 + 2, `${events.length} events in ${seconds} s`)
})

test("retained messages come first, only those that may be read", async () => {
  await device.publishAsync("devices/pump/name", "Pump 1", { qos: 1, retain: true })
  await device.publishAsync("plant/name", "Plant 1", { qos: 1, retain: true })
  using tom = await watch("tom")
  const { data } = await tom.first(({ kind }) => kind === "retained")
  assert.deepEqual(
    data.messages.map(({ topic }: Shown) => topic),
    ["devices/pump/name"],
  )
})

test("the stream goes on with the rights of the moment, and ends with its token", async () => {
  using tom = await watch("tom")
  await tom.first(({ kind }) => kind === "retained")
  await tokenOf(ADMIN.username)
  await gateway.api.patch("/users/tom", { permissions: [{ context: "mqtt", operation: "read", resource: "plant/#" }] })
  await new Promise((resolve) => setTimeout(resolve, 1200)) // rights are looked at once a second
  await device.publishAsync("plant/open", "now", { qos: 1 })
  await tom.first(shows("plant/open"))
  await gateway.api.patch("/users/tom", { enabled: false })
  await tom.ended
  await gateway.api.patch("/users/tom", { enabled: true, permissions: [] })
})

test("one may have five such streams, and no sixth", async () => {
  const streams = await Promise.all(Array.from({ length: 5 }, () => watch(ADMIN.username)))
  const sixth = await watch(ADMIN.username)
  assert.equal(sixth.status, 503)
  for (const stream of [...streams, sixth]) stream[Symbol.dispose]()
})

test("publishing by hand goes where one's own permissions allow, with one's own prefix", async () => {
  await device.subscribeAsync("#", { qos: 1 })
  const got = new Map<string, string>()
  device.on("message", (topic, payload) => void got.set(topic, payload.toString("hex")))
  await tokenOf(ADMIN.username)
  const bytes = { topic: "devices/pump/set", payload: "00 FF", encoding: "hex", qos: 1 }
  assert.deepEqual(await gateway.api.post("/messages", bytes), { topic: "devices/pump/set", receivers: 1 })
  await tokenOf("tom")
  assert.equal((await gateway.api.raw("POST", "/messages", { topic: "devices/pump/set" })).status, 403) // prefixed: hall/devices/…
  for (const topic of ["$SYS/x", "devices/+", "#", "$share/a/b"]) {
    assert.ok([400, 403].includes((await gateway.api.raw("POST", "/messages", { topic })).status), topic)
  }
  await tokenOf(ADMIN.username)
  for (const payload of ["0", "zz", "0g"]) {
    assert.equal((await gateway.api.raw("POST", "/messages", { topic: "a", payload, encoding: "hex" })).status, 400)
  }
  await gateway.api.post("/messages", { topic: "a/last", payload: "x", qos: 1 })
  while (!got.has("a/last")) await new Promise((resolve) => device.once("message", resolve))
  assert.equal(got.get("devices/pump/set"), "00ff")
  assert.ok(!gateway.logged().includes("00ff"))
})
