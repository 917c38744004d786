import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { createPrivateKey } from "node:crypto"
import { once } from "node:events"
import { readFile, stat } from "node:fs/promises"
import { type AddressInfo, createServer } from "node:net"
import { join } from "node:path"
import { describe, it } from "node:test"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { unsealRootKey } from "../../../service/ca/recovery-key.ts"
import { greeting } from "../../../service/console.ts"
import type { Api } from "../../support/api.ts"
import { connectJs, mosquitto } from "../../support/clients.ts"
import { ADMIN } from "../../support/gateway.ts"
import { LISTENERS, listeningPorts, Place } from "../../support/process.ts"
import { startHere } from "./refusal.ts"
import { assertNowhere } from "./secrets.ts"
import { CTRL_C, ON_A_TERMINAL } from "./terminal.ts"

const CLI = fileURLToPath(new URL("../../../scripts/gatehouse", import.meta.url))
const CODE = /\b[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}\b/
const codeIn = async (place: Place) => (await readFile(join(place.state, "claim-code"), "utf8")).trim()
const claim = (gateway: { readonly api: Api }, code: string) => gateway.api.raw("POST", "/claim", { code, ...ADMIN })

interface ListenerState {
  readonly name: string
  readonly port: number
  readonly open: boolean
}

describe("a box that nobody has taken into service", () => {
  it("has no MQTT listener, and the page's port lets no MQTT client in", async () => {
    await using place = await Place.make()
    await using here = await startHere(place)
    const { gateway, api } = here
    assert.deepEqual(
      gateway.listeners.map(({ name }) => name),
      ["https", "http"],
    )
    const ports = gateway.listeners.map(({ port }) => port)
    assert.deepEqual((await listeningPorts(process.pid)).sort(), ports.toSorted())
    const url = `wss://127.0.0.1:${ports[0]}/mqtt`
    const { client } = await connectJs(url, { rejectUnauthorized: false, username: "meter", password: "meter-secret" })
    assert.equal(client, undefined)
    assert.equal((await api.raw("POST", "/tokens", ADMIN)).status, 409)
  })

  it("keeps its claim code from every output that is no terminal, and in a file for its user alone", async () => {
    await using place = await Place.make({ log: { level: "debug" } })
    await using gateway = await place.start()
    const path = join(place.state, "claim-code")
    const code = await codeIn(place)
    assert.match(code, CODE)
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    assert.ok(gateway.out.includes(`read it with: cat ${path}`))
    assert.equal((await claim(gateway, "0000-0000-0000")).status, 403)
    assert.equal((await gateway.stop()).code, 0)
    assert.doesNotMatch(gateway.printed.replace("XXXX-XXXX-XXXX", ""), CODE)
    await assert.rejects(stat(path), { code: "ENOENT" })
  })

  it("shows the claim code on a terminal, with the command that uses it, and ends with Ctrl-C", async () => {
    await using place = await Place.make()
    await using gateway = await place.start({ through: ON_A_TERMINAL })
    const code = await codeIn(place)
    assert.match(gateway.out, new RegExp(`claim code +${code}\\r\\n`))
    const [, url = "", body = ""] = /curl -k (\S+) .*-d '([^']+)'/s.exec(gateway.out) ?? []
    assert.equal(url, `https://127.0.0.1:${gateway.port("https")}/api/v1/claim`)
    assert.equal((await gateway.api.raw("POST", "/claim", { ...JSON.parse(body), ...ADMIN })).status, 201)
    const before = await gateway.api.raw("GET", "/authority")
    assert.equal(before.status, 200)
    gateway.child.stdin?.write(CTRL_C)
    assert.deepEqual({ ...(await gateway.end()), ms: 0 }, { code: 0, signal: null, ms: 0 }, gateway.printed)
  })

  it("has another code after a restart", async () => {
    await using place = await Place.make()
    const first = await startHere(place)
    const before = await codeIn(place)
    await first[Symbol.asyncDispose]()
    await using second = await startHere(place)
    assert.notEqual(await codeIn(place), before)
    assert.equal((await claim(second, before)).status, 403)
  })
})

describe("a claim", () => {
  it("opens the listeners, seals the root key, tells the recovery key once, and needs no restart", async () => {
    await using place = await Place.make({ log: { level: "debug" } })
    await using gateway = await place.start()
    const code = await codeIn(place)
    const answer = await claim(gateway, code.toLowerCase().replaceAll("-", " "))
    assert.equal(answer.status, 201)
    const { token, recoveryKey } = answer.body
    gateway.api.token = token
    const { listeners, alarms } = await gateway.api.get("/status")
    assert.deepEqual(listeners.map(({ name, open }: ListenerState) => open && name).sort(), [...LISTENERS].sort())
    assert.deepEqual(alarms, [])
    const sealed = await readFile(join(place.state, "ca/root.key"), "utf8")
    assert.match(sealed, /BEGIN ENCRYPTED PRIVATE KEY/)
    assert.equal(createPrivateKey(unsealRootKey(sealed, recoveryKey)).asymmetricKeyType, "ec")
    await assert.rejects(stat(join(place.state, "claim-code")), { code: "ENOENT" })
    const second = await claim(gateway, code)
    assert.deepEqual([second.status, second.body.code], [409, "already-claimed"])
    assert.equal((await gateway.api.raw("POST", "/authority/seal")).status, 409)

    const meter = { username: "meter", grant: { kind: "password", password: "meter secret 1" }, roles: ["device"] }
    await gateway.api.post("/users", meter)
    const { port } = listeners.find(({ name }: ListenerState) => name === "mqtt")
    const credential = ["-h", "127.0.0.1", "-p", String(port), "-u", "meter", "-P", meter.grant.password]
    const sent = await mosquitto("mosquitto_pub", [...credential, "-q", "1", "-t", "devices/meter/t", "-m", "1"])
    assert.equal(sent.code, 0, sent.err)

    assert.equal((await gateway.stop()).code, 0)
    await using again = await place.start()
    assert.match(again.out, /It is in service/)
    await again.api.signIn(ADMIN.username, ADMIN.password)
    await again.stop()
    const secrets = [code, recoveryKey, token, again.api.token ?? "", ADMIN.password, meter.grant.password]
    await assertNowhere(secrets, place.folder, gateway.printed + again.printed)
  })

  it("is possible at the machine alone where the page is switched off, as the greeting says", async () => {
    await using place = await Place.make({ listeners: { https: { enabled: false } } })
    await using here = await startHere(place)
    const [, args = ""] = /^ +scripts\/gatehouse (claim .*)$/m.exec(greeting(here.gateway, false)) ?? []
    const running = promisify(execFile)(CLI, [...args.split(" "), "--password-stdin"], { timeout: 20_000 })
    running.child.stdin?.end(`${ADMIN.password}\n`)
    assert.match((await running).stdout, /in service; you is its administrator/)
    assert.equal(here.gateway.claimed, true)
    assert.deepEqual(here.gateway.listeners.map(({ name }) => name).sort(), ["mqtt", "mqtts", "ws", "wss"])
  })

  it("of two at once lets one through", async () => {
    await using place = await Place.make()
    await using gateway = await startHere(place)
    const code = await codeIn(place)
    const answers = await Promise.all([claim(gateway, code), claim(gateway, code)])
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409])
  })

  it("opens every other listener when one port is taken, and raises the alarm", async () => {
    await using other = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1")
    await once(other, "listening")
    const { port } = other.address() as AddressInfo
    await using place = await Place.make({ listeners: { mqtt: { host: "127.0.0.1", port } } })
    await using gateway = await startHere(place)
    const answer = await claim(gateway, await codeIn(place))
    assert.equal(answer.status, 201)
    assert.equal(typeof answer.body.recoveryKey, "string")
    gateway.api.token = answer.body.token
    const { listeners, alarms } = await gateway.api.get("/status")
    const closed = listeners.filter(({ open }: ListenerState) => !open).map(({ name }: ListenerState) => name)
    assert.deepEqual(closed, ["mqtt"])
    assert.equal(alarms.length, 1)
    assert.equal(alarms[0].condition, "listener-closed")
    assert.match(alarms[0].detail, new RegExp(`mqtt listener on 127\\.0\\.0\\.1, port ${port}: another program`))
  })
})
