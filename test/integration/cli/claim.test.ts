import assert from "node:assert/strict"
import { join } from "node:path"
import { describe, it } from "node:test"
import { startTestGateway, type TestGateway } from "../../support/gateway.ts"
import { CommandLine, ended, PROGRAM } from "./command-line.ts"

const PASSWORD = "a password of mine"

function at(gateway: TestGateway): CommandLine {
  return new CommandLine(join(gateway.folder, "state"))
}

describe("gatehouse claim", () => {
  it("prints the code, takes the box into service with a password from standard input, and then has no code", async () => {
    await using gateway = await startTestGateway({ claimed: false })
    const commandLine = at(gateway)
    assert.equal(await commandLine.does(["claim"]), `${gateway.gateway.claimCode}\n`)
    assert.deepEqual(await commandLine.json(["claim"]), { code: gateway.gateway.claimCode })

    const weak = await commandLine.refusal(["claim", "--username", "you", "--password-stdin"], { input: "short" })
    assert.match(weak[1], /at least 12/)
    const claim = ["claim", "--username", "you", "--password-stdin"]
    const claimed = await commandLine.json(claim, { input: `${PASSWORD}\n` })
    assert.match(claimed.recoveryKey, /^[0-9A-Z-]{20,}$/)
    await gateway.api.signIn("you", PASSWORD)
    assert.match(gateway.logged(), /^local: request actor=local method=POST route=\/api\/v1\/claim status=201/m)
    assert.doesNotMatch(gateway.logged(), new RegExp(PASSWORD))

    assert.deepEqual(await commandLine.refusal(["claim"]), [1, "this gateway is in service already; it has no code"])
  })

  it("asks for the password on the terminal, twice, and does not show it", async () => {
    await using gateway = await startTestGateway({ claimed: false })
    const command = `${PROGRAM} --state ${join(gateway.folder, "state")} claim --username you`
    // script(1) gives the command a terminal, and types what it reads itself
    const answers = [`wrong\x15${PASSWORD}!\x7f\r`, `${PASSWORD}\r`]
    const { out } = await ended("script", ["-qec", command, "/dev/null"], { answers })
    assert.match(out, /Password for you: .*The same again: .*The gateway is in service; you is its administrator\./s)
    assert.doesNotMatch(out, new RegExp(PASSWORD))
    await gateway.api.signIn("you", PASSWORD)
  })

  it("never takes a password from the arguments, and repeats none", async () => {
    const commandLine = new CommandLine("/nowhere")
    for (const typed of [["--password-stdin=tell-tale"], ["tell-tale"], ["--password", "tell-tale"]]) {
      const [status, line] = await commandLine.refusal(["claim", "--username", "you", ...typed])
      assert.equal(status, 2)
      assert.doesNotMatch(line, /tell-tale/)
    }
  })
})

describe("a box that nobody has taken into service", () => {
  it("says so to every command that needs it to be", async () => {
    await using gateway = await startTestGateway({ claimed: false })
    const commandLine = at(gateway)
    const sentence = "nobody has taken this gateway into service yet; run: gatehouse claim"
    const typed = ["user list", "user add a --certificate", "role list", "cert list", "clients list", "refused"]
    const lines = await Promise.all(typed.map((line) => commandLine.refusal(line.split(" "))))
    for (const line of lines) assert.deepEqual(line, [1, sentence])
    assert.match(await commandLine.does(["status"]), /waiting to be taken into service/)
    assert.equal((await commandLine.type(["doctor"])).status, 1)
  })

  it("gives its code to nobody on the network", async () => {
    await using gateway = await startTestGateway({ claimed: false })
    for (const path of ["/local/claim-code", "/local/claim-code/"]) {
      assert.equal((await gateway.api.raw("GET", path)).status, 404)
    }
  })
})
