import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { after, before, describe, it } from "node:test"
import { connectJs, mosquitto, Subscriber } from "../../support/clients.ts"
import { type Device, makeDevice } from "../../support/device.ts"
import { startTestGateway, type TestGateway } from "../../support/gateway.ts"

const METER = { username: "meter", password: "meter-secret-1" }
const MINE = [{ context: "mqtt", operation: "readWrite", resource: "devices/%u/#" }]

/** All four schemes and both grants, allowed and refused, with clients that real users have. */
describe("schemes and grants", () => {
  let test: TestGateway
  let pump: Device
  before(async () => {
    const users = [
      { username: METER.username, grant: { kind: "password", password: METER.password }, permissions: MINE },
    ]
    test = await startTestGateway({ bootstrap: { users } })
    pump = await makeDevice(test, "pump")
  })
  after(() => test[Symbol.asyncDispose]())

  const tls = () => ["--cafile", test.cafile, "-h", "localhost", "-p", String(test.port("mqtts"))]
  const plain = () => ["-h", "127.0.0.1", "-p", String(test.port("mqtt"))]
  const password = (secret = METER.password) => ["-u", METER.username, "-P", secret]
  const certificate = () => ["--cert", pump.chain, "--key", pump.key]
  const send = (topic: string) => ["-q", "1", "-t", topic, "-m", "21.5"]

  const COMMAND_LINE: [string, () => string[], 0 | number][] = [
    ["password over tcp", () => [...plain(), ...password(), ...send("devices/meter/t")], 0],
    ["wrong password over tcp", () => [...plain(), ...password("wrong-secret"), ...send("devices/meter/t")], 4],
    [
      "certificate user's name with any password over tcp",
      () => [...plain(), "-u", "pump", "-P", "whatever-1", ...send("devices/pump/t")],
      4,
    ],
    ["nothing at all over tcp", () => [...plain(), ...send("devices/meter/t")], 5],
    ["password over tls", () => [...tls(), ...password(), ...send("devices/meter/t")], 0],
    ["wrong password over tls", () => [...tls(), ...password("wrong-secret"), ...send("devices/meter/t")], 4],
    ["certificate over tls", () => [...tls(), ...certificate(), ...send("devices/pump/t")], 0],
    [
      "certificate and its own name over tls",
      () => [...tls(), ...certificate(), "-u", "pump", ...send("devices/pump/t")],
      0,
    ],
    [
      "certificate and another name over tls",
      () => [...tls(), ...certificate(), "-u", "meter", ...send("devices/pump/t")],
      5,
    ],
    [
      "certificate and a right password of another over tls",
      () => [...tls(), ...certificate(), ...password(), ...send("devices/meter/t")],
      5,
    ],
  ]
  for (const version of ["mqttv311", "mqttv5"]) {
    for (const [what, args, code] of COMMAND_LINE) {
      it(`${version}: ${what} is ${code === 0 ? "let in" : "refused"}`, async () => {
        const ended = await mosquitto("mosquitto_pub", ["-V", version, ...args()])
        const expected = code === 0 ? 0 : version === "mqttv5" ? { 4: 134, 5: 135 }[code] : code
        assert.equal(ended.code, expected, ended.err)
      })
    }
  }

  const SCRIPT: ["ws" | "wss" | "https", string, (device: { cert: Buffer; key: Buffer }) => object, boolean][] = [
    ["ws", "password", () => METER, true],
    ["ws", "wrong password", () => ({ ...METER, password: "wrong-secret" }), false],
    ["ws", "certificate user's name", () => ({ username: "pump", password: "whatever-1" }), false],
    ["wss", "password", () => METER, true],
    ["wss", "wrong password", () => ({ ...METER, password: "wrong-secret" }), false],
    ["wss", "certificate", (device) => device, true],
    ["wss", "certificate with another user's password", (device) => ({ ...device, ...METER }), false],
    ["https", "password, on the page's port", () => METER, true],
    ["https", "certificate, on the page's port, which asks for none", (device) => device, false],
  ]
  for (const protocolVersion of [4, 5] as const) {
    for (const [listener, what, credential, allowed] of SCRIPT) {
      it(`mqtt.js ${protocolVersion} over ${listener} with ${what} is ${allowed ? "let in" : "refused"}`, async () => {
        const device = { cert: await readFile(pump.chain), key: await readFile(pump.key) }
        const scheme = listener === "ws" ? "ws" : "wss"
        const trust = listener === "https" ? { rejectUnauthorized: false } : { ca: await readFile(test.cafile) }
        const url = `${scheme}://localhost:${test.port(listener)}/mqtt`
        const { client, refused } = await connectJs(url, { protocolVersion, ...trust, ...credential(device) })
        client?.end(true)
        assert.equal(client !== undefined, allowed, String(refused))
      })
    }
  }

  it("messages cross from a certificate over tls to a password over ws, within their permissions", async () => {
    await test.api.post("/users", {
      username: "board",
      grant: { kind: "password", password: "board-secret-1" },
      permissions: [{ context: "mqtt", operation: "read", resource: "devices/#" }],
    })
    const { client } = await connectJs(`ws://localhost:${test.port("ws")}/mqtt`, {
      username: "board",
      password: "board-secret-1",
    })
    assert.ok(client)
    const granted = await client.subscribeAsync(["devices/+/t", "plant/#"]).catch((error) => error)
    assert.match(String(granted), /Unspecified|error/i, "the filter that nobody granted is refused by itself")
    const { promise, resolve } = Promise.withResolvers<string>()
    client.on("message", (topic, payload) => resolve(`${topic} ${payload}`))
    await mosquitto("mosquitto_pub", [...tls(), ...certificate(), ...send("devices/pump/t")])
    assert.equal(await promise, "devices/pump/t 21.5")
    client.end(true)
  })

  it("a revoked certificate ends its live session within a second and is refused from then on", async () => {
    const fan = await makeDevice(test, "fan")
    const args = [...tls(), "--cert", fan.chain, "--key", fan.key]
    await using live = await Subscriber.open([...args, "-V", "mqttv5", "-i", "fan", "-t", "devices/fan/#"])
    const before = performance.now()
    await test.api.post(`/certificates/${fan.serial}/revoke`, { reason: "lost" })
    await live.prints(/received DISCONNECT|Error|unexpected/i, 1000)
    assert.ok(performance.now() - before < 1000)
    const again = await mosquitto("mosquitto_pub", [...args, ...send("devices/fan/t")])
    assert.equal(again.code, 5, again.err)
  })
})
