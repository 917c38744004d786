import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { emptyPending, Pending, type PendingDocument, pendingDocument } from "../../../service/ca/pending.ts"
import { DAY } from "../../../service/ca/validity.ts"
import { issuedLine, MemoryDocument, NOW, type World, world } from "./memory.ts"
import { named } from "./requests.ts"

const MINUTE = 60_000
const by = { by: "admin", through: "api" }

function started(
  patience?: number,
  here: World = world(),
  document = new MemoryDocument<PendingDocument>(emptyPending()),
) {
  const { log, clock, authority } = here
  const revoke = (serial: string, reason: string, by: string) => authority.revoke(serial, reason, by)
  const supersede = (serial: string, by: string) => log.supersede(serial, by, clock.now())
  const parts = { log, document, revoke, supersede, clock, ...(patience !== undefined && { patience }) }
  return { ...here, document, pending: new Pending(parts) }
}

type Started = ReturnType<typeof started>

async function issue({ log }: Started, n: number): Promise<string> {
  const { record: _, ...issued } = issuedLine(n)
  return (await log.record(issued)).serial
}

/** Lets the gateway run, ticking every minute. */
async function run({ clock, pending }: Started, milliseconds: number): Promise<void> {
  for (let left = milliseconds; left > 0; left -= MINUTE) {
    clock.pass(Math.min(left, MINUTE))
    await pending.tick()
  }
}

const state = ({ log }: Started, serial: string) => log.find(serial)?.state

test("a certificate not seen in 24 hours of running is revoked by itself", async () => {
  const here = started()
  await here.pending.tick()
  const serial = await issue(here, 1)
  await here.pending.tick()
  await run(here, DAY - MINUTE)
  assert.equal(state(here, serial), "pending")
  await run(here, MINUTE)
  assert.equal(state(here, serial), "revoked")
  assert.deepEqual(here.log.find(serial)?.change, { reason: "never-used", by: "gateway", at: NOW + DAY })
  await run(here, MINUTE)
  assert.deepEqual(here.document.value.since, {})
})

test("one that was seen is left alone, and so is a server's", async () => {
  const here = started()
  const serial = await issue(here, 1)
  const server = await here.authority.issueServer({ names: ["box"], addresses: [] })
  await here.pending.tick()
  await run(here, DAY / 2)
  here.log.activate(serial, here.clock.now())
  await run(here, DAY)
  assert.equal(state(here, serial), "active")
  assert.equal(state(here, server.serial), "active")
})

describe("a jump of the clock revokes nothing", () => {
  for (const jump of [DAY, 400 * DAY, 90 * 365 * DAY, -400 * DAY]) {
    test(`by ${jump / DAY} days`, async () => {
      const here = started()
      const serial = await issue(here, 1)
      await run(here, 5 * MINUTE)
      here.clock.date += jump
      await run(here, 5 * MINUTE)
      assert.equal(state(here, serial), "pending")
    })
  }
})

test("time without power does not count, time before a restart does", async () => {
  const first = started()
  const serial = await issue(first, 1)
  await first.pending.tick()
  await run(first, DAY / 2)
  const again = new MemoryDocument(pendingDocument.parse(JSON.parse(JSON.stringify(first.document.value))))
  const { material, journal } = first
  const second = world(material, journal.reopened().records)
  second.clock.date = NOW + 30 * DAY
  second.clock.running = 7 * DAY // as after a longer uptime of the machine
  const restarted = started(undefined, second, again)
  await restarted.pending.tick()
  assert.equal(state(restarted, serial), "pending")
  await run(restarted, DAY / 2 - MINUTE)
  assert.equal(state(restarted, serial), "pending")
  await run(restarted, 11 * MINUTE)
  assert.equal(state(restarted, serial), "revoked", "at most one step of ten minutes is lost")
})

test("the disk is written in coarse steps, not every minute", async () => {
  const here = started()
  await issue(here, 1)
  await run(here, 60 * MINUTE)
  assert.ok(here.document.writes <= 8, `${here.document.writes} writes`)
})

test("a disk that fails revokes nothing, and later everything due", async () => {
  const here = started()
  const serials = [await issue(here, 1), await issue(here, 2)]
  await here.pending.tick()
  here.journal.broken = true
  here.clock.pass(DAY)
  await assert.rejects(here.pending.tick(), { code: "disk-failed" })
  assert.deepEqual(
    serials.map((serial) => state(here, serial)),
    ["pending", "pending"],
  )
  here.journal.broken = false
  await here.pending.tick()
  assert.deepEqual(
    serials.map((serial) => state(here, serial)),
    ["revoked", "revoked"],
  )
})

test("one that connects while another is being revoked is spared", async () => {
  const here = started()
  const [one, two] = [await issue(here, 1), await issue(here, 2)]
  await here.pending.tick()
  here.clock.pass(DAY)
  here.log.onEnded(() => here.log.activate(two, here.clock.now()))
  await here.pending.tick()
  assert.deepEqual([state(here, one), state(here, two)], ["revoked", "active"])
})

test("the patience can be up to 90 days", async () => {
  for (const patience of [0, -1, Number.NaN, 90 * DAY + 1]) assert.throws(() => started(patience), RangeError)
  const here = started(90 * DAY)
  const serial = await issue(here, 1)
  await here.pending.tick()
  here.clock.pass(90 * DAY - 1)
  await here.pending.tick()
  assert.equal(state(here, serial), "pending")
  here.clock.pass(1)
  await here.pending.tick()
  assert.equal(state(here, serial), "revoked")
})

test("a certificate whose successor does not connect is good for seven days beside it", async () => {
  const here = started(30 * DAY)
  const { authority, log, pending, clock } = here
  const old = await authority.issue({ commonName: "a", csr: named("a"), ...by })
  log.activate(old.serial, clock.now())
  const next = await authority.issue({ commonName: "a", csr: named("a"), ...by, renews: old.serial })
  await pending.tick()
  clock.date += 365 * DAY // someone sets the date; no time passes
  await pending.tick()
  clock.pass(7 * DAY - 1)
  await pending.tick()
  assert.equal(log.find(old.serial)?.state, "active")
  clock.pass(1)
  await pending.tick()
  assert.deepEqual([log.find(old.serial)?.state, log.find(next.serial)?.state], ["superseded", "pending"])
})

test("a successor that nobody ever used is revoked, and the old certificate goes on", async () => {
  const { authority, log, pending, clock } = started()
  const old = await authority.issue({ commonName: "a", csr: named("a"), ...by })
  log.activate(old.serial, clock.now())
  const next = await authority.issue({ commonName: "a", csr: named("a"), ...by, renews: old.serial })
  await pending.tick()
  clock.pass(30 * DAY)
  await pending.tick()
  assert.deepEqual([log.find(old.serial)?.state, log.find(next.serial)?.state], ["active", "revoked"])
})
