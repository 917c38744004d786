import assert from "node:assert/strict"
import { after, before, describe, it } from "node:test"
import { mosquitto, Subscriber } from "../../support/clients.ts"
import { type Device, makeDevice, OutsideAuthority } from "../../support/device.ts"
import { startTestGateway, type TestGateway } from "../../support/gateway.ts"

const SECRET = "a-device-secret"
/** What mosquitto_pub prints for a message that was taken; 16: nobody has subscribed to it. */
const TAKEN = /RC:(0|16)\)/

/** What users of Connectware rely on when they manage who may connect and what for; docs/promises.md refers here. */
describe("users, grants, roles and permissions", () => {
  let test: TestGateway
  let mixer: Device
  before(async () => {
    test = await startTestGateway()
    await test.api.put("/roles/line-1", {
      permissions: [
        { context: "mqtt", operation: "write", resource: "line1/+/state" },
        { context: "mqtt", operation: "read", resource: "line1/+/set" },
      ],
    })
    mixer = await makeDevice(test, "mixer", { roles: ["line-1"] })
  })
  after(() => test[Symbol.asyncDispose]())

  const tls = (device: Device) => [
    "--cafile",
    test.cafile,
    "-h",
    "localhost",
    "-p",
    String(test.port("mqtts")),
    "--cert",
    device.chain,
    "--key",
    device.key,
  ]
  const plain = (username: string) => ["-h", "127.0.0.1", "-p", String(test.port("mqtt")), "-u", username, "-P", SECRET]
  const publish = (who: string[], topic: string) =>
    mosquitto("mosquitto_pub", [...who, "-V", "mqttv5", "-q", "1", "-d", "-t", topic, "-m", "1"])
  const subscribe = (who: string[], ...filters: string[]) =>
    mosquitto("mosquitto_sub", [...who, "-W", "1", "-d", ...filters.flatMap((filter) => ["-t", filter])])
  const person = (username: string, more: object = {}) =>
    test.api.post("/users", { username, grant: { kind: "password", password: SECRET }, ...more })

  it("the certificate's common name is the user, no password is needed, and a role's write permission lets it publish", async () => {
    assert.match((await publish(tls(mixer), "line1/mixer/state")).out, TAKEN)
  })

  it("without the permission a publish is refused with 135 and reaches nobody", async () => {
    await person("watcher", { permissions: [{ context: "mqtt", operation: "read", resource: "#" }] })
    await using watcher = await Subscriber.open([...plain("watcher"), "-t", "#"])
    assert.match((await publish(tls(mixer), "line2/mixer/state")).out, /PUBACK \(Mid: 1, RC:135\)/)
    await publish(tls(mixer), "line1/mixer/state")
    await watcher.prints(/PUBLISH .*line1\/mixer\/state/)
    assert.doesNotMatch(watcher.printed, /line2/)
  })

  it("a missing read permission answers SUBACK 128, and a filter wider than the permission is missing it", async () => {
    const { out, err } = await subscribe(tls(mixer), "line1/a/set", "line1/#", "line1/+/state", "+/+/set")
    assert.match(out + err, /Subscribed \(mid: 1\): 0, 128, 128, 128/)
  })

  it("read is subscribe, write is publish, readWrite is both", async () => {
    for (const operation of ["read", "write", "readWrite"]) {
      await person(`only-${operation}`, { permissions: [{ context: "mqtt", operation, resource: "x/y" }] })
      const { out } = await publish(plain(`only-${operation}`), "x/y")
      assert.match(out, operation === "read" ? /RC:135/ : TAKEN)
      const said = await subscribe(plain(`only-${operation}`), "x/y")
      assert.match(
        said.out + said.err,
        operation === "write" ? /Subscribed \(mid: 1\): 128/ : /Subscribed \(mid: 1\): 0/,
      )
    }
  })

  it("rights are the union of roles and own permissions", async () => {
    await test.api.put("/roles/extra", { permissions: [{ context: "mqtt", operation: "write", resource: "extra/#" }] })
    await person("both", {
      roles: ["line-1", "extra"],
      permissions: [{ context: "mqtt", operation: "write", resource: "own/%u" }],
    })
    for (const topic of ["line1/both/state", "extra/deep/down", "own/both"]) {
      assert.match((await publish(plain("both"), topic)).out, TAKEN, topic)
    }
    assert.match((await publish(plain("both"), "own/mixer")).out, /RC:135/)
  })

  it("a publish prefix stands before every publish, and what is judged is the prefixed topic", async () => {
    await person("prefixed", {
      publishPrefix: "plant/7",
      permissions: [{ context: "mqtt", operation: "write", resource: "+/7/values/#" }],
    })
    await using watcher = await Subscriber.open([...plain("watcher"), "-t", "plant/#"])
    assert.match((await publish(plain("prefixed"), "values/a")).out, TAKEN)
    await watcher.prints(/PUBLISH .*'plant\/7\/values\/a'/)
    assert.match((await publish(plain("prefixed"), "other")).out, /RC:135/)
  })

  it("a user has one grant: with the new one the old credential is gone", async () => {
    await person("switching")
    assert.match((await publish(plain("switching"), "x")).out, /RC:135/, "it gets in, with no permission")
    await test.api.patch("/users/switching", { grant: { kind: "certificate" } })
    assert.equal((await publish(plain("switching"), "x")).code, 134)
    const device = await makeDevice(test, "switching")
    assert.match((await publish(tls(device), "x")).out, /RC:135/)
  })

  it("an authority is added and removed without a restart, and clients that are connected stay", async () => {
    await using live = await Subscriber.open([...tls(mixer), "-i", "mixer-live", "-t", "line1/a/set"])
    const authority = await OutsideAuthority.create(`${test.folder}/added`, "Added CA")
    await test.api
      .post("/users", { username: "guest", grant: { kind: "certificate", issuer: "added" }, roles: ["line-1"] })
      .catch(() => {})
    await test.api.post("/authorities", { certificate: await authority.pem(), id: "added", scope: "guest" })
    await test.api.post("/users", {
      username: "guest",
      grant: { kind: "certificate", issuer: "added" },
      roles: ["line-1"],
    })
    const guest = await authority.sign("guest")
    assert.match((await publish(tls(guest), "line1/guest/state")).out, TAKEN)
    await test.api.delete("/users/guest")
    await test.api.delete("/authorities/added")
    assert.equal((await publish(tls(guest), "line1/guest/state")).code, 135)
    assert.equal(test.gateway.claimed && live.printed.includes("DISCONNECT"), false)
    assert.ok(
      (await test.api.get("/clients")).clients.some((client: { clientId: string }) => client.clientId === "mixer-live"),
    )
  })

  it("explain says which permission allows, and what is missing", async () => {
    const yes = await test.api.post("/explain", { username: "mixer", operation: "write", topic: "line1/mixer/state" })
    assert.equal(yes.allowed, true)
    assert.match(yes.because, /line-1.*write line1\/\+\/state/)
    const no = await test.api.post("/explain", { username: "mixer", operation: "read", topic: "line1/#" })
    assert.equal(no.allowed, false)
  })
})
