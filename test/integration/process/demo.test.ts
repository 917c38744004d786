import assert from "node:assert/strict"
import { execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { after, describe, it } from "node:test"
import { promisify } from "node:util"

const run = promisify(execFile)
const NODE = process.execPath
const DEMO = new URL("../../../scripts/demo.ts", import.meta.url).pathname

describe("the demo", () => {
  const demo = spawn(NODE, [DEMO], { stdio: ["ignore", "pipe", "inherit"] })
  after(() => demo.kill())

  it("ends by itself with --once, with exit status 0, having seen everything", async () => {
    const { stdout } = await run(NODE, [DEMO, "--once"], { timeout: 60_000 })
    assert.match(stdout, /A device was plugged in and recognised .* had connected/)
    assert.match(stdout, /All of it was seen/)
  })

  it("says what to install where there is no socat, and shows all the rest", async () => {
    const env = { ...process.env, PATH: "/nowhere" }
    const { stdout } = await run(NODE, [DEMO, "--once"], { timeout: 60_000, env })
    assert.match(stdout, /socat is missing\. Install it \(apt-get install socat\)/)
    assert.match(stdout, /All of it was seen/)
  })

  it("goes on without --once, and the command it prints joins in", async () => {
    let told = ""
    for await (const chunk of demo.stdout) {
      told += chunk
      if (/mosquitto_sub .*-v\n/.test(told)) break
    }
    const [, command = ""] = /\n {2}mosquitto_sub (.*)\n/.exec(told) ?? []
    const args = command.split(" ").map((word) => word.replaceAll("'", ""))
    const { stdout } = await run("mosquitto_sub", [...args, "-C", "1", "-W", "10"], { timeout: 15_000 })
    assert.equal(stdout, "devices/pump-1/temperature 21.5\n")
    demo.kill("SIGINT")
    const [code] = await once(demo, "exit")
    assert.equal(code, 0)
  })
})
