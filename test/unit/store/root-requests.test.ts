import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import type { Appliance, Outcome } from "../../../service/appliance.ts"
import { openLog } from "../../../service/log.ts"
import { openAppliance } from "../../../service/store/root-requests.ts"
import { openStateDirectory } from "../../../service/store/state-directory.ts"
import { FakeClock } from "../../support/fake-clock.ts"
import { Root } from "../../support/root.ts"
import { folderOf } from "./folder.ts"

interface Box extends AsyncDisposable {
  readonly appliance: Appliance
  readonly root: Root
  readonly clock: FakeClock
  readonly lines: string[]
  /** The next change that is told. */
  changed(): Promise<Outcome>
}

async function openBox(t: TestContext): Promise<Box> {
  const folder = folderOf(t)
  const root = new Root(join(folder, "state"), join(folder, "system"))
  const clock = new FakeClock()
  const lines: string[] = []
  let tell: (outcome: Outcome) => void = () => {}
  await using parts = new AsyncDisposableStack()
  const state = parts.use(await openStateDirectory(join(folder, "state")))
  const log = openLog("debug", (line) => lines.push(line))
  const onChange = (outcome: Outcome) => tell(outcome)
  const appliance = parts.use(await openAppliance({ state, systemDirectory: root.directory, clock, log, onChange }))
  if (appliance === undefined) throw new Error("no appliance")
  const held = parts.move()
  return {
    ...{ appliance, root, clock, lines },
    changed: () => new Promise((resolve) => (tell = resolve)),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

test("without a status of root there is no appliance", async (t) => {
  const folder = folderOf(t)
  await using state = await openStateDirectory(join(folder, "state"))
  const log = openLog("error", () => {})
  const parts = { state, systemDirectory: join(folder, "system"), clock: new FakeClock(), log, onChange: () => {} }
  assert.equal(await openAppliance(parts), undefined)
})

test("a request is one whole file that says what is asked, and waits until root takes it", async (t) => {
  await using box = await openBox(t)
  const asked = await box.appliance.ask({ kind: "set-clock", time: "2026-11-28T03:00:00Z" })
  assert.equal(asked.state, "waiting")
  assert.deepEqual(await box.appliance.outcome(asked.id), asked)
  const { id, request } = box.root.take()
  assert.match(id, /^[a-z0-9-]{1,40}$/)
  assert.equal(id, asked.id)
  assert.deepEqual(request, { format: "gatehouse-root-request/1", kind: "set-clock", time: "2026-11-28T03:00:00Z" })
  box.root.answer(id, "set-clock", { state: "done" })
  assert.equal((await box.appliance.outcome(id))?.state, "done")
})

test("every change of an answer is told, and no more after its end", async (t) => {
  await using box = await openBox(t)
  const first = box.changed()
  await box.appliance.ask({ kind: "roll-back" })
  assert.equal((await first).state, "waiting")
  const { id } = box.root.take()
  for (const [state, step] of [
    ["working", "restarting"],
    ["failed", undefined],
  ]) {
    const told = box.changed()
    box.root.answer(id, "roll-back", { state, ...(step && { step }) })
    assert.deepEqual([(await told).state, (await told).step], [state, step])
  }
})

test("names sort by the order of asking, also when the clock is set back", async (t) => {
  await using box = await openBox(t)
  const { id: first } = await box.appliance.ask({ kind: "set-clock", time: "2026-11-28T03:00:00Z" })
  box.clock.jump(-86_400_000)
  const { id: second } = await box.appliance.ask({ kind: "confirm-network", request: "x" })
  assert.ok(first < second, `${first} ${second}`)
  assert.deepEqual(
    (await box.appliance.outcomes()).map(({ id }) => id),
    [second, first],
  )
})

test("what restarts the box runs alone, and nothing runs twice; a check does not hold up the clock", async (t) => {
  await using box = await openBox(t)
  const bundle = { bundle: "u.raucb", bytes: 1 }
  await box.appliance.ask({ kind: "check", ...bundle })
  await box.appliance.ask({ kind: "set-clock", time: "2026-11-28T03:00:00Z" })
  const conflict = { code: "conflict", message: /under way; wait for its end/ }
  await assert.rejects(box.appliance.ask({ kind: "check", ...bundle }), conflict)
  await assert.rejects(box.appliance.ask({ kind: "restart" }), conflict)
  for (const _ of [1, 2]) {
    const { id, request } = box.root.take()
    box.root.answer(id, request.kind, { state: "done" })
  }
  await box.appliance.ask({ kind: "install", ...bundle })
  await assert.rejects(box.appliance.ask({ kind: "set-network", ipv4: { method: "dhcp" } }), conflict)
})

test("an answer that cannot be read hides no other, and is told", async (t) => {
  await using box = await openBox(t)
  box.root.answer("1-restart", "restart", { state: "done" })
  writeFileSync(join(box.root.directory, "answers", "2-restart.json"), "{")
  assert.deepEqual(
    (await box.appliance.outcomes()).map(({ id }) => id),
    ["1-restart"],
  )
  assert.ok(box.lines.some((line) => line.includes("2-restart.json")))
})

test("a status with members of a version to come is understood", async (t) => {
  await using box = await openBox(t)
  const { other: _other, ...rest } = await box.appliance.status()
  box.root.say({ ...rest, future: 1, other: { slot: "A", canRollBack: false, why: "new" } })
  assert.deepEqual((await box.appliance.status()).other, { slot: "A", canRollBack: false })
})
