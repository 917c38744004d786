import assert from "node:assert/strict"
import { readdir, readFile, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { after, before, describe, it } from "node:test"
import mqtt from "mqtt"
import { makeRequest } from "../../support/device.ts"
import { startTestGateway, type TestGateway } from "../../support/gateway.ts"
import { CommandLine, ended, PROGRAM } from "./command-line.ts"

/** More than a page of the API holds. */
const MANY = Array.from({ length: 205 }, (_, i) => ({ username: `many-${i}`, grant: { kind: "certificate" } }))

/** Every command once as it should go, and once as the gateway refuses it. */
describe("the commands", () => {
  let gateway: TestGateway
  let line: CommandLine

  before(async () => {
    gateway = await startTestGateway({
      bootstrap: {
        users: [
          { username: "pump-1", grant: { kind: "certificate" }, roles: ["device"] },
          ...MANY,
          { username: "scada", grant: { kind: "password", password: "eight or more" }, roles: ["device"] },
        ],
      },
    })
    line = new CommandLine(join(gateway.folder, "state"))
  })
  after(() => gateway[Symbol.asyncDispose]())

  const refuses = async (typed: string, sentence: RegExp) => {
    const [status, said] = await line.refusal(typed.split(" "))
    assert.equal(status, 1, typed)
    assert.match(said, sentence)
  }

  it("status and refused say how the gateway is", async () => {
    assert.match(await line.does(["status"]), /^service +in service$/m)
    assert.equal((await line.json(["status"])).claimed, true)
    assert.deepEqual(await line.json(["refused"]), { total: 0, groups: [] })
  })

  it("user commands list, show, add, change, disable, enable and remove", async () => {
    assert.match(await line.does(["user", "add", "a", "--certificate", "--note", "x"]), /^note +x$/m)
    assert.equal((await line.json(["user", "change", "a", "--role", "device"])).roles[0], "device")
    assert.equal((await line.json(["user", "disable", "a"])).enabled, false)
    assert.match(await line.does(["user", "list"]), /^a +certificate +disabled +device +- +x$/m)
    assert.match(await line.does(["user", "enable", "a"]), /^state +enabled$/m)
    const { users, next } = await line.json(["user", "list"])
    assert.deepEqual([users.length, next], [MANY.length + 4, null])
    assert.deepEqual(users.slice(0, 50), (await gateway.api.get("/users")).users)
    assert.equal(await line.does(["user", "remove", "a"]), "a is removed.\n")
    assert.deepEqual(await line.json(["user", "show", "pump-1"]), await gateway.api.get("/users/pump-1"))
  })

  it("user commands end with the gateway's sentence where it refuses", async () => {
    await refuses("user show nobody", /^there is no user nobody$/)
    await refuses("user add pump-1 --certificate", /^there is a user pump-1 already/)
    await refuses("user add a/b --certificate", /^username: a username has 1 to 64 of/)
    await refuses("user change pump-1 --role unknown", /has the role unknown, which does not exist/)
    await refuses("user disable root-admin", /^the last enabled administrator/)
    await refuses("user enable nobody", /^there is no user nobody$/)
    await refuses("user remove nobody", /^there is no user nobody$/)
  })

  it("role commands set, list, show and remove, and are refused for a built-in role", async () => {
    assert.match(await line.does(["role", "set", "r", "--allow", "read:a/#"]), /^permissions +read:a\/#$/m)
    assert.match(await line.does(["role", "list"]), /^r +- +- +read:a\/#$/m)
    assert.deepEqual(await line.json(["role", "show", "r"]), await gateway.api.get("/roles/r"))
    assert.equal(await line.does(["role", "remove", "r"]), "The role r is removed.\n")
    await refuses("role show r", /^there is no role r$/)
    await refuses("role set admin --no-permissions", /^the role admin is built in/)
    await refuses("role remove device", /^the role device is built in/)
  })

  it("cert commands sign, list, show and revoke", async () => {
    const { csr } = await makeRequest(gateway.folder, "pump-1")
    const chain = await line.does(["cert", "sign", "pump-1", "-"], { input: csr })
    assert.match(chain, /^-----BEGIN CERTIFICATE-----\n/)
    const [first] = (await line.json(["cert", "list", "--user", "pump-1"])).certificates
    assert.match(await line.does(["cert", "show", first.serial]), /^state +pending$/m)
    assert.equal((await line.json(["cert", "revoke", first.serial, "--reason", "lost"])).state, "revoked")
    assert.match(await line.does(["cert", "list"]), new RegExp(`^${first.serial} +pump-1 +device +revoked`, "m"))
    assert.equal(await line.does(["cert", "download", first.serial]), chain)
    assert.deepEqual((await line.json(["cert", "list", "--search", "PUMP-", "--only", "active"])).certificates, [])
    assert.match(await line.does(["cert", "list", "--search", first.serial.slice(3, 20)]), /pump-1/)
    await refuses("cert download 00ff", /^there is no certificate/)
    await refuses("cert show 00ff", /^there is no certificate/)
    await refuses("cert revoke 00ff", /^there is no certificate/)
    await refuses(`cert sign pump-1 ${gateway.cafile}`, /request/)
    await refuses("cert sign pump-1 /nowhere.csr", /^\/nowhere\.csr cannot be read: ENOENT/)
  })

  it("cert sign and cert chain make one new file, of mode 0644, and replace none", async () => {
    const folder = join(gateway.folder, "out")
    const { csr } = await makeRequest(folder, "pump-1")
    await writeFile(join(folder, "pump-1.csr"), csr)
    const out = ["--out", join(folder, "pump-1.pem")]
    await line.does(["cert", "sign", "pump-1", join(folder, "pump-1.csr"), ...out])
    await line.does(["cert", "chain", "--out", join(folder, "ca.pem")])
    assert.deepEqual((await readdir(folder)).sort(), ["ca.pem", "pump-1.csr", "pump-1.key", "pump-1.pem"])
    assert.equal((await stat(join(folder, "pump-1.pem"))).mode & 0o777, 0o644)
    assert.equal(await readFile(join(folder, "ca.pem"), "utf8"), await readFile(gateway.cafile, "utf8"))

    const issued = (await gateway.api.get("/certificates")).certificates.length
    await refuses(`cert chain --out ${folder}/ca.pem`, /ca\.pem cannot be made: it exists/)
    const key = await readFile(join(folder, "pump-1.key"), "utf8")
    await refuses(
      `cert sign pump-1 ${folder}/pump-1.csr --out ${folder}/pump-1.key`,
      /pump-1\.key cannot be made: it exists/,
    )
    await refuses(`cert sign scada ${folder}/pump-1.csr --out ${folder}/new.pem`, /^user scada has a password/)
    assert.equal(await readFile(join(folder, "pump-1.key"), "utf8"), key)
    assert.equal((await gateway.api.get("/certificates")).certificates.length, issued)
    assert.ok(!(await readdir(folder)).includes("new.pem"))
  })

  it("authority commands refuse what is no authority, and list none", async () => {
    assert.equal(await line.does(["authority", "list"]), "no outside authority is trusted\n")
    await refuses(`authority add ${gateway.cafile} --scope *`, /./)
    await refuses("authority remove plant", /./)
  })

  it("explain answers by the permission, or by its absence", async () => {
    const yes = await line.does(["explain", "pump-1", "write", "devices/pump-1/x"])
    assert.equal(yes, 'yes: allowed by the role device with "readWrite devices/%u/#"\n')
    const no = await line.json(["explain", "pump-1", "read", "#", "--client-id", "pump-1"])
    assert.equal(no.allowed, false)
    assert.equal((await line.refusal(["explain", "", "read", "#"]))[0], 1)
  })

  it("clients commands list, show and disconnect, and a hostile identifier moves no cursor", async () => {
    const clientId = "evil\u202e[2J"
    const url = `mqtt://127.0.0.1:${gateway.port("mqtt")}`
    const options = { clientId, username: "scada", password: "eight or more", reconnectPeriod: 0 }
    const client = await mqtt.connectAsync(url, { ...options, protocolVersion: 5 })
    const closed = new Promise<void>((resolve) => client.once("close", () => resolve()))
    assert.match(await line.does(["clients", "list"]), /^evil\\u\{202e\}\[2J +scada +password +mqtt/m)
    assert.match(await line.does(["clients", "show", clientId]), /^user +scada, by password$/m)
    const json = await line.does(["clients", "list", "--json"])
    assert.doesNotMatch(json, /\u202e/)
    assert.equal(JSON.parse(json).clients[0].clientId, clientId)
    await line.does(["clients", "disconnect", clientId])
    await closed
    await refuses("clients disconnect gone", /^no client with this identifier is connected$/)
    await refuses("clients show gone", /^no client with this identifier is connected$/)
  })

  it("say how to start a gateway that does not run", async () => {
    const [status, said] = await new CommandLine("/nowhere").refusal(["user", "list"])
    assert.equal(status, 1)
    assert.match(said, /^the gateway is not running: .*systemctl start gatehouse.*npm start.*--state DIR$/)
  })

  it("take the state directory from the environment, or the one at hand", async () => {
    const typing = { env: { GATEHOUSE_STATE: line.state } }
    const { status } = await ended(PROGRAM, ["status"], typing)
    assert.equal(status, 0)
    assert.equal((await ended(PROGRAM, ["status"], { cwd: gateway.folder })).status, 0)
  })
})
