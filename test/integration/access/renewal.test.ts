import assert from "node:assert/strict"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, it } from "node:test"
import { setImmediate } from "node:timers/promises"
import type { MqttClient } from "mqtt"
import { connectJs } from "../../support/clients.ts"
import { type Device, makeDevice, makeRequest, OutsideAuthority } from "../../support/device.ts"
import { startTestGateway, type TestGateway } from "../../support/gateway.ts"
import { ShiftedClock } from "../../support/shifted-clock.ts"
import { ended } from "../cli/command-line.ts"

const DAY = 86_400_000
const RENEW = (name: string) => `$gatehouse/certificate/${name}/renew`
const RENEWED = (name: string) => `$gatehouse/certificate/${name}/renewed`

interface Answer {
  readonly ok: boolean
  readonly serial: string
  readonly chain: string
  readonly code?: string
  readonly detail?: string
}

async function connect(box: TestGateway, device: Device, options: object = {}) {
  const [key, cert, ca] = await Promise.all([device.key, device.chain, box.cafile].map((path) => readFile(path)))
  const url = `mqtts://localhost:${box.port("mqtts")}`
  return connectJs(url, { key, cert, ca, clientId: device.name, ...options } as object)
}

async function connected(box: TestGateway, device: Device, options: object = {}): Promise<MqttClient> {
  const { client, refused } = await connect(box, device, options)
  assert.ok(client, `${device.name} was refused with ${refused}`)
  return client
}

/** Asks for the next certificate over MQTT and waits for the answer, as a device would. */
async function renew(client: MqttClient, name: string, csr: string, options: object = {}): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>()
  const heard = (topic: string, payload: Buffer, packet: { retain: boolean }) => {
    if (topic === RENEWED(name) && !packet.retain) resolve(JSON.parse(payload.toString()))
  }
  client.on("message", heard)
  await client.subscribeAsync(RENEWED(name))
  await client.publishAsync(RENEW(name), csr, { qos: 1, ...options } as object)
  const answer = await promise
  client.off("message", heard)
  return answer
}

/** The device with a key and a certificate beside its old ones. */
async function renewed(box: TestGateway, client: MqttClient, device: Device): Promise<Device> {
  const { key, csr } = await makeRequest(join(box.folder, "next"), device.name)
  const answer = await renew(client, device.name, csr)
  assert.ok(answer.ok, answer.detail)
  const chain = join(box.folder, "next", `${device.name}.pem`)
  await writeFile(chain, answer.chain)
  return { name: device.name, key, chain, serial: answer.serial }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await setImmediate()
}

const stateOf = async (box: TestGateway, { serial }: Device) => (await box.api.get(`/certificates/${serial}`)).state
const closed = (client: MqttClient) => new Promise<void>((resolve) => client.once("close", () => resolve()))

describe("renewal over MQTT", () => {
  for (const protocolVersion of [4, 5] as const) {
    it(`version ${protocolVersion}: the old certificate is good until the new one has connected, and then ends`, async () => {
      await using box = await startTestGateway()
      const old = await makeDevice(box, "pump", { roles: ["device"], publishPrefix: "hall" })
      const client = await connected(box, old, { protocolVersion })
      const next = await renewed(box, client, old)
      assert.deepEqual([await stateOf(box, old), await stateOf(box, next)], ["active", "pending"])
      const again = await connected(box, old, { protocolVersion })
      const gone = closed(again)
      const successor = await connected(box, next, { protocolVersion, clientId: "pump-next" })
      await gone
      assert.deepEqual([await stateOf(box, old), await stateOf(box, next)], ["superseded", "active"])
      assert.equal((await connect(box, old)).client, undefined)
      const { renews, through, issuedBy } = await box.api.get(`/certificates/${next.serial}`)
      assert.deepEqual([renews, through, issuedBy], [old.serial, "mqtt", "pump"])
      for (const one of [client, again, successor]) one.end(true)
    })
  }

  it("the same request again is given the same certificate, and their number in an hour is bounded", async () => {
    await using box = await startTestGateway()
    const device = await makeDevice(box, "pump")
    const client = await connected(box, device)
    const { csr } = await makeRequest(join(box.folder, "next"), "pump")
    const first = await renew(client, "pump", csr)
    assert.equal((await renew(client, "pump", csr)).serial, first.serial)
    assert.equal((await box.api.get("/certificates?user=pump")).certificates.length, 2)
    for (let i = 0; i < 5; i++) {
      const other = await makeRequest(join(box.folder, `next-${i}`), "pump")
      assert.equal((await renew(client, "pump", other.csr)).ok, true)
    }
    const seventh = await makeRequest(join(box.folder, "next-7"), "pump")
    assert.equal((await renew(client, "pump", seventh.csr)).code, "too-many-attempts")
    client.end(true)
  })

  it("goes to the gateway and nobody else, and nothing of it is retained", async () => {
    const everything = [{ context: "mqtt", operation: "readWrite", resource: "$gatehouse/#" }]
    await using box = await startTestGateway()
    const spy = await makeDevice(box, "spy", { permissions: everything })
    const device = await makeDevice(box, "pump")
    const listening = await connected(box, spy)
    const topics: string[] = []
    listening.on("message", (topic) => topics.push(topic))
    await listening.subscribeAsync("$gatehouse/#")
    const client = await connected(box, device)
    const { csr } = await makeRequest(join(box.folder, "next"), "pump")
    assert.equal((await renew(client, "pump", csr, { retain: true })).ok, true)
    const late = await connected(box, spy, { clientId: "spy-2" })
    late.on("message", (topic) => topics.push(`retained ${topic}`))
    await late.subscribeAsync("$gatehouse/#")
    await late.subscribeAsync("$gatehouse/certificate/spy/renewed")
    assert.deepEqual(topics, [RENEWED("pump")])
    for (const one of [listening, client, late]) one.end(true)
  })

  it("nobody renews for another, nor without a certificate of this gateway", async () => {
    await using box = await startTestGateway()
    const everything = [{ context: "mqtt", operation: "readWrite", resource: "$gatehouse/#" }]
    const thief = await makeDevice(box, "thief", { permissions: everything })
    await makeDevice(box, "pump")
    const { csr } = await makeRequest(join(box.folder, "next"), "pump")
    const client = await connected(box, thief, { protocolVersion: 5 })
    await assert.rejects(client.publishAsync(RENEW("pump"), csr, { qos: 1 }), { code: 0x87 })
    for (const topic of [`${RENEW("thief")}/x`, "$gatehouse/certificate/thief", RENEWED("pump"), "$gatehouse/x"]) {
      await assert.rejects(client.publishAsync(topic, csr, { qos: 1 }), { code: 0x87 }, topic)
    }
    assert.equal((await renew(client, "thief", csr)).code, "csr-refused")
    client.end(true)

    const password = { kind: "password", password: "meter secret 1" }
    await box.api.post("/users", { username: "meter", grant: password, permissions: everything })
    const url = `mqtts://localhost:${box.port("mqtts")}`
    const login = { username: "meter", password: password.password, protocolVersion: 5 as const }
    const meter = await connectJs(url, { ...login, ca: await readFile(box.cafile) })
    assert.ok(meter.client)
    await assert.rejects(meter.client.publishAsync(RENEW("meter"), csr, { qos: 1 }), { code: 0x87 })
    meter.client.end(true)
    assert.equal((await box.api.get("/certificates?user=pump")).certificates.length, 1)
  })

  it("refuses what a certificate would be refused for, in words", async () => {
    await using box = await startTestGateway()
    const device = await makeDevice(box, "pump")
    const client = await connected(box, device)
    for (const payload of ["", "no request", "x".repeat(9000), JSON.stringify({ csr: "x" })]) {
      const { ok, code, detail } = await renew(client, "pump", payload)
      assert.deepEqual([ok, code], [false, "csr-refused"])
      assert.ok((detail ?? "").length > 10)
    }
    const { publicKey } = await box.api.get(`/certificates/${device.serial}`)
    await box.api.patch("/users/pump", { grant: { kind: "certificate", publicKey } })
    const again = await connected(box, device)
    const { csr } = await makeRequest(join(box.folder, "next"), "pump")
    assert.match((await renew(again, "pump", csr)).detail ?? "", /pinned to another public key/)
    assert.equal((await box.api.get("/refused")).groups[0].cause, "renewal-refused")
    for (const one of [client, again]) one.end(true)
  })

  it("whoever stole a key loses with the certificate what they renewed it to", async () => {
    await using box = await startTestGateway()
    const device = await makeDevice(box, "pump")
    const client = await connected(box, device)
    const next = await renewed(box, client, device)
    const gone = closed(client)
    await box.api.post(`/certificates/${device.serial}/revoke`, { reason: "key-compromise" })
    await gone
    assert.equal(await stateOf(box, next), "revoked")
    assert.equal((await connect(box, next)).client, undefined)
    client.end(true)
  })
})

describe("an expired certificate within its grace", () => {
  it("lets a device renew and do nothing else, and its session waits untouched", async () => {
    const clock = new ShiftedClock()
    await using box = await startTestGateway({ clock })
    await box.api.put("/roles/daily", { permissions: [], certificateLifetimeDays: 1 })
    const device = await makeDevice(box, "pump", { roles: ["device", "daily"] })
    const other = await makeDevice(box, "press", {
      permissions: [{ context: "mqtt", operation: "write", resource: "#" }],
    })
    const asleep = await connected(box, device, { clean: false })
    await asleep.subscribeAsync("devices/pump/set", { qos: 1 })
    await asleep.endAsync()
    const sender = await connected(box, other)
    await sender.publishAsync("devices/pump/set", "kept", { qos: 1 })
    sender.end(true)

    clock.jump(DAY + 60_000)
    const will = { topic: "devices/pump/gone", payload: Buffer.from("x"), qos: 0 as const, retain: false }
    const client = await connected(box, device, { clean: false, protocolVersion: 5, will })
    const heard: string[] = []
    client.on("message", (topic, payload) => heard.push(`${topic} ${payload}`))
    const refused = await client.subscribeAsync("devices/pump/#").catch((error: unknown) => error)
    assert.match(String(refused), /error|Unspecified|authorized/i)
    await assert.rejects(client.publishAsync("devices/pump/t", "1", { qos: 1 }), { code: 0x87 })
    await box.api.patch("/users/pump", { note: "its policy is compiled anew" })
    await assert.rejects(client.publishAsync("devices/pump/t", "1", { qos: 1 }), { code: 0x87 })
    const next = await renewed(box, client, device)
    assert.deepEqual(
      heard.filter((line) => !line.startsWith("$gatehouse/")),
      [],
    )
    assert.equal(
      (await box.api.get("/refused")).groups.some((one: { cause: string }) => one.cause === "certificate-expired"),
      true,
    )
    client.end(true)

    const { promise, resolve } = Promise.withResolvers<string>()
    const [key, cert, ca] = await Promise.all([next.key, next.chain, box.cafile].map((path) => readFile(path)))
    const { default: mqtt } = await import("mqtt")
    const url = `mqtts://localhost:${box.port("mqtts")}`
    const awake = mqtt.connect(url, {
      ...{ key, cert, ca, clientId: "pump", clean: false, reconnectPeriod: 0 },
    } as object)
    awake.on("message", (topic, payload) => resolve(`${topic} ${payload}`))
    assert.equal(await promise, "devices/pump/set kept")
    awake.end(true)
  })

  it("is over after 30 days, and there is none for what is revoked, foreign or of a disabled user", async () => {
    const clock = new ShiftedClock()
    await using box = await startTestGateway({ clock })
    const [late, revoked, disabled] = [
      await makeDevice(box, "late"),
      await makeDevice(box, "lost"),
      await makeDevice(box, "off"),
    ]
    await box.api.post(`/certificates/${revoked.serial}/revoke`)
    await box.api.patch("/users/off", { enabled: false })
    const plant = await OutsideAuthority.create(join(box.folder, "plant"), "Plant CA")
    await box.api.post("/authorities", { certificate: await plant.pem(), id: "plant", scope: "far-*" })
    await box.api.post("/users", { username: "far-1", grant: { kind: "certificate", issuer: "plant" } })
    const foreign = await plant.sign("far-1", { extra: ["-days", "1"] })
    // somebody's own authority that bears the name of ours, and a certificate of it that has expired
    const { stdout } = await subjectOf(box)
    const forger = await OutsideAuthority.create(join(box.folder, "forger"), stdout)
    const forged = await forger.signDated("late", "20200101000000Z", "20210101000000Z")

    assert.equal((await connect(box, forged)).client, undefined)
    clock.jump(398 * DAY + 60_000)
    for (const device of [revoked, disabled, foreign, forged]) {
      assert.equal((await connect(box, device)).client, undefined, device.chain)
    }
    const inTime = await connected(box, late)
    inTime.end(true)
    clock.jump(30 * DAY)
    assert.equal((await connect(box, late)).client, undefined)
  })

  it("can be switched off", async () => {
    const clock = new ShiftedClock()
    await using box = await startTestGateway({ clock, config: { certificates: { graceDays: 0 } } })
    const device = await makeDevice(box, "pump")
    clock.jump(398 * DAY + 60_000)
    assert.equal((await connect(box, device)).client, undefined)
  })
})

async function subjectOf(box: TestGateway): Promise<{ stdout: string }> {
  const args = ["x509", "-in", box.cafile, "-noout", "-subject", "-nameopt", "multiline"]
  const { out } = await ended("openssl", args)
  return { stdout: /commonName\s+= (.*)/.exec(out)?.[1] ?? "" }
}

describe("renewal over HTTPS", () => {
  const curl = async (box: TestGateway, path: string, args: readonly string[] = []) => {
    const url = `https://localhost:${box.port("wss")}${path}`
    const { out } = await ended("curl", ["-sS", "-w", "\n%{http_code}", "--cacert", box.cafile, ...args, url])
    const [body = "", status = ""] = [out.slice(0, out.lastIndexOf("\n")), out.slice(out.lastIndexOf("\n") + 1)]
    return { status: Number(status), body }
  }
  const as = ({ key, chain }: Device) => ["--cert", chain, "--key", key]

  it("answers with the chain, at the port that asks for the device's certificate", async () => {
    await using box = await startTestGateway()
    const old = await makeDevice(box, "pump")
    const about = JSON.parse((await curl(box, "/api/v1/device", as(old))).body)
    assert.deepEqual([about.username, about.serial, about.renewalOnly], ["pump", old.serial, false])
    assert.ok(about.renewAfter < about.notAfter && about.now < about.renewAfter)
    assert.equal(await stateOf(box, old), "active")

    const { key, csr } = await makeRequest(join(box.folder, "next"), "pump")
    const file = join(box.folder, "next", "pump.csr")
    await writeFile(file, csr)
    const sent = ["--data-binary", `@${file}`, "-H", "content-type: application/pkcs10"]
    const { status, body } = await curl(box, "/api/v1/device/certificate", [
      ...as(old),
      ...sent,
      "-H",
      "accept: application/pem-certificate-chain",
    ])
    assert.equal(status, 200, body)
    const chain = join(box.folder, "next", "pump.pem")
    await writeFile(chain, body)
    const next = { name: "pump", key, chain, serial: "" }
    const { serial } = JSON.parse((await curl(box, "/api/v1/device", as(next))).body)
    await until(async () => (await stateOf(box, old)) === "superseded") // once that is on the disk
    assert.equal(await stateOf(box, { ...next, serial }), "active")
    assert.equal((await curl(box, "/api/v1/device", as(old))).status, 401)
    const { paths } = JSON.parse((await curl(box, "/api/v1/openapi.json")).body)
    assert.deepEqual(Object.keys(paths), ["/api/v1/openapi.json", "/api/v1/device", "/api/v1/device/certificate"])
  })

  it("knows nobody by anything but a good certificate", async () => {
    await using box = await startTestGateway()
    const device = await makeDevice(box, "pump")
    const token = ["-H", `authorization: Bearer ${box.api.token}`]
    assert.equal((await curl(box, "/api/v1/device", token)).status, 401)
    const stranger = await OutsideAuthority.create(join(box.folder, "stranger"), "Stranger")
    const forged = await stranger.sign("pump")
    const { status, body } = await curl(box, "/api/v1/device", [...as(forged), ...token])
    assert.deepEqual([status, JSON.parse(body).code], [401, "unauthenticated"])
    for (const path of ["/api/v1/status", "/api/v1/users", "/api/v1/tokens", "/"]) {
      assert.equal((await curl(box, path, [...as(device), ...token])).status, 404, path)
    }
    assert.equal((await curl(box, "/api/v1/device", [...as(device), "-H", "host: evil.example"])).status, 421)
    const foreignPage = ["-X", "POST", "-d", "x", "-H", "origin: https://evil.example"]
    assert.equal((await curl(box, "/api/v1/device/certificate", [...as(device), ...foreignPage])).status, 403)
    const bad = ["-d", "no request", "-H", "content-type: text/plain"]
    assert.equal((await curl(box, "/api/v1/device/certificate", [...as(device), ...bad])).status, 422)
    await box.api.patch("/users/pump", { enabled: false })
    const { csr } = await makeRequest(join(box.folder, "next"), "pump")
    const request = ["--data-binary", csr, "-H", "content-type: application/pkcs10"]
    assert.equal((await curl(box, "/api/v1/device/certificate", [...as(device), ...request])).status, 403)
  })

  it("takes an expired certificate within its grace", async () => {
    const clock = new ShiftedClock()
    await using box = await startTestGateway({ clock })
    const device = await makeDevice(box, "pump")
    clock.jump(398 * DAY + 60_000)
    const about = JSON.parse((await curl(box, "/api/v1/device", as(device))).body)
    assert.equal(about.renewalOnly, true)
    const { csr } = await makeRequest(join(box.folder, "next"), "pump")
    const sent = ["--data-binary", csr, "-H", "content-type: application/pkcs10"]
    assert.equal((await curl(box, "/api/v1/device/certificate", [...as(device), ...sent])).status, 201)
    clock.jump(30 * DAY)
    assert.equal((await curl(box, "/api/v1/device", as(device))).status, 401)
  })
})
