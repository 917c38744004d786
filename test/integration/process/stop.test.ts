import assert from "node:assert/strict"
import { once } from "node:events"
import { readFile, stat } from "node:fs/promises"
import { connect, type Socket } from "node:net"
import { join } from "node:path"
import { after, before, describe, it } from "node:test"
import { connect as connectTls } from "node:tls"
import mqttPacket from "mqtt-packet"
import { type Ended, mosquitto, Subscriber } from "../../support/clients.ts"
import { type Device, makeDevice } from "../../support/device.ts"
import { ADMIN } from "../../support/gateway.ts"
import { type End, type GatewayProcess, Place } from "../../support/process.ts"
import { startHere } from "./refusal.ts"

const LONGEST_MS = 5000
const METER = { username: "meter", password: "meter secret 1" }
const USERS = [{ username: "meter", grant: { kind: "password", password: METER.password }, roles: ["device"] }]
const as = (gateway: GatewayProcess) => [
  ...["-h", "127.0.0.1", "-p", String(gateway.port("mqtt"))],
  ...["-u", METER.username, "-P", METER.password],
]

function assertClean({ code, signal, ms }: End, gateway: GatewayProcess): void {
  assert.deepEqual({ code, signal }, { code: 0, signal: null }, gateway.printed)
  assert.ok(ms < LONGEST_MS, `${ms} ms`)
  assert.doesNotMatch(gateway.err, /failed|Error/)
}

describe("a stop", { concurrency: 2 }, () => {
  it("by SIGTERM ends with code 0, and an MQTT 5 client was told 0x8B", async (t) => {
    await using place = await Place.make()
    await using gateway = await place.startClaimed({ users: USERS })
    await using client = await Subscriber.open([...as(gateway), "-V", "mqttv5", "-i", "m", "-t", "devices/meter/#"])
    const end = await gateway.stop()
    assertClean(end, gateway)
    t.diagnostic(`ended after ${Math.round(end.ms)} ms`)
    await client.prints(/[Rr]eceived DISCONNECT \(139\)/)
    assert.match(gateway.err, /^stopping signal=SIGTERM$/m)
  })

  it("by SIGINT, even by two of them, as npm and the terminal send them, is as clean", async () => {
    await using place = await Place.make()
    await using gateway = await place.startClaimed({ users: USERS })
    await using client = await Subscriber.open([...as(gateway), "-V", "mqttv5", "-i", "m", "-t", "devices/meter/#"])
    gateway.child.kill("SIGINT")
    await gateway.prints(/stopping signal=SIGINT/)
    assertClean(await gateway.stop("SIGINT"), gateway)
    await client.prints(/[Rr]eceived DISCONNECT \(139\)/)
  })

  it("is not held up by clients that have stopped reading, nor by half a request", async (t) => {
    await using place = await Place.make()
    await using gateway = await place.startClaimed({ users: USERS })
    const frozen = await frozenClient(gateway.port("mqtt"))
    const half = connectTls({ host: "127.0.0.1", port: gateway.port("https"), rejectUnauthorized: false })
    half.on("error", () => {})
    await once(half, "secureConnect")
    half.write("POST /api/v1/tokens HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{")
    const silent = connect(gateway.port("mqtts"), "127.0.0.1").on("error", () => {})
    await once(silent, "connect")
    const end = await gateway.stop()
    t.diagnostic(`ended after ${Math.round(end.ms)} ms`)
    for (const socket of [frozen, half, silent]) socket.destroy()
    assertClean(end, gateway)
  })

  it("during the start is clean too, and leaves the next start what it needs", async () => {
    await using place = await Place.make()
    await using gateway = place.spawn()
    await gateway.prints(/server certificate issued server=broker/)
    assertClean(await gateway.stop(), gateway)
    await using _here = await startHere(place)
  })

  it("amid a bootstrap of many users applies nothing of it, and keeps the file", async () => {
    await using place = await Place.make()
    await place.configure({ bootstrap: place.bootstrap })
    const grant = { kind: "password", password: "a device's password" }
    await place.writeBootstrap({ users: Array.from({ length: 1000 }, (_, i) => ({ username: `meter-${i}`, grant })) })
    await using gateway = place.spawn()
    await gateway.prints(/server certificate issued server=page/)
    assertClean(await gateway.stop(), gateway)
    assert.doesNotMatch(gateway.out, /is up/)
    await stat(place.bootstrap)
    await assert.rejects(stat(join(place.state, "users.json")), { code: "ENOENT" })
  })

  it("is asked for by signals alone: readers of its output may go", async () => {
    await using place = await Place.make()
    await using gateway = await place.startClaimed({}, { log: { level: "debug" } })
    for (const stream of [gateway.child.stdout, gateway.child.stderr]) stream?.destroy()
    for (let i = 0; i < 3; i++) assert.equal((await gateway.api.raw("POST", "/tokens", ADMIN)).status, 201)
    assertClean(await gateway.stop(), gateway)
  })
})

describe("a restart", () => {
  let place: Place
  let pump: Device
  let fan: Device
  let authority: string[]
  const authorityNow = () =>
    Promise.all(
      ["root.pem", "issuing.pem", "authority.pem"].map((name) => readFile(join(place.state, "ca", name), "utf8")),
    )
  before(async () => {
    place = await Place.make()
    await using gateway = await place.startClaimed({ users: USERS })
    const test = { api: gateway.api, folder: place.folder }
    pump = await makeDevice(test, "pump")
    fan = await makeDevice(test, "fan")
    authority = await authorityNow()
    assert.equal((await publish(gateway, fan)).code, 0)
    await gateway.api.post(`/certificates/${fan.serial}/revoke`, { reason: "lost" })
    assert.equal((await gateway.stop()).code, 0, gateway.printed)
  })
  after(() => place[Symbol.asyncDispose]())

  // the first comes after a clean stop, the second after what the first ended with
  for (const end of ["SIGTERM", "SIGKILL"] as const) {
    it(`after ${end} knows its users, its authority, its certificates and their revocations`, async () => {
      await using gateway = await place.start()
      assert.deepEqual(await authorityNow(), authority)
      await gateway.api.signIn(ADMIN.username, ADMIN.password)
      const { users } = await gateway.api.get("/users")
      const names = users.map(({ username }: { username: string }) => username).sort()
      assert.deepEqual(names, ["fan", "meter", "pump", ADMIN.username])
      assert.equal((await publish(gateway, pump)).code, 0)
      assert.equal((await publish(gateway, fan)).code, 5, "revoked")
      assert.equal((await gateway.api.get(`/certificates/${pump.serial}`)).state, "active")
      await gateway.stop("SIGKILL")
    })
  }
})

function publish(gateway: GatewayProcess, device: Device): Promise<Ended> {
  const tls = ["--cafile", gateway.cafile, "-h", "localhost", "-p", String(gateway.port("mqtts"))]
  const certificate = ["--cert", device.chain, "--key", device.key]
  return mosquitto("mosquitto_pub", [...tls, ...certificate, "-q", "1", "-t", `devices/${device.name}/t`, "-m", "x"])
}

/** A client that is subscribed to what it publishes, and reads nothing of it: buffers on both sides are full. */
async function frozenClient(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1")
  socket.on("error", () => {})
  const parser = mqttPacket.parser()
  socket.on("data", (chunk) => parser.parse(chunk))
  const says = async (packet: mqttPacket.Packet) => {
    socket.write(mqttPacket.generate(packet))
    await once(parser, "packet")
  }
  const credential = { username: METER.username, password: Buffer.from(METER.password) }
  await says({ cmd: "connect", protocolId: "MQTT", protocolVersion: 4, clean: true, clientId: "frozen", ...credential })
  await says({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: "devices/meter/#", qos: 0 }] })
  socket.pause()
  const payload = Buffer.alloc(200_000)
  const publish = mqttPacket.generate({
    cmd: "publish",
    topic: "devices/meter/t",
    payload,
    qos: 0,
    dup: false,
    retain: false,
  })
  for (let i = 0; i < 40; i++) socket.write(publish)
  return socket
}
