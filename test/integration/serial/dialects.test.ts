import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, describe, test } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import { promisify } from "node:util"
import mqtt from "mqtt"
import { Board } from "../../../scripts/device/board.ts"
import { makeDeviceKey } from "../../../service/ca/device-key.ts"
import type { Dialect, Line } from "../../../service/serial/dialect.ts"
import { eccx08 } from "../../../service/serial/dialects/eccx08.ts"
import { gatehouse } from "../../../service/serial/dialects/gatehouse.ts"
import { nrf91 } from "../../../service/serial/dialects/nrf91.ts"
import { quectel } from "../../../service/serial/dialects/quectel.ts"
import { ublox } from "../../../service/serial/dialects/ublox.ts"
import { zephyr } from "../../../service/serial/dialects/zephyr.ts"
import { startTestGateway, type TestGateway } from "../../support/gateway.ts"
import { Eccx08Player } from "../../support/players/eccx08-player.ts"
import { Nrf91Player } from "../../support/players/nrf91-player.ts"
import { type Holdings, type Player, playOn } from "../../support/players/player.ts"
import { QuectelPlayer } from "../../support/players/quectel-player.ts"
import { UbloxPlayer } from "../../support/players/ublox-player.ts"
import { ZephyrPlayer } from "../../support/players/zephyr-player.ts"
import { type Certify, lineOver, provision, type TestTask, taskFor } from "../../support/provisioning.ts"
import { PtyPair } from "../../support/pty-pair.ts"
import { buildReferenceDevice, portTo, SANITIZED } from "../../support/reference-device.ts"
import { openTestLine } from "../../support/serial-line.ts"

const run = promisify(execFile)

let plant: TestGateway
let folder: string
let program: string
before(async () => {
  plant = await startTestGateway()
  folder = await mkdtemp(join(tmpdir(), "gatehouse-dialects-"))
  program = buildReferenceDevice(folder, SANITIZED)
})
after(async () => {
  await plant[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** The gateway's own API certifies. */
const certify: Certify = async (commonName, csr) => {
  const text = typeof csr === "string" ? csr : csr.toString("base64")
  const issued = await plant.api.post(`/users/${commonName}/certificates`, { csr: text })
  return {
    certificatePem: issued.certificate,
    chainPem: issued.chain,
    rootPem: issued.root,
    serial: issued.serial,
    spkiHash: "",
    broker: { host: "127.0.0.1", port: plant.port("mqtts") },
    settings: {},
  }
}

async function through(dialect: Dialect, line: Line, task: TestTask) {
  await plant.api.post("/users", { username: task.commonName, grant: { kind: "certificate" }, roles: ["device"] })
  return provision(dialect, line, task, certify)
}

/** openssl accepts what the device holds, and so does the broker. */
async function admitted(name: string, { ca, certificate, key }: Holdings): Promise<void> {
  const path = (file: string) => join(folder, `${name}-${file}`)
  await Promise.all([
    writeFile(path("ca.pem"), `${ca}\n${await readFile(plant.cafile, "utf8")}`),
    writeFile(path("leaf.pem"), certificate),
  ])
  await run("openssl", ["verify", "-purpose", "sslclient", "-CAfile", path("ca.pem"), path("leaf.pem")])
  const url = `mqtts://127.0.0.1:${plant.port("mqtts")}`
  const client = await mqtt.connectAsync(url, { ca, cert: certificate, key, clientId: name, reconnectPeriod: 0 })
  await client.publishAsync(`devices/${name}/status`, "online", { qos: 1 })
  await client.endAsync()
}

const DEVICES: readonly (readonly [string, Dialect, Player])[] = [
  ["nrf9160", nrf91, new Nrf91Player()],
  ["nrf9161-shell", nrf91, new Nrf91Player({ shell: true, firmware: "mfw_nrf91x1_2.0.2" })],
  ["zephyr", zephyr, new ZephyrPlayer()],
  ["bg96", quectel, new QuectelPlayer()],
  ["m66", quectel, new QuectelPlayer({ model: "m66" })],
  ["sara-r410m", ublox, new UbloxPlayer()],
  ["arduino", eccx08, new Eccx08Player()],
]

describe("over a real serial port, openssl and the broker accept what the device got", () => {
  for (const [name, dialect, player] of DEVICES) {
    test(`${name}: ${dialect.title}`, async () => {
      await using pair = await PtyPair.make()
      await using host = await openTestLine(pair.host)
      await using _device = await playOn(pair.device, player)
      const { material } = await through(dialect, host.line, taskFor(name, { "new-key": "yes" }))
      // what the Arduino's next sketch is built with
      const byHand = dialect === eccx08 ? { ca: material.rootPem, certificate: material.certificatePem } : {}
      await admitted(name, { ...player.holdings(), ...byHand })
      assert.deepEqual(player.complaints, [])
    })
  }

  test("the simulated device, which then connects by itself; its key never left it", async () => {
    await using pair = await PtyPair.make()
    await using host = await openTestLine(pair.host)
    const state = join(folder, "board")
    await using board = await Board.powerUp({
      port: pair.device,
      folder: state,
      uid: "sim-1",
      misbehaviour: { chatter: 20 },
    })
    const { told, proven } = await through(gatehouse, host.line, taskFor("sim-1"))
    assert.deepEqual({ told, proven }, { told: true, proven: true })
    for (let tries = 0; !board.network.connected && tries < 100; tries++) await delay(50)
    assert.ok(board.network.connected, "its own connection")
    const key = board.storage.read("a", "key.pem").toString()
    assert.match(key, /PRIVATE KEY/)
    const secret = Buffer.from(key.replace(/-----[^-]*-----|\s/g, ""), "base64").subarray(36, 68)
    const logged = host.logged()
    for (let at = 0; at + 12 <= 42; at++) assert.ok(!logged.includes(secret.toString("base64").slice(at, at + 12)))
    assert.equal((await plant.api.get("/clients/sim-1")).username, "sim-1")
  })

  test("the reference device in C, under the sanitizers", async () => {
    const name = "reference"
    const { keyPem, csrPem } = makeDeviceKey(name)
    await writeFile(join(folder, "request.der"), Buffer.from(csrPem.replace(/-----.*-----|\s/g, ""), "base64"))
    await using desk = lineOver(portTo(program, [folder, "none"]))
    const { told, proven } = await through(gatehouse, desk.line, taskFor(name))
    assert.deepEqual({ told, proven }, { told: true, proven: true })
    const file = (part: string) => readFile(join(folder, part), "utf8")
    await admitted(name, { ca: await file("ca"), certificate: await file("chain"), key: keyPem })
    const beginning = `v=1\nhost=127.0.0.1\nport=${plant.port("mqtts")}\ncn=${name}\nserial=`
    assert.ok((await file("cfg")).startsWith(beginning))
  })
})
