import assert from "node:assert/strict"
import { once } from "node:events"
import { readFile, rm, writeFile } from "node:fs/promises"
import { type AddressInfo, createServer, type Server } from "node:net"
import { join } from "node:path"
import { after, before, describe, it } from "node:test"
import { ADMIN } from "../../support/gateway.ts"
import { LISTENERS, Place } from "../../support/process.ts"
import { refusalHere, refusalOf, startHere, Template } from "./refusal.ts"

const CONFIGURATIONS: [what: string, text: string, sentence: RegExp][] = [
  [
    "an unknown key at its top",
    '{ "listener": {} }',
    /gatehouse\.json: listener is not known; here stands an object with the keys .*listeners/,
  ],
  [
    "an unknown key further in",
    '{ "listeners": { "mqtt": { "prot": 1883 } } }',
    /gatehouse\.json: listeners\.mqtt\.prot is not known; here stands .* enabled, host, port$/,
  ],
  [
    "a value of the wrong type",
    '{ "listeners": { "mqtts": { "port": "8883" } } }',
    /listeners\.mqtts\.port must be a whole number from 0 to 65535, not "8883"$/,
  ],
  ["text that is no JSON", '{\n  "site": "a",\n  "names": [,]\n}', /is not a configuration: .* at line 3, column 13$/],
]

describe("a start with an unfit configuration", { concurrency: 2 }, () => {
  for (const [what, text, sentence] of CONFIGURATIONS) {
    it(`is refused for ${what}, with the file and the place`, async () => {
      await using place = await Place.make()
      await writeFile(place.config, text)
      const { code, reason } = await refusalHere(place)
      assert.equal(code, "config-invalid")
      assert.ok(reason.startsWith(place.config), reason)
      assert.match(reason, sentence)
    })
  }

  it("ends the process with exit code 1 and one sentence", async () => {
    await using place = await Place.make({ listener: {}, log: { level: "loud" } })
    const { code, reason } = await refusalOf(place)
    assert.equal(code, "config-invalid")
    assert.match(
      reason,
      /listener is not known; here stands .*; log\.level must be one of|log\.level.*; listener is not/,
    )
  })

  it("is refused when the file is missing, with the remedy", async () => {
    await using place = await Place.make()
    await rm(place.config)
    const { code, reason } = await refusalHere(place)
    assert.equal(code, "config-invalid")
    assert.match(reason, /gatehouse\.json cannot be read; make it, or name another with --config FILE/)
  })

  it("is refused when the command line says something unknown", async () => {
    await using place = await Place.make()
    const { reason } = await refusalHere(place, "--port", "1883")
    assert.match(reason, /the command line is not valid; it may hold --config FILE/)
  })
})

describe("a start where another program has a port", () => {
  let template: Template
  let other: Server
  let port: number
  before(async () => {
    template = await Template.make()
    other = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1")
    await once(other, "listening")
    port = (other.address() as AddressInfo).port
  })
  after(async () => {
    other.close()
    await template[Symbol.asyncDispose]()
  })
  const taken = (name: string, host = "127.0.0.1") => ({ listeners: { [name]: { host, port } } })

  for (const name of LISTENERS.filter((one) => one !== "http")) {
    it(`is refused for the ${name} port, by name and number, and nothing half-open stays`, async () => {
      await using place = await template.copy(taken(name))
      const { code, reason } = await refusalHere(place)
      assert.equal(code, "port-in-use")
      assert.match(reason, new RegExp(`\\b${name} listener .*\\b${port}\\b.*; .*configuration`))
      assert.equal(listening(), 1, "the other program alone")
      await place.configure()
      await using here = await startHere(place)
      assert.equal(here.gateway.listeners.length, LISTENERS.length)
    })
  }

  it("ends the process with exit code 1 and one sentence, and harms nothing", async () => {
    await using place = await template.copy(taken("wss"))
    assert.equal((await refusalOf(place)).code, "port-in-use")
    await place.configure()
    await using gateway = await place.start()
    assert.ok(LISTENERS.every((listener) => gateway.port(listener) > 0))
  })

  it("is refused on a box that waits to be claimed when it is the page's, and its claim code is gone with it", async () => {
    await using place = await Place.make(taken("https"))
    assert.equal((await refusalHere(place)).code, "port-in-use")
    await assert.rejects(readFile(join(place.state, "claim-code")), { code: "ENOENT" })
  })

  it("goes on without the port that only helps people to the page, and raises the alarm", async () => {
    await using place = await template.copy(taken("http"))
    await using here = await startHere(place)
    const names = here.gateway.listeners.map(({ name }) => name).sort()
    assert.deepEqual(names, ["https", "mqtt", "mqtts", "ws", "wss"])
    await here.api.signIn(ADMIN.username, ADMIN.password)
    const { alarms } = await here.api.get("/status")
    const closed = alarms.find(({ condition }: { condition: string }) => condition === "listener-closed")
    assert.match(closed?.detail, new RegExp(`the http listener cannot open port ${port} of 127\\.0\\.0\\.1`))
  })

  it("goes without the page where that is switched off", async () => {
    await using place = await template.copy({ listeners: { https: { enabled: false } } })
    await using here = await startHere(place)
    assert.deepEqual(here.gateway.listeners.map(({ name }) => name).sort(), ["mqtt", "mqtts", "ws", "wss"])
  })

  it("is refused for an address that this machine does not have", async () => {
    await using place = await template.copy({ listeners: { mqtts: { host: "192.0.2.1", port: 0 } } })
    const { code, reason } = await refusalHere(place)
    assert.equal(code, "listen-failed")
    assert.match(reason, /mqtts listener on 192\.0\.2\.1.*check listeners\.mqtts\.host/)
  })

  it("is refused by the second of two listeners that want the same port", async () => {
    const { port: free } = await freePort()
    const listeners = { mqtt: { host: "127.0.0.1", port: free }, ws: { host: "127.0.0.1", port: free } }
    await using place = await template.copy({ listeners })
    assert.match((await refusalHere(place)).reason, new RegExp(`ws listener .*port ${free}`))
  })
})

/** Listening sockets of this process. */
function listening(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === "TCPServerWrap").length
}

/** A port that was free a moment ago. */
async function freePort(): Promise<AddressInfo> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address() as AddressInfo
  server.close()
  await once(server, "close")
  return address
}
