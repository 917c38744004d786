import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, it } from "node:test"
import { connectJs, mosquitto } from "../../support/clients.ts"
import { makeDevice, makeRequest } from "../../support/device.ts"
import { ADMIN } from "../../support/gateway.ts"
import { type GatewayProcess, Place } from "../../support/process.ts"
import { assertNowhere, assertPrivate } from "./secrets.ts"

const SECRETS = {
  device: "device secret 0815",
  wrong: "wrong secret 0816",
  typed: "typed secret 0817",
  next: "next secret 0818",
  payload: "payload secret 0819",
  body: "body secret 0820",
  token: "gh_tokensecret0821tokensecret0821tokensecret0821",
  code: "AB0C-9DEF-8GHJ",
} as const
const USERS = [{ username: "meter", grant: { kind: "password", password: SECRETS.device }, roles: ["device"] }]

/** Everything people and devices do with secrets, right and wrong. Answers those that came up on the way. */
async function liveThrough(gateway: GatewayProcess, folder: string): Promise<string[]> {
  const { api } = gateway
  const signedIn = api.token ?? ""
  const { recoveryKey } = await api.raw("POST", "/authority/seal").then(({ body }) => body)
  await api.raw("POST", "/tokens", { username: ADMIN.username, password: SECRETS.wrong })
  await api.raw("POST", "/tokens", { username: SECRETS.typed, password: SECRETS.wrong })
  await api.raw("POST", "/tokens", { username: [SECRETS.body], passwort: SECRETS.body })
  await api.raw("POST", "/claim", { code: SECRETS.code, ...ADMIN })
  await api.raw("POST", "/users", { username: "fan", grant: { kind: "password", password: SECRETS.body, more: 1 } })
  await api.patch("/users/meter", { grant: { kind: "password", password: SECRETS.next } })
  const { csr } = await makeRequest(join(folder, "requests"), "pump")
  const device = await makeDevice({ api, folder }, "pump")
  await api.raw("POST", "/users/pump/certificates", { csr: csr.replace("A", "B") })
  await api.raw("GET", `/users?token=${SECRETS.token}`)
  api.token = SECRETS.token
  await api.raw("GET", "/users")
  await api.raw("DELETE", "/users/meter")
  const at = ["-h", "127.0.0.1", "-p", String(gateway.port("mqtt")), "-t", "devices/meter/t", "-m", SECRETS.payload]
  for (const password of [SECRETS.next, SECRETS.device, SECRETS.wrong]) {
    await mosquitto("mosquitto_pub", [...at, "-q", "1", "-u", "meter", "-P", password])
  }
  await mosquitto("mosquitto_pub", [...at, "-q", "1", "-u", "meter", "-P", SECRETS.next, "-t", "elsewhere"])
  const url = `ws://127.0.0.1:${gateway.port("ws")}/mqtt`
  const { client } = await connectJs(url, { username: "meter", password: SECRETS.next, protocolVersion: 5 })
  await client?.endAsync()
  const tls = ["--cafile", gateway.cafile, "-h", "localhost", "-p", String(gateway.port("mqtts"))]
  const sent = ["--cert", device.chain, "--key", device.key, "-q", "2", "-t", "devices/pump/t", "-m", SECRETS.payload]
  assert.equal((await mosquitto("mosquitto_pub", [...tls, ...sent])).code, 0)
  return [signedIn, recoveryKey]
}

/** The lines of a PEM's content are as secret as the whole. */
const linesOf = (pem: string) => pem.split("\n").filter((line) => line.length > 30 && !line.includes("-----"))

describe("with everything logged", () => {
  it("no password, token, code, key or payload is printed or kept, and all that is kept is for one user alone", async () => {
    await using place = await Place.make()
    await place.configure({ bootstrap: place.bootstrap, log: { level: "debug" } })
    await place.writeBootstrap({ users: USERS })
    await using gateway = await place.start({ through: ["sh", "-c", 'umask 0; exec "$@"', "sh"] })
    await gateway.api.signIn(ADMIN.username, ADMIN.password)
    const root = await readFile(join(place.state, "ca/root.key"), "utf8")
    const found = await liveThrough(gateway, place.folder)
    assert.equal((await gateway.stop()).code, 0)

    const secrets = [...Object.values(SECRETS), ADMIN.password, ...found]
    assert.ok(secrets.every((secret) => secret.length > 8))
    await assertNowhere([...secrets, ...linesOf(root)], place.state, gateway.printed)
    const kept = ["issuing.key", "root.key", "../page/page.key"].map((name) =>
      readFile(join(place.state, "ca", name), "utf8"),
    )
    const servers = ["broker", "page"].map(async (name) => {
      return JSON.parse(await readFile(join(place.state, `ca/${name}.json`), "utf8")).value.current.keyPem as string
    })
    const keys = (await Promise.all([...kept, ...servers])).flatMap(linesOf)
    assert.ok(keys.length >= 10)
    for (const line of keys) assert.ok(!gateway.printed.includes(line))
    assert.doesNotMatch(gateway.printed, /-----BEGIN|\$argon2id/)
    await assertPrivate(place.state)
  })
})
