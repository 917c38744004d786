import assert from "node:assert/strict"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, describe, it } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import { startTestGateway, type TestGateway } from "../../support/gateway.ts"
import { Root } from "../../support/root.ts"
import { CommandLine } from "./command-line.ts"

/** The appliance's commands, with root's side played by hand. */
describe("the box", () => {
  let gateway: TestGateway
  let line: CommandLine
  let root: Root
  let folder: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "gatehouse-box-"))
    new Root(folder, join(folder, "system")) // its status tells the gateway that it runs on an appliance
    gateway = await startTestGateway({ config: { systemDirectory: join(folder, "system") } })
    const state = join(gateway.folder, "state")
    root = new Root(state, join(folder, "system"))
    line = new CommandLine(state)
  })
  after(async () => {
    await gateway[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })

  /** Root takes the next request and answers it; resolves with the request. */
  const answered = async (more: object): Promise<Record<string, unknown>> => {
    while (root.waiting().length === 0) await delay(20)
    const { id, request } = root.take()
    root.answer(id, request.kind, more)
    return request
  }

  it("status shows the versions", async () => {
    assert.match(await line.does(["box", "status"]), /^version +0\.1\.0 in slot A$/m)
    assert.equal((await line.json(["box", "status"])).other.canRollBack, true)
  })

  it("update uploads a file, follows the check and the installation, and says what root says", async () => {
    const file = join(folder, "new.raucb")
    await writeFile(file, Buffer.alloc(2_000_000, 1))
    const updating = line.does(["box", "update", file])
    assert.deepEqual([(await answered({ state: "done" })).kind], ["check"])
    const installing = await answered({ state: "working", step: "restarting", message: "Restarting into 0.2.0." })
    assert.deepEqual([installing.kind, installing.bytes], ["install", 2_000_000])
    assert.match(await updating, /^Restarting into 0\.2\.0\.$/m)
  })

  it("a bundle that root refuses ends with root's sentence, and nothing is installed", async () => {
    const file = join(folder, "bad.raucb")
    await writeFile(file, "bad")
    root.answer(root.idOf("install"), "install", { state: "done" })
    const refused = line.refusal(["box", "update", file])
    await answered({ state: "refused", code: "bundle-foreign-key", message: "The bundle is signed by somebody else." })
    assert.deepEqual(await refused, [1, "The bundle is signed by somebody else."])
    assert.deepEqual(root.waiting(), [])
  })

  it("a change of the network says how to keep it", async () => {
    const changing = line.does(["box", "network", "static", "--address", "192.0.2.10/24", "--dns", "192.0.2.53"])
    const request = await answered({ state: "working", step: "waiting-for-confirmation" })
    assert.deepEqual(request.ipv4, { method: "static", address: "192.0.2.10/24" })
    assert.match(await changing, /^gatehouse box confirm \d+-set-network$/m)
    assert.deepEqual((await line.refusal(["box", "network", "static"]))[0], 2)
  })

  it("a reset is refused under another name", async () => {
    const [status, sentence] = await line.refusal(["box", "reset", "everything", "--name", "other"])
    assert.deepEqual([status, /type its name: /.test(sentence)], [1, true])
  })
})
