import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, describe, test } from "node:test"
import { Board } from "../../../scripts/device/board.ts"
import type { Misbehaviour } from "../../../scripts/device/misbehaviour.ts"
import { gatehouse } from "../../../service/serial/dialects/gatehouse.ts"
import { provision, taskFor } from "../../support/provisioning.ts"
import { PtyPair } from "../../support/pty-pair.ts"
import { openTestLine } from "../../support/serial-line.ts"
import { certify } from "../../unit/serial/workbench.ts"

const ROOT = join(import.meta.dirname, "../../..")

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-simulated-"))
})
after(() => rm(folder, { recursive: true, force: true }))

/** The command a person types; resolves when it has printed something, or ended. */
async function run(...args: string[]) {
  const device = spawn(process.execPath, [join(ROOT, "scripts/device.ts"), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  })
  let printed = ""
  const ended = once(device, "close")
  for (const stream of [device.stdout, device.stderr])
    stream.setEncoding("utf8").on("data", (text) => (printed += text))
  await Promise.race([once(device.stdout, "data"), ended])
  return {
    ended,
    printed: () => printed,
    [Symbol.asyncDispose]: async () => {
      device.kill("SIGTERM")
      await ended
    },
  }
}

describe("npm run device", { concurrency: 4 }, () => {
  test("says what it takes, and refuses what it does not", async () => {
    await using help = await run("--help")
    await help.ended
    assert.match(help.printed(), /--port PATH/)
    await using nowhere = await run("--port", "/dev/ttyNOWHERE")
    assert.equal((await nowhere.ended)[0], 1)
    assert.match(nowhere.printed(), /^device: .*ttyNOWHERE/)
    await using wrong = await run("--port", "x", "--errors", "many")
    assert.equal((await wrong.ended)[0], 1)
    assert.match(wrong.printed(), /--errors takes a number/)
  })

  test("is provisioned, keeps everything in its folder, and comes back with it after its power was cut", async () => {
    await using pair = await PtyPair.make()
    await using host = await openTestLine(pair.host)
    const state = join(folder, "kept")
    const args = ["--port", pair.device, "--state", state, "--uid", "kept-1", "--lock", "code", "--code", "4711"]
    {
      await using device = await run(...args)
      assert.match(device.printed(), /kept-1 is powered/)
      await provision(gatehouse, host.line, taskFor("kept-1"), certify)
      assert.match(device.printed(), /makes a key of its own/)
    }
    const page = JSON.parse(await readFile(join(state, "page.json"), "utf8"))
    assert.match(await readFile(join(state, page.active.slot, "key.pem"), "utf8"), /PRIVATE KEY/)
    await using again = await run(...args)
    assert.match(again.printed(), /kept-1/)
    const identity = await gatehouse.detect(host.line)
    assert.deepEqual([identity?.uid, identity?.state, identity?.commonName], ["kept-1", "active", "kept-1"])
  })
})

describe("a device that misbehaves is provisioned all the same", { concurrency: 8 }, () => {
  const ways: Record<string, Partial<Misbehaviour>> = {
    "one that logs every 7 ms": { chatter: 7 },
    "one that loses every fifth answer": { lose: 0.2 },
    "one that thinks for 100 ms": { slow: 100 },
    "one that sends 64 KiB without a line end before each answer": { giant: true },
    "one on a cable that garbles a byte in 2000, and logs": { errors: 5e-4, chatter: 50 },
  }
  for (const [name, misbehaviour] of Object.entries(ways)) {
    test(name, async () => {
      await using pair = await PtyPair.make()
      await using host = await openTestLine(pair.host)
      await using _board = await Board.powerUp({ port: pair.device, folder: join(folder, name), misbehaviour })
      const { proven } = await provision(gatehouse, host.line, taskFor("pump-1"), certify)
      assert.ok(proven)
    })
  }

  test("one that never stops talking, at no cost in memory", async () => {
    await using pair = await PtyPair.make()
    await using host = await openTestLine(pair.host)
    const before = process.memoryUsage.rss()
    const misbehaviour = { flood: true }
    await using _board = await Board.powerUp({ port: pair.device, folder: join(folder, "flood"), misbehaviour })
    const { proven } = await provision(gatehouse, host.line, taskFor("pump-1"), certify)
    assert.ok(proven)
    while (host.line.received < 4 * 2 ** 20) {
      host.line.discard()
      await host.line.wait(10)
    }
    assert.ok(process.memoryUsage.rss() - before < 128 * 2 ** 20)
    assert.ok(host.logged().length < 256 * 1024)
  })
})
