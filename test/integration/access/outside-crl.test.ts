import assert from "node:assert/strict"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, it } from "node:test"
import { connectJs } from "../../support/clients.ts"
import { type Device, OutsideAuthority } from "../../support/device.ts"
import { startTestGateway, type TestGateway } from "../../support/gateway.ts"
import { ShiftedClock } from "../../support/shifted-clock.ts"
import { CommandLine, ended } from "../cli/command-line.ts"

const DAY = 86_400_000

/** A revocation list by openssl, of these devices. */
async function listOf(authority: OutsideAuthority, devices: readonly Device[], more: readonly string[] = []) {
  const serials = await Promise.all(
    devices.map(async ({ chain }) => {
      const { out } = await ended("openssl", ["x509", "-in", chain, "-noout", "-serial"])
      return out.trim().replace("serial=", "")
    }),
  )
  const lines = serials.map((serial) => `R\t301231235959Z\t261101000000Z\t${serial}\tunknown\t/CN=x\n`)
  await writeFile(authority.path("index.txt"), lines.join(""))
  await writeFile(authority.path("index.txt.attr"), "")
  const settings = ["[ca]", "default_ca=a", "[a]", `database=${authority.path("index.txt")}`, "default_md=sha256", ""]
  await writeFile(authority.path("crl.conf"), settings.join("\n"))
  const keys = ["-cert", authority.path("ca.pem"), "-keyfile", authority.path("ca.key")]
  const out = authority.path("list.pem")
  const args = ["ca", "-config", authority.path("crl.conf"), "-gencrl", "-crldays", "7", ...keys, "-out", out, ...more]
  const { status, err } = await ended("openssl", args)
  assert.equal(status, 0, err)
  return out
}

async function connect(box: TestGateway, { key, chain, name }: Device) {
  const [keyPem, cert, ca] = await Promise.all([key, chain, box.cafile].map((path) => readFile(path)))
  const url = `mqtts://localhost:${box.port("mqtts")}`
  return (await connectJs(url, { key: keyPem, cert, ca, clientId: name } as object)).client
}

async function plantBox(clock = new ShiftedClock()) {
  const box = await startTestGateway({ clock })
  const plant = await OutsideAuthority.create(join(box.folder, "plant"), "Plant CA")
  await box.api.post("/authorities", { certificate: await plant.pem(), id: "plant", scope: "plant7-*" })
  for (const username of ["plant7-a", "plant7-b"]) {
    await box.api.post("/users", { username, grant: { kind: "certificate", issuer: "plant" }, roles: ["device"] })
  }
  return { box, plant, clock }
}

describe("the revocation list of an outside authority", () => {
  it("ends the session of who is on it within a second, and lets the others in", async () => {
    const { box, plant } = await plantBox()
    await using _box = box
    const [a, b] = [await plant.sign("plant7-a"), await plant.sign("plant7-b")]
    const live = await connect(box, a)
    assert.ok(live)
    const gone = new Promise<number>((resolve) => live.once("close", () => resolve(performance.now())))
    const file = await listOf(plant, [a])
    const before = performance.now()
    await box.api.put("/authorities/plant/crl", { list: await readFile(file, "utf8") })
    assert.ok((await gone) - before < 1000)
    assert.equal(await connect(box, a), undefined)
    const other = await connect(box, b)
    assert.ok(other)
    other.end(true)
    live.end(true)
    assert.equal((await box.api.get("/refused")).groups[0].cause, "certificate-revoked")
    const [shown] = (await box.api.get("/authorities")).authorities
    assert.equal(shown.revocationList.revoked, 1)
  })

  it("once stale is an alarm, and locks nobody out", async () => {
    const { box, plant, clock } = await plantBox()
    await using _box = box
    const [a, b] = [await plant.sign("plant7-a"), await plant.sign("plant7-b")]
    const commandLine = new CommandLine(join(box.folder, "state"))
    await commandLine.does(["authority", "crl", "plant", await listOf(plant, [a])])
    clock.jump(8 * DAY)
    const client = await connect(box, b)
    assert.ok(client)
    client.end(true)
    assert.equal(await connect(box, a), undefined)
    const other = await OutsideAuthority.create(join(box.folder, "other"), "Other CA")
    await box.api.post("/authorities", { certificate: await other.pem(), id: "other", scope: "other-*" }) // looked at anew
    const { alarms } = await box.api.get("/status")
    const stale = alarms.find((one: { condition: string }) => one.condition === "revocation-list-stale")
    assert.match(stale?.detail ?? "", /\(plant\)/)
  })

  it("is refused when it is another's, forged, damaged or partial, and nothing changes", async () => {
    const { box, plant } = await plantBox()
    await using _box = box
    const stranger = await OutsideAuthority.create(join(box.folder, "stranger"), "Stranger CA")
    const forger = await OutsideAuthority.create(join(box.folder, "forger"), "Plant CA")
    const good = await readFile(await listOf(plant, []), "utf8")
    const middle = Math.floor(good.length / 2)
    const cases: [RegExp, string][] = [
      [/another authority's/, await readFile(await listOf(stranger, []), "utf8")],
      [/not signed by this authority's key/, await readFile(await listOf(forger, []), "utf8")],
      [/damaged|not signed/, good.slice(0, middle) + (good[middle] === "A" ? "B" : "A") + good.slice(middle + 1)],
      [/no revocation list/, await plant.pem()],
      [/no revocation list/, "nothing"],
    ]
    for (const [sentence, list] of cases) {
      const { status, body } = await box.api.raw("PUT", "/authorities/plant/crl", { list })
      assert.deepEqual([status, body.code], [422, "certificate-refused"], JSON.stringify(body))
      assert.match(body.detail, sentence)
    }
    assert.equal((await box.api.raw("PUT", "/authorities/nobody/crl", { list: good })).status, 404)
    const [shown] = (await box.api.get("/authorities")).authorities
    assert.equal(shown.revocationList, undefined)
  })
})
