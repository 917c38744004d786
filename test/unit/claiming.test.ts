import assert from "node:assert/strict"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { type AccessDocument, emptyAccess } from "../../service/access/access-document.ts"
import { Accounts } from "../../service/access/accounts.ts"
import { Directory } from "../../service/access/directory.ts"
import { Passwords } from "../../service/access/password.ts"
import { openLog } from "../../service/log.ts"
import { type Claiming, openClaiming, UNDO_MS } from "../../service/parts/claiming.ts"
import { FakeClock } from "../support/fake-clock.ts"
import { MemoryDocument } from "../support/memory-document.ts"

interface Box extends AsyncDisposable {
  readonly claiming: Claiming
  readonly directory: Directory
  readonly clock: FakeClock
  readonly acts: string[]
  readonly document: MemoryDocument<AccessDocument>
}

async function unclaimed(): Promise<Box> {
  const stateDirectory = await mkdtemp(join(tmpdir(), "gatehouse-claiming-"))
  const document = new MemoryDocument(emptyAccess())
  const directory = new Directory(document)
  const clock = new FakeClock()
  const acts: string[] = []
  const note = (act: string) => async () => void acts.push(act)
  const root = {
    sealed: false,
    seal: async () => "key",
    unseal: async (key: string) => void acts.push(`unseal ${key}`),
  }
  const claiming = await openClaiming({
    ...{ stateDirectory, directory, root, clock },
    accounts: new Accounts(directory, new Passwords(1), () => true),
    trust: { list: () => [{ id: "plant" }], remove: async (id) => void acts.push(`distrust ${id}`) },
    doors: { open: note("open"), close: note("close") },
    broker: { forgetRetained: () => void acts.push("forget retained") },
    log: openLog("debug", () => {}),
  })
  return {
    ...{ claiming, directory, clock, acts, document },
    async [Symbol.asyncDispose]() {
      await claiming[Symbol.asyncDispose]()
      await rm(stateDirectory, { recursive: true })
    },
  }
}

const claim = ({ claiming }: Box) => claiming.claim("anna", "correct horse battery", "192.0.2.1")

test("a claim can be undone for ten minutes, however the date is set", async () => {
  await using box = await unclaimed()
  assert.deepEqual(await claim(box), { recoveryKey: "key" })
  box.clock.advance(UNDO_MS - 1)
  box.clock.jump(365 * 86_400_000)
  assert.equal(box.claiming.latest?.username, "anna")
  await box.claiming.undo()
  assert.equal(box.directory.claimed, false)
  assert.equal(box.directory.users.size, 0)
  assert.deepEqual(box.acts, ["open", "close", "forget retained", "distrust plant", "unseal key"])
  assert.match(box.claiming.code ?? "", /^.{4}-.{4}-.{4}$/)
})

test("after ten minutes it stands, however the date is set", async () => {
  await using box = await unclaimed()
  await claim(box)
  box.clock.advance(UNDO_MS)
  box.clock.jump(-UNDO_MS)
  assert.equal(box.claiming.latest, undefined)
  await assert.rejects(box.claiming.undo(), { code: "conflict" })
  assert.equal(box.directory.claimed, true)
})

test("what the disk refuses to undo stays claimed, and can be undone again", async () => {
  await using box = await unclaimed()
  await claim(box)
  box.document.failNext()
  await assert.rejects(box.claiming.undo(), { code: "disk-failed" })
  assert.deepEqual([box.directory.claimed, box.acts], [true, ["open"]])
  await box.claiming.undo()
  await assert.rejects(box.claiming.undo(), { code: "conflict" })
})
