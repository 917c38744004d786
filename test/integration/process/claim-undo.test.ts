import assert from "node:assert/strict"
import { createPrivateKey } from "node:crypto"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, it } from "node:test"
import { unsealRootKey } from "../../../service/ca/recovery-key.ts"
import { claimNotice } from "../../../service/console.ts"
import { connectJs } from "../../support/clients.ts"
import { makeDevice } from "../../support/device.ts"
import { ADMIN, startTestGateway, type TestGateway } from "../../support/gateway.ts"
import { CommandLine, ended, PROGRAM } from "../cli/command-line.ts"

const codeOf = ({ gateway }: TestGateway) => gateway.claimCode ?? assert.fail("there is no code")

async function claim(box: TestGateway, code = codeOf(box)): Promise<string> {
  const { token, recoveryKey } = await box.api.post("/claim", { code, ...ADMIN })
  box.api.token = token
  return recoveryKey
}

const rootOpens = async ({ folder }: TestGateway, recoveryKey: string) => {
  const sealed = await readFile(join(folder, "state/ca/root.key"), "utf8")
  return createPrivateKey(unsealRootKey(sealed, recoveryKey)).asymmetricKeyType === "ec"
}

describe("a claim by a stranger", () => {
  it("is shown on the console, and taken back there without a trace", async () => {
    await using box = await startTestGateway({ claimed: false })
    const told: string[] = []
    box.gateway.onClaimed((claimed) => told.push(claimNotice(box.gateway, claimed)))
    const [firstCode, strangersKey] = [codeOf(box), await claim(box)]
    assert.match(told[0] ?? "", /^\nTaken into service by root-admin from 127\.0\.0\.1\. Was that not you\?/)
    const [, typed = ""] = /scripts\/gatehouse (claim .*)/.exec(told[0] ?? "") ?? []

    const ports = [box.port("mqtts"), box.port("mqtt")]
    const meter = { username: "meter", grant: { kind: "password", password: "meter secret 1" }, roles: ["his"] }
    await box.api.put("/roles/his", { permissions: [{ context: "mqtt", operation: "readWrite", resource: "his/#" }] })
    await box.api.post("/users", meter)
    const pump = await makeDevice(box, "pump")
    const url = `mqtt://127.0.0.1:${ports[1]}`
    const { client } = await connectJs(url, { username: "meter", password: "meter secret 1" })
    assert.ok(client)
    await client.publishAsync("his/traces", "left behind", { qos: 1, retain: true })
    assert.equal((await box.api.get("/status")).counters.retainedMessages, 1)
    const gone = new Promise<void>((resolve) => client.once("close", () => resolve()))

    const { out } = await ended(PROGRAM, typed.split(" "))
    await gone
    client.end(true)
    const secondCode = codeOf(box)
    assert.ok(out.includes(`Claim code: ${secondCode}\n`))
    assert.notEqual(secondCode, firstCode)
    assert.deepEqual(box.gateway.listeners.map(({ name }) => name).sort(), ["http", "https"])
    assert.equal((await connectJs(url, meter)).client, undefined)
    assert.equal((await box.api.raw("GET", "/status")).status, 401)
    assert.equal((await box.api.raw("POST", "/tokens", ADMIN)).status, 409)
    assert.equal((await box.api.raw("POST", "/claim", { code: firstCode, ...ADMIN })).status, 403)

    const owners = await claim(box)
    assert.notEqual(owners, strangersKey)
    assert.ok(await rootOpens(box, owners))
    await assert.rejects(rootOpens(box, strangersKey), /does not open the root key/)
    const { users } = await box.api.get("/users")
    assert.deepEqual(
      users.map(({ username }: { username: string }) => username),
      [ADMIN.username],
    )
    assert.equal((await box.api.raw("GET", "/roles/his")).status, 404)
    assert.equal((await box.api.get(`/certificates/${pump.serial}`)).state, "revoked")
    const { alarms, counters } = await box.api.get("/status")
    assert.deepEqual([alarms, counters.retainedMessages, counters.sessions], [[], 0, 0])
  })

  it("cannot be taken back from the network, nor twice, nor after a restart", async () => {
    await using box = await startTestGateway({ claimed: false })
    await claim(box)
    assert.equal((await box.api.raw("DELETE", "/claim")).status, 405)
    assert.equal((await box.api.raw("GET", "/local/claim")).status, 404)
    const commandLine = new CommandLine(join(box.folder, "state"))
    await commandLine.does(["claim", "--undo"])
    const [status, sentence] = await commandLine.refusal(["claim", "--undo"])
    assert.deepEqual([status, /no claim of the last ten minutes/.test(sentence)], [1, true])

    await using bootstrapped = await startTestGateway()
    const other = new CommandLine(join(bootstrapped.folder, "state"))
    assert.match((await other.refusal(["claim", "--undo"]))[1], /no claim of the last ten minutes/)
    assert.equal(bootstrapped.gateway.claimed, true)
  })
})
