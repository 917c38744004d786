import assert from "node:assert/strict"
import { execFile, execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, describe, it } from "node:test"
import { promisify } from "node:util"
import { mosquitto } from "../../support/clients.ts"
import { type Device, type KeyKind, makeDevice, OutsideAuthority } from "../../support/device.ts"
import { startTestGateway, type TestGateway } from "../../support/gateway.ts"
import { connectTls } from "../../support/tls-session.ts"

const MQTT = [{ context: "mqtt", operation: "readWrite", resource: "devices/%u/#" }]
const NOT_AUTHORIZED = 5

async function textOf(program: string, args: readonly string[]): Promise<string> {
  const running = promisify(execFile)(program, [...args], { timeout: 10_000 })
  running.child.stdin?.end()
  return (await running).stdout
}

/** A certificate opens the door only when everything about it is right; each wrong one is told apart for the technician. */
describe("certificates at the door", () => {
  let test: TestGateway
  let plant: OutsideAuthority
  let stranger: OutsideAuthority
  before(async () => {
    test = await startTestGateway()
    plant = await OutsideAuthority.create(join(test.folder, "plant"), "Plant CA")
    stranger = await OutsideAuthority.create(join(test.folder, "stranger"), "Stranger CA")
    await test.api.post("/authorities", { certificate: await plant.pem(), id: "plant", scope: "plant7-*" })
    for (const username of ["plant7-mixer", "plant7-late", "plant7-early", "other-mixer"]) {
      await test.api.post("/users", { username, grant: { kind: "certificate", issuer: "plant" }, permissions: MQTT })
    }
  })
  after(() => test[Symbol.asyncDispose]())

  const publish = (device: Device, name = device.name) =>
    mosquitto("mosquitto_pub", [
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
      "-q",
      "1",
      "-t",
      `devices/${name}/t`,
      "-m",
      "x",
    ])
  const causes = async (): Promise<string[]> =>
    (await test.api.get("/refused")).groups.map((group: { cause: string }) => group.cause)
  const isRefused = async (device: Device, cause: string) => {
    const ended = await publish(device)
    assert.equal(ended.code, NOT_AUTHORIZED, ended.err)
    assert.equal((await causes())[0], cause)
  }

  for (const kind of ["P-256", "P-384", "P-521", "RSA", "Ed25519"] as KeyKind[]) {
    it(`a device with a ${kind} key of its own gets a certificate and publishes`, async () => {
      const device = await makeDevice(test, `key-${kind.toLowerCase()}`, { roles: ["device"] }, kind)
      assert.equal((await publish(device)).code, 0)
      const { state } = await test.api.get(`/certificates/${device.serial}`)
      assert.equal(state, "active")
    })
  }

  it("an outside authority's client comes in under a name within its scope", async () => {
    assert.equal((await publish(await plant.sign("plant7-mixer"))).code, 0)
  })

  it("an outside authority cannot speak for a name beyond its scope", async () => {
    await isRefused(await plant.sign("other-mixer"), "certificate-out-of-scope")
  })

  it("an outside authority cannot speak for a user who must show a certificate of ours", async () => {
    await test.api.post("/users", { username: "plant7-own", grant: { kind: "certificate" }, permissions: MQTT })
    await isRefused(await plant.sign("plant7-own"), "wrong-grant")
  })

  it("a certificate of an unknown authority is refused", async () => {
    await isRefused(await stranger.sign("plant7-mixer"), "certificate-unknown-authority")
  })

  it("a certificate of somebody who took our authority's name is refused", async () => {
    const subject = execFileSync("openssl", [
      "x509",
      "-in",
      test.cafile,
      "-noout",
      "-subject",
      "-nameopt",
      "multiline",
    ]).toString()
    const name = /commonName\s*= (.*)/.exec(subject)?.[1] ?? ""
    const forged = await OutsideAuthority.create(join(test.folder, "forged"), name)
    await makeDevice(test, "forgery")
    await isRefused(await forged.sign("forgery"), "certificate-unknown-authority")
  })

  it("an expired certificate is refused", async () => {
    const device = await plant.signDated("plant7-late", "20240101000000Z", "20240102000000Z")
    await isRefused(device, "certificate-expired")
  })

  it("a certificate that is not yet valid is refused", async () => {
    const device = await plant.signDated("plant7-early", "20900101000000Z", "20910101000000Z")
    await isRefused(device, "certificate-not-yet-valid")
  })

  it("a certificate made for servers only is refused", async () => {
    const device = await plant.sign("plant7-mixer", { extensions: "extendedKeyUsage=serverAuth\n" })
    await isRefused(device, "certificate-bad-purpose")
  })

  const STRANGE = ["*", "+", "#", "$SYS", "__proto__", "plant7-a/../b", "plant7-a b", "plant7-é", "plant7-mixer\n"]
  for (const [i, name] of STRANGE.entries()) {
    it(`a trusted authority's certificate with the common name ${JSON.stringify(name)} is refused`, async () => {
      const subject = `/CN=${name.replaceAll("/", "\\/")}`
      const device = await plant.sign(`strange-${i}`, { subject })
      await isRefused(device, "certificate-bad-common-name")
    })
  }

  it("a certificate with two common names is refused", async () => {
    const device = await plant.sign("two", { subject: "/CN=plant7-mixer/CN=plant7-own" })
    await isRefused(device, "certificate-bad-common-name")
  })

  it("a good certificate of a disabled user is refused, and comes in again once the user is enabled", async () => {
    const device = await makeDevice(test, "wavering")
    await test.api.patch("/users/wavering", { enabled: false })
    await isRefused(device, "user-disabled")
    await test.api.patch("/users/wavering", { enabled: true })
    assert.equal((await publish(device)).code, 0)
  })

  it("a user who changes from certificate to password loses the certificate for good", async () => {
    const device = await makeDevice(test, "changed")
    await test.api.patch("/users/changed", { grant: { kind: "password", password: "changed-1" } })
    await isRefused(device, "certificate-revoked")
    await test.api.patch("/users/changed", { grant: { kind: "certificate" } })
    await isRefused(device, "certificate-revoked")
  })

  it("the certificate of a removed user does not open the door to the next user of that name", async () => {
    const device = await makeDevice(test, "reborn")
    assert.equal((await publish(device)).code, 0)
    await test.api.delete("/users/reborn")
    await test.api.post("/users", { username: "reborn", grant: { kind: "certificate" }, permissions: MQTT })
    await isRefused(device, "certificate-revoked")
  })

  it("a user pinned to one key is not that user with another key", async () => {
    const device = await makeDevice(test, "pinned")
    await test.api.patch("/users/pinned", { grant: { kind: "certificate", publicKey: "0".repeat(64) } })
    await isRefused(device, "wrong-grant")
  })

  it("removing an outside authority ends its live sessions and refuses its clients", async () => {
    const authority = await OutsideAuthority.create(join(test.folder, "leaving"), "Leaving CA")
    await test.api.post("/authorities", { certificate: await authority.pem(), id: "leaving", scope: "leaving-*" })
    await test.api.post("/users", {
      username: "leaving-1",
      grant: { kind: "certificate", issuer: "leaving" },
      permissions: MQTT,
    })
    const device = await authority.sign("leaving-1")
    const session = await connectTls(test, device)
    await test.api.delete("/users/leaving-1")
    assert.equal(await session.ended(1000), true)
    await test.api.delete("/authorities/leaving")
    await isRefused(device, "certificate-unknown-authority")
  })

  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    it(`${version}: a revoked certificate is refused in a resumed TLS session too`, async () => {
      const device = await makeDevice(test, `resumes-${version.slice(-1)}`)
      const first = await connectTls(test, device, { version })
      assert.equal(first.returnCode, 0)
      const ticket = await first.ticket()
      await first.close()
      const second = await connectTls(test, device, { version, ticket })
      assert.equal(second.resumed, true, "the session must really be resumed, else this test shows nothing")
      assert.equal(second.returnCode, 0)
      await test.api.post(`/certificates/${device.serial}/revoke`, {})
      assert.equal(await second.ended(1000), true)
      const third = await connectTls(test, device, { version, ticket })
      assert.equal(third.resumed, true)
      assert.equal(third.returnCode, NOT_AUTHORIZED)
    })
  }

  it("the broker shows a certificate of its own authority for its names and addresses", async () => {
    const args = [
      "s_client",
      "-connect",
      `127.0.0.1:${test.port("mqtts")}`,
      "-CAfile",
      test.cafile,
      "-verify_return_error",
      "-verify_hostname",
      "localhost",
    ]
    const shown = await textOf("openssl", args) // not synchronously: the gateway lives in this very process
    assert.match(shown, /Verify return code: 0 \(ok\)/)
    assert.ok(readFileSync(test.cafile, "utf8").includes("BEGIN CERTIFICATE"))
  })
})
