import assert from "node:assert/strict"
import { chmod, rename } from "node:fs/promises"
import { createServer } from "node:net"
import { join } from "node:path"
import { describe, it } from "node:test"
import { ADMIN, startTestGateway, type TestGateway } from "../../support/gateway.ts"
import { CommandLine } from "./command-line.ts"

interface Finding {
  readonly check: string
  readonly level: string
  readonly text: string
  readonly remedy?: string
}

async function examine(gateway: TestGateway): Promise<{ status: number | null; bad: Finding[]; checks: string[] }> {
  const { status, out } = await new CommandLine(join(gateway.folder, "state")).type(["doctor", "--json"])
  const { findings } = JSON.parse(out) as { findings: Finding[] }
  const bad = findings.filter(({ level }) => level !== "ok")
  for (const { remedy } of bad) assert.ok(remedy)
  return { status, bad, checks: findings.map(({ check }) => check) }
}

describe("gatehouse doctor", () => {
  it("finds nothing on a healthy box and ends with 0; with 1 and a remedy while the root key is not sealed", async () => {
    await using gateway = await startTestGateway()
    const before = await examine(gateway)
    assert.equal(before.status, 1)
    assert.deepEqual(
      before.bad.map(({ level, remedy }) => [level, remedy]),
      [["warn", "run: gatehouse authority seal"]],
    )
    const commandLine = new CommandLine(join(gateway.folder, "state"))
    assert.match(await commandLine.does(["authority", "seal"]), /^Recovery key: /)
    assert.equal((await commandLine.refusal(["authority", "seal"]))[0], 1)
    const { status, bad, checks } = await examine(gateway)
    assert.deepEqual([status, bad], [0, []])
    assert.equal((await commandLine.json(["refused"])).total, 0, "an examination is no refused client")
    const tls = ["TLS mqtts", "TLS wss", "TLS https"]
    for (const check of ["socket", "health", "clock", "state directory", "free space", ...tls]) {
      assert.ok(checks.includes(check), check)
    }
    assert.match(
      await commandLine.does(["doctor"]),
      /^ok {4}TLS https {10}verified; its certificate has \d+ days left$/m,
    )
  })

  it("fails where a listener could not be opened at the claim, and names the alarm", async () => {
    const occupied = createServer()
    await new Promise<void>((resolve) => occupied.listen(0, "127.0.0.1", resolve))
    const address = occupied.address()
    const port = typeof address === "object" ? address?.port : 0
    const free = { host: "127.0.0.1", port: 0 }
    const listeners = { mqtt: free, mqtts: { ...free, port }, ws: free, wss: { ...free, enabled: false }, https: free }
    await using gateway = await startTestGateway({ claimed: false, config: { listeners } })
    const claim = ["claim", "--username", ADMIN.username, "--password-stdin"]
    await new CommandLine(join(gateway.folder, "state")).does(claim, { input: ADMIN.password })
    occupied.close()
    const { status, bad } = await examine(gateway)
    assert.equal(status, 2)
    assert.ok(bad.some(({ check, level, text }) => check === "health" && level === "fail" && /listener/.test(text)))
    assert.ok(bad.some(({ check, level }) => check === "listener mqtts" && level === "fail"))
    assert.ok(!bad.some(({ check }) => check === "listener mqtt"))
  })

  it("fails on a state that others can read, and on a page that its authority does not vouch for", async () => {
    await using gateway = await startTestGateway()
    const state = join(gateway.folder, "state")
    await chmod(join(state, "users.json"), 0o640)
    await rename(join(state, "page", "page-ca.pem"), join(state, "page", "elsewhere.pem"))
    const { status, bad } = await examine(gateway)
    assert.equal(status, 2)
    const failures = bad.filter(({ level }) => level === "fail").map(({ check, text }) => `${check}: ${text}`)
    assert.equal(failures.length, 2)
    assert.match(failures[0]!, /^state directory: .*users\.json can be reached by more than its owner/)
    assert.match(failures[1]!, /^TLS https: no verified connection/)
  })

  it("says that the gateway does not run, and examines the disk all the same", async () => {
    const { status, out } = await new CommandLine("/nowhere").type(["doctor"])
    assert.equal(status, 2)
    assert.match(out, /^fail {2}socket +the gateway is not running.*npm start.*\nfail {2}state directory/s)
  })
})
