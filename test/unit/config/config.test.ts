import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { hostname, tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { type TestContext, test } from "node:test"
import { loadConfig } from "../../../service/config.ts"

function fileOf(t: TestContext, content: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-"))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, "gatehouse.json")
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content))
  return file
}

const load = (t: TestContext, content: unknown, env: NodeJS.ProcessEnv = {}) =>
  loadConfig(env, ["--config", fileOf(t, content)])

async function refusal(t: TestContext, content: unknown): Promise<string> {
  const file = fileOf(t, content)
  const failure = await loadConfig({ GATEHOUSE_CONFIG: file }).catch((error: unknown) => error)
  assert.ok(failure instanceof Error && "code" in failure && failure.code === "config-invalid")
  assert.ok(failure.message.startsWith(file), failure.message)
  return failure.message.slice(file.length)
}

test("without a file the defaults hold, with the state in ./state", async () => {
  const config = await loadConfig({})
  assert.equal(config.stateDirectory, resolve("state"))
  assert.equal(config.log.level, "info")
  assert.equal("bootstrap" in config, false)
  assert.deepEqual(config.certificates, { deviceLifetimeDays: 398, pendingHours: 24, graceDays: 30 })
  assert.deepEqual(config.listeners, {
    mqtt: { enabled: true, host: "127.0.0.1", port: 1883 },
    mqtts: { enabled: true, host: "*", port: 8883 },
    ws: { enabled: true, host: "127.0.0.1", port: 8083 },
    wss: { enabled: true, host: "*", port: 8084 },
    https: { enabled: true, host: "*", port: 8443 },
    http: { enabled: true, host: "*", port: 8080 },
  })
  assert.match(config.site, /^[A-Za-z0-9-]{1,32}$/)
  if (/^[a-z0-9]+$/.test(hostname())) assert.deepEqual([config.hostname, config.site], [hostname(), hostname()])
})

test("what the file sets holds, and the rest keeps its default", async (t) => {
  const config = await load(t, {
    site: "Plant-7",
    hostname: "gw.plant7.example",
    names: ["gateway.local"],
    addresses: ["192.0.2.1", "2001:db8::1"],
    listeners: { mqtt: { host: "*" }, https: { port: 0 }, ws: { enabled: false } },
    limits: { connections: 10 },
    certificates: { pendingHours: 2160 },
  })
  assert.deepEqual(config.listeners.mqtt, { enabled: true, host: "*", port: 1883 })
  assert.deepEqual(config.listeners.https, { enabled: true, host: "*", port: 0 })
  assert.equal(config.listeners.ws.enabled, false)
  assert.deepEqual([config.limits.connections, config.limits.connectionsPerAddress], [10, 5])
  assert.deepEqual(config.certificates, { deviceLifetimeDays: 398, pendingHours: 2160, graceDays: 30 })
  assert.deepEqual([config.site, config.hostname], ["Plant-7", "gw.plant7.example"])
})

test("the state directory is the file's, else systemd's, else ./state", async (t) => {
  const env = { STATE_DIRECTORY: "/var/lib/gatehouse:/var/lib/other" }
  assert.equal((await load(t, {}, env)).stateDirectory, "/var/lib/gatehouse")
  assert.equal((await load(t, { stateDirectory: "/srv/state" }, env)).stateDirectory, "/srv/state")
  assert.equal((await loadConfig({ STATE_DIRECTORY: "" })).stateDirectory, resolve("state"))
  const file = fileOf(t, { stateDirectory: "own", bootstrap: "first.json" })
  const config = await loadConfig({ GATEHOUSE_CONFIG: file })
  assert.equal(config.stateDirectory, join(file, "..", "own"))
  assert.equal(config.bootstrap, join(file, "..", "first.json"))
})

test("the command line comes before the environment, and holds nothing unknown", async (t) => {
  const env = { GATEHOUSE_CONFIG: fileOf(t, { site: "environment" }) }
  assert.equal((await loadConfig(env)).site, "environment")
  assert.equal((await loadConfig(env, [`--config=${fileOf(t, { site: "line" })}`])).site, "line")
  for (const argv of [["--confg", "x"], ["--config"], ["gatehouse.json"]]) {
    await assert.rejects(loadConfig(env, argv), { code: "config-invalid", message: /it may hold --config FILE/ })
  }
})

test("a file that is not there stops the start by name", async () => {
  const message = /^\/nonexistent\/gatehouse\.json cannot be read; make it/
  await assert.rejects(loadConfig({ GATEHOUSE_CONFIG: "/nonexistent/gatehouse.json" }), {
    code: "config-invalid",
    message,
  })
})

test("every mistake is named with its key and what is allowed", async (t) => {
  const message = await refusal(t, {
    sight: "Plant",
    site: "Plant 7",
    names: ["good.example", "-bad"],
    addresses: ["fe80::1%eth0"],
    log: { level: "loud" },
    listeners: { mqtt: { port: 70_000, hots: "*" }, mqtts: { host: "a b" }, https: 8443, amqp: {} },
    limits: { connections: 1.5, retained: 1 },
    certificates: { pendingHours: "24" },
  })
  assert.deepEqual(message.slice(2).split("; ").sort(), [
    'addresses.0 must be an IPv4 or IPv6 address, not "fe80::1%eth0"',
    'certificates.pendingHours must be a whole number from 1 to 2160, not "24"',
    "here stands an object with the keys connections, connectionsPerAddress, connectionsPerUser, sessions, " +
      "sessionsPerUser, handshakes, handshakeSeconds, connectSeconds, packetBytesBeforeLogin, packetBytes, " +
      "subscriptionsPerClient, topicLevels, queuedMessagesPerSession, queuedBytesPerSession, queuedBytesTotal, " +
      "retainedMessages, retainedBytes, retainedPayloadBytes, sessionExpirySeconds, inflightIncoming, " +
      "inflightOutgoing, incomingQos2, publishesPerSecond, keepAliveSeconds, socketBytes, topicAliases",
    "here stands an object with the keys enabled, host, port",
    "here stands an object with the keys mqtt, mqtts, ws, wss, https, http",
    "here stands an object with the keys stateDirectory, systemDirectory, site, hostname, names, addresses, bootstrap, log, " +
      "listeners, limits, certificates, serial",
    "limits.connections must be a whole number from 1 to 250000, not 1.5",
    "limits.retained is not known",
    "listeners.amqp is not known",
    "listeners.https must be an object with the keys enabled, host, port, not 8443",
    "listeners.mqtt.hots is not known",
    "listeners.mqtt.port must be a whole number from 0 to 65535, not 70000",
    'listeners.mqtts.host must be "*" for every interface, an IP address or a DNS name, not "a b"',
    'log.level must be one of error, warn, info, debug, not "loud"',
    'names.1 must be a DNS name such as "gateway.plant.example", not "-bad"',
    "sight is not known",
    'site must be 1 to 32 letters, digits and hyphens, not "Plant 7"',
  ])
})

const REFUSED: readonly (readonly [unknown, RegExp])[] = [
  ["", / is not a configuration: it is empty$/],
  ['{\n  "site": "a",\n}', /stops being JSON at line 3, column 1$/],
  ['{"site": "a"', /line 1, column 13, where it ends too early$/],
  [[], /^: the whole must be an object with the keys stateDirectory, /],
  ["null", /^: the whole must be an object/],
  ['{"__proto__": {"site": "a"}}', /__proto__ is not known/],
  ['{"limits": {"constructor": 1}}', /limits\.constructor is not known/],
  [{ listeners: { mqtt: null } }, /listeners\.mqtt must be an object with the keys enabled, host, port, not null/],
  [{ names: "one" }, /names must be a list of at most 50, each a DNS name .*, not "one"/],
  [{ names: Array(51).fill("a") }, /names must be a list of at most 50/],
  [{ hostname: "192.0.2.1" }, /hostname must be a DNS name/],
  [{ hostname: `${"a".repeat(64)}.example` }, /hostname must be a DNS name/],
  [{ site: "a".repeat(33) }, /site must be 1 to 32/],
  [{ stateDirectory: "" }, /stateDirectory must be a path/],
  [{ certificates: { pendingHours: 2161 } }, /pendingHours must be a whole number from 1 to 2160, not 2161/],
  [{ limits: { topicLevels: 201 } }, /topicLevels must be a whole number from 1 to 200, not 201/],
  ['{"limits": {"connections": 1e999}}', /limits\.connections must be a whole number/],
]

for (const [content, message] of REFUSED) {
  test(`it stops at ${JSON.stringify(content).slice(0, 60)}`, async (t) =>
    assert.match(await refusal(t, content), message))
}

test("a configuration is frozen throughout", async () => {
  const parts: unknown[] = [await loadConfig({})]
  for (const part of parts) {
    assert.ok(Object.isFrozen(part))
    parts.push(...Object.values(part as object).filter((value) => typeof value === "object"))
  }
  assert.ok(parts.length > 10)
})
