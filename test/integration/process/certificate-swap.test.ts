import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { X509Certificate } from "node:crypto"
import { after, before, beforeEach, describe, it, mock } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import { promisify } from "node:util"
import { loadConfig } from "../../../service/config.ts"
import { type Gateway, startGateway } from "../../../service/gateway.ts"
import { openLog } from "../../../service/log.ts"
import { Api } from "../../support/api.ts"
import { mosquitto, Subscriber } from "../../support/clients.ts"
import { FakeClock } from "../../support/fake-clock.ts"
import { ADMIN } from "../../support/gateway.ts"
import { Place } from "../../support/process.ts"

const MINUTE = 60_000
const DAY = 86_400_000
const SECRET = "meter secret 1"
const USERS = [{ username: "meter", grant: { kind: "password", password: SECRET }, roles: ["device"] }]
const TLS = ["mqtts", "wss", "https"] as const

/** The real gateway, its clock and its minutes in our hands: it looks at its certificates once a minute. */
describe("a new server certificate", () => {
  // a year back, so that what is issued later is valid for openssl, which knows the real time
  const clock = new FakeClock(Date.now() - 300 * DAY)
  const addresses: string[] = []
  const lines: string[] = []
  let place: Place
  let gateway: Gateway
  before(async () => {
    place = await Place.make()
    await place.configure({ bootstrap: place.bootstrap })
    await place.writeBootstrap({ users: USERS })
    mock.timers.enable({ apis: ["setInterval"] })
    const config = { ...(await loadConfig({}, ["--config", place.config])), addresses }
    const log = openLog("debug", (line) => lines.push(line))
    gateway = await startGateway(config, {}, clock, log)
  })
  beforeEach(() => void lines.splice(0))
  after(async () => {
    await gateway[Symbol.asyncDispose]()
    mock.timers.reset()
    await place[Symbol.asyncDispose]()
  })

  const port = (name: string) => String(gateway.listeners.find((listener) => listener.name === name)?.port)
  const credential = () => ["-h", "localhost", "-p", port("mqtts"), "-u", "meter", "-P", SECRET]
  const shown = async (name: string): Promise<X509Certificate> => {
    const trust = name === "https" ? [] : ["-CAfile", gateway.authorityFile, "-verify_return_error"]
    const args = ["s_client", "-connect", `127.0.0.1:${port(name)}`, "-servername", "localhost", ...trust]
    const running = promisify(execFile)("openssl", args, { timeout: 10_000 })
    running.child.stdin?.end()
    return new X509Certificate((await running).stdout)
  }
  const allShown = () => Promise.all(TLS.map(shown))
  const aMinuteLater = async (line: RegExp, count: number) => {
    mock.timers.tick(MINUTE)
    for (let i = 0; lines.filter((one) => line.test(one)).length < count; i++) {
      assert.ok(i < 500, lines.join(""))
      await delay(10)
    }
  }
  const alarms = async (): Promise<{ condition: string; detail: string }[]> => {
    const api = new Api(Number(port("https")))
    await api.signIn(ADMIN.username, ADMIN.password)
    return (await api.get("/status")).alarms
  }

  it("is issued at two thirds of the old one's life and shown at the next handshake, and clients stay", async () => {
    const before = await allShown()
    const trust = ["--cafile", gateway.authorityFile]
    // the minutes below pass at once: a client's ping would come too late
    await using client = await Subscriber.open([...credential(), ...trust, "-k", "1000", "-t", "devices/meter/t"])
    clock.advance(200 * DAY)
    mock.timers.tick(MINUTE)
    await alarms() // a round trip later still the same
    assert.doesNotMatch(lines.join(""), /server certificate issued/)
    clock.advance(70 * DAY)
    await aMinuteLater(/server certificate issued server=(broker|page) reason="ends on /, 2)
    const now = await allShown()
    for (const [i, name] of TLS.entries()) {
      assert.notEqual(now[i]?.fingerprint256, before[i]?.fingerprint256, name)
      const days = (Date.parse(now[i]?.validTo ?? "") - clock.now()) / DAY
      assert.ok(days > 395 && days < 399, `${name}: ${days} days`)
    }
    assert.equal(now[0]?.fingerprint256, now[1]?.fingerprint256, "one for both ports of the broker")
    const sent = await mosquitto("mosquitto_pub", [...credential(), ...trust, "-t", "devices/meter/t", "-m", "after"])
    assert.equal(sent.code, 0, sent.err)
    await client.prints(/^after$/m)
    assert.equal(client.printed.match(/sending CONNECT/g)?.length, 1, "it never had to connect again")
  })

  it("is issued when the machine gets another address, and names it", async () => {
    assert.doesNotMatch((await shown("mqtts")).subjectAltName ?? "", /192\.0\.2\.7|10\.98\.76\.5/)
    addresses.push("192.0.2.7", "10.98.76.5")
    await aMinuteLater(/server certificate issued server=(broker|page) reason="does not have the addresses/, 2)
    const [mqtts, , https] = await allShown()
    assert.match(
      mqtts?.subjectAltName ?? "",
      /IP Address:10\.98\.76\.5.*IP Address:192\.0\.2\.7|192\.0\.2\.7.*10\.98\.76\.5/,
    )
    assert.match(https?.subjectAltName ?? "", /10\.98\.76\.5/)
    assert.doesNotMatch(https?.subjectAltName ?? "", /192\.0\.2\.7/, "the page's authority is for private addresses")
  })

  it("that cannot be issued leaves the old one in place, and an alarm until one can", async () => {
    const before = await shown("mqtts")
    addresses.push("no address")
    await aMinuteLater(/renewing the certificate of the broker failed/, 1)
    mock.timers.tick(MINUTE)
    const failed = (await alarms()).find(({ condition }) => condition === "server-certificate-failed")
    assert.match(failed?.detail ?? "none, though the page's is well", /no address is no host name or address/)
    assert.equal((await shown("mqtts")).fingerprint256, before.fingerprint256)
    assert.equal(lines.filter((line) => line.includes("failed reason=")).length, 1, "logged once")
    addresses.pop()
    await aMinuteLater(/renewing the certificate of the broker works again/, 1)
    assert.ok(!(await alarms()).some(({ condition }) => condition === "server-certificate-failed"))
  })
})
