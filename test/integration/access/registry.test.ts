import assert from "node:assert/strict"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, it } from "node:test"
import { WINDOW_MS } from "../../../service/access/registry.ts"
import { systemClock } from "../../../service/clock.ts"
import { connectJs } from "../../support/clients.ts"
import { type Device, makeDevice, makeRequest, OutsideAuthority } from "../../support/device.ts"
import { startTestGateway, type TestGateway } from "../../support/gateway.ts"
import { CommandLine, ended } from "../cli/command-line.ts"

interface Candidate {
  readonly id: string
  readonly name: string
  readonly method: string
  readonly count: number
}

const candidates = async ({ api }: TestGateway): Promise<Candidate[]> => (await api.get("/registry")).candidates

async function byCertificate(box: TestGateway, { key, chain, name }: Device): Promise<boolean> {
  const [keyPem, cert, ca] = await Promise.all([key, chain, box.cafile].map((path) => readFile(path)))
  const url = `mqtts://localhost:${box.port("mqtts")}`
  const { client } = await connectJs(url, { key: keyPem, cert, ca, clientId: name } as object)
  client?.end(true)
  return client !== undefined
}

async function byPassword(box: TestGateway, scheme: "mqtt" | "mqtts", username: string, password: string) {
  const options = { username, password, clientId: username, ca: await readFile(box.cafile) }
  const { client } = await connectJs(`${scheme}://localhost:${box.port(scheme)}`, options)
  client?.end(true)
  return client !== undefined
}

async function enrol(box: TestGateway, csr: string, more: readonly string[] = []) {
  const sent = ["--data-binary", csr, "-H", "content-type: application/pkcs10", ...more]
  const url = `https://localhost:${box.port("wss")}/api/v1/device/certificate`
  const { out } = await ended("curl", ["-sS", "-w", "\n%{http_code}", "--cacert", box.cafile, ...sent, url])
  const at = out.lastIndexOf("\n")
  return { status: Number(out.slice(at + 1)), body: JSON.parse(out.slice(0, at)) }
}

async function withPlant(clock = systemClock) {
  const box = await startTestGateway({ clock })
  const plant = await OutsideAuthority.create(join(box.folder, "plant"), "Plant CA")
  await box.api.post("/authorities", { certificate: await plant.pem(), id: "plant", scope: "plant7-*" })
  return { box, plant }
}

describe("the registry", () => {
  it("remembers nobody while it is closed, and lets nobody in while it is open", async () => {
    const { box, plant } = await withPlant()
    await using _box = box
    const mixer = await plant.sign("plant7-mixer")
    assert.equal(await byCertificate(box, mixer), false)
    assert.deepEqual(await candidates(box), [])
    await box.api.post("/registry")
    assert.equal(await byCertificate(box, mixer), false)
    assert.equal(await byCertificate(box, mixer), false)
    const [found] = await candidates(box)
    assert.deepEqual([found?.name, found?.method, found?.count], ["plant7-mixer", "certificate", 2])
    await box.api.post(`/registry/${found?.id}/allow`, { roles: ["device"] })
    assert.equal(await byCertificate(box, mixer), true)
    assert.deepEqual(await candidates(box), [])
    const { grant, roles } = await box.api.get("/users/plant7-mixer")
    assert.deepEqual([grant, roles], [{ kind: "certificate", issuer: "plant" }, ["device"]])
    await box.api.delete("/registry")
    assert.equal(await byCertificate(box, await plant.sign("plant7-fan")), false)
    assert.deepEqual(await candidates(box), [])
  })

  it("remembers no certificate that is not good, and nobody of a plain listener", async () => {
    const { box, plant } = await withPlant()
    await using _box = box
    await box.api.post("/registry")
    const stranger = await OutsideAuthority.create(join(box.folder, "stranger"), "Stranger")
    for (const bad of [await stranger.sign("plant7-x"), await plant.sign("elsewhere")]) {
      assert.equal(await byCertificate(box, bad), false)
    }
    assert.equal(await byPassword(box, "mqtt", "meter", "a good password"), false)
    assert.deepEqual(await candidates(box), [])
  })

  it("keeps a password's hash while it is open, and no HTTP rights are had with it", async () => {
    let elapsed = 0
    const clock = { now: () => systemClock.now(), elapsed: () => systemClock.elapsed() + elapsed }
    await using box = await startTestGateway({ clock })
    await box.api.post("/registry")
    for (const short of ["short", "meter"]) assert.equal(await byPassword(box, "mqtts", "meter", short), false)
    assert.deepEqual(await candidates(box), [])
    assert.equal(await byPassword(box, "mqtts", "meter", "a good password"), false)
    while ((await candidates(box)).length === 0); // once it is hashed
    const [found] = await candidates(box)
    assert.doesNotMatch(JSON.stringify(found), /argon2|a good password/)
    for (const roles of [["viewer"], ["admin"]]) {
      assert.equal((await box.api.raw("POST", `/registry/${found?.id}/allow`, { roles })).status, 409)
    }
    await box.api.post(`/registry/${found?.id}/allow`, { roles: ["device"] })
    assert.equal(await byPassword(box, "mqtts", "meter", "another password"), false)
    assert.equal(await byPassword(box, "mqtts", "meter", "a good password"), true)

    assert.equal(await byPassword(box, "mqtts", "late", "a good password"), false)
    while ((await candidates(box)).length === 0);
    const [late] = await candidates(box)
    elapsed = WINDOW_MS
    assert.deepEqual(await candidates(box), [])
    assert.equal((await box.api.raw("POST", `/registry/${late?.id}/allow`, {})).status, 404)
    assert.doesNotMatch(box.logged(), /a good password/)
  })

  it("over HTTPS: 423 while closed, 202 until a person has decided, 201 with the certificate", async () => {
    await using box = await startTestGateway()
    const { key, csr } = await makeRequest(join(box.folder, "new"), "pump-9")
    const closed = await enrol(box, csr)
    assert.deepEqual([closed.status, closed.body.code], [423, "registry-closed"])
    await box.api.post("/registry")
    assert.deepEqual([(await enrol(box, csr)).status, (await enrol(box, csr)).status], [202, 202])
    const commandLine = new CommandLine(join(box.folder, "state"))
    const { candidates: listed } = await commandLine.json(["registry", "show"])
    assert.deepEqual(
      listed.map(({ name, method }: Candidate) => [name, method]),
      [["pump-9", "request"]],
    )
    await commandLine.does(["registry", "allow", listed[0].id, "--role", "device"])
    const { csr: others } = await makeRequest(join(box.folder, "thief"), "pump-9")
    assert.equal((await enrol(box, others)).status, 202)
    const { status, body } = await enrol(box, csr)
    assert.equal(status, 201, JSON.stringify(body))
    assert.equal((await enrol(box, csr)).body.serial, body.serial)
    const chain = join(box.folder, "new", "pump-9.pem")
    await writeFile(chain, body.chain)
    assert.equal(await byCertificate(box, { name: "pump-9", key, chain, serial: "" }), true)
    assert.equal((await enrol(box, csr)).status, 202, "its certificate is in use: nothing is handed out any more")
    assert.equal((await enrol(box, others)).status, 202)
  })

  it("tells a stranger nothing of who exists, and remembers nobody under a name that has a certificate", async () => {
    await using box = await startTestGateway()
    await makeDevice(box, "pump")
    await box.api.post("/registry")
    const answers = []
    for (const name of ["pump", "root-admin", "nobody-yet"]) {
      const { csr } = await makeRequest(join(box.folder, `as-${name}`), name)
      answers.push(await enrol(box, csr))
    }
    assert.equal(new Set(answers.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size, 1)
    assert.deepEqual(
      (await candidates(box)).map(({ name }) => name),
      ["nobody-yet"],
    )
    const { csr } = await makeRequest(join(box.folder, "nameless"), "x")
    assert.equal((await enrol(box, csr, ["-H", "host: evil.example"])).status, 421)
    assert.equal((await enrol(box, "no request")).status, 422)
  })
})
