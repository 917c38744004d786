import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { type IssueEntry, IssueLog, issueRecord, stateAt } from "../../../service/ca/issue-log.ts"
import { issuedLine, MemoryJournal, NOW } from "./memory.ts"

function opened() {
  const journal = new MemoryJournal()
  return { journal, log: new IssueLog(journal) }
}

const line = (n: number, commonName = `device-${n}`) => {
  const { record: _, ...issued } = issuedLine(n, { commonName })
  return issued
}

const DISK = { code: "disk-failed" }

test("a certificate counts once its record is on the disk, not before", async () => {
  const { journal, log } = opened()
  const recording = log.record(line(1))
  assert.equal(log.find(line(1).serial), undefined)
  const entry = await recording
  assert.equal(journal.lines.length, 1)
  assert.equal(entry.state, "pending")
  assert.equal(log.find(entry.serial), entry)
  assert.deepEqual(log.ofUser("device-1"), [entry])
  assert.deepEqual(log.ofKey(entry.spkiHash), [entry])
  assert.deepEqual(log.pending(), [entry])
  assert.ok(log.hasIssuedFor("device-1"))
  assert.equal(log.hasIssuedFor("__proto__"), false)
})

test("a disk that fails changes nothing in memory", async () => {
  const { journal, log } = opened()
  const { serial } = await log.record(line(1))
  journal.broken = true
  await assert.rejects(log.record(line(2)), DISK)
  await assert.rejects(log.revoke(serial, "lost", "admin", NOW), DISK)
  await assert.rejects(log.supersede(serial, "admin", NOW), DISK)
  assert.equal(log.entries().length, 1)
  assert.equal(log.find(serial)?.state, "pending")
  assert.equal(log.hasIssuedFor("device-2"), false)
  assert.equal(log.ended, 0)
  journal.broken = false
  await log.record({ ...line(2), commonName: "another" })
})

test("what could not be read back is never written", async () => {
  const { journal, log } = opened()
  await assert.rejects(log.record({ ...line(1), by: "" }))
  await assert.rejects(log.record({ ...line(1), serial: "7F" }))
  assert.deepEqual(journal.lines, [])
})

describe("one public key serves one name", () => {
  test("for ever, also revoked", async () => {
    const { log } = opened()
    const { serial } = await log.record(line(1))
    const other = { ...line(2), spkiHash: line(1).spkiHash }
    await assert.rejects(log.record(other), { code: "csr-refused", message: /device-1 .*device-2/ })
    await log.revoke(serial, "lost", "admin", NOW)
    await assert.rejects(log.record(other), { code: "csr-refused" })
    await log.record({ ...other, commonName: "device-1" })
    assert.equal(log.ofUser("device-1").length, 2)
  })

  test("also while the first is on its way to the disk", async () => {
    const { log } = opened()
    const same = { spkiHash: line(1).spkiHash }
    const outcomes = await Promise.allSettled([
      log.record(line(1)),
      log.record({ ...line(2), ...same }),
      log.record({ ...line(3), ...same, commonName: "device-1" }),
      log.record({ ...line(4), ...same }),
    ])
    assert.deepEqual(
      outcomes.map((o) => o.status),
      ["fulfilled", "rejected", "fulfilled", "rejected"],
    )
  })
})

describe("a life runs one way", () => {
  test("pending, active, superseded, revoked", async () => {
    const { log } = opened()
    const { serial } = await log.record(line(1))
    assert.equal(log.activate(serial, NOW), true)
    assert.equal(log.activate(serial, NOW), false)
    assert.deepEqual(log.pending(), [])
    assert.equal(log.find(serial)?.state, "active")
    assert.equal((await log.supersede(serial, "admin", NOW)).state, "superseded")
    assert.equal(log.activate(serial, NOW), false)
    const revoked = await log.revoke(serial, "key-compromise", "admin", NOW + 1)
    assert.deepEqual(revoked.change, { reason: "key-compromise", by: "admin", at: NOW + 1 })
    assert.equal(await log.revoke(serial, "again", "admin", NOW + 2), revoked)
    assert.equal(await log.supersede(serial, "admin", NOW + 2), revoked)
    assert.equal(log.ended, 2)
  })

  test("an unknown serial is not found", async () => {
    const { log } = opened()
    assert.equal(log.activate("00", NOW), false)
    await assert.rejects(log.revoke("00", "lost", "admin", NOW), { code: "not-found" })
  })

  test("expiry is seen, not written", async () => {
    const { log } = opened()
    const entry = await log.record({ ...line(1), notAfter: NOW })
    assert.equal(stateAt(entry, NOW), "pending")
    assert.equal(stateAt(entry, NOW + 1), "expired")
    assert.equal(stateAt(await log.revoke(entry.serial, "", "admin", NOW), NOW + 1), "revoked")
  })

  test("listeners hear of an end once, in the same turn", async () => {
    const { log } = opened()
    const heard: IssueEntry[] = []
    const stop = log.onEnded((entry) => heard.push(entry))
    const [one, two] = [await log.record(line(1)), await log.record(line(2))]
    await Promise.all([log.revoke(one.serial, "a", "x", NOW), log.revoke(one.serial, "b", "y", NOW)])
    assert.deepEqual(
      heard.map((e) => [e.serial, e.state, e.change?.reason]),
      [[one.serial, "revoked", "a"]],
    )
    stop()
    await log.revoke(two.serial, "a", "x", NOW)
    assert.equal(heard.length, 1)
  })
})

describe("first connections", () => {
  test("are written together, later", async () => {
    const { journal, log } = opened()
    const entries = await Promise.all([1, 2, 3].map((n) => log.record(line(n))))
    for (const { serial } of entries) log.activate(serial, NOW)
    assert.equal(journal.lines.length, 3)
    await log.flush()
    assert.equal(journal.lines.length, 6)
    await log.flush()
    assert.equal(journal.lines.length, 6)
    assert.deepEqual(new IssueLog(journal.reopened()).pending(), [])
  })

  test("wait on while the disk fails", async () => {
    const { journal, log } = opened()
    const { serial } = await log.record(line(1))
    log.activate(serial, NOW)
    journal.broken = true
    await assert.rejects(log.flush(), DISK)
    journal.broken = false
    await log.flush()
    assert.equal(new IssueLog(journal.reopened()).find(serial)?.state, "active")
  })

  test("written after a revocation, they do not bring a certificate back", async () => {
    const { journal, log } = opened()
    const { serial } = await log.record(line(1))
    log.activate(serial, NOW)
    await log.revoke(serial, "lost", "admin", NOW)
    await log.flush()
    assert.equal(new IssueLog(journal.reopened()).find(serial)?.state, "revoked")
  })
})

describe("a restart", () => {
  test("knows everything again", async () => {
    const { journal, log } = opened()
    const entries = await Promise.all([1, 2, 3].map((n) => log.record(line(n))))
    await log.revoke(entries[1]!.serial, "lost", "admin", NOW)
    log.activate(entries[2]!.serial, NOW)
    await log.flush()
    const again = new IssueLog(journal.reopened())
    assert.deepEqual(again.entries(), log.entries())
    assert.equal(again.ended, log.ended)
    assert.equal(again.newestAt, NOW)
  })

  test("passes over a change whose certificate a person gave up", () => {
    const journal = new MemoryJournal()
    const { serial } = issuedLine(1)
    journal.records.push({ record: "changed", serial, state: "revoked", reason: "lost", by: "admin", at: NOW })
    assert.equal(new IssueLog(journal).entries().length, 0)
  })

  test("stops at a serial that is there twice", () => {
    const journal = new MemoryJournal()
    journal.records.push(issuedLine(1), issuedLine(1))
    assert.throws(() => new IssueLog(journal), { code: "document-damaged" })
  })

  test("with 20,000 certificates takes little time, and finding one none", () => {
    const journal = new MemoryJournal()
    for (let n = 0; n < 20_000; n++) journal.records.push(issuedLine(n))
    const start = performance.now()
    const log = new IssueLog(journal)
    assert.ok(performance.now() - start < 2000)
    const { serial } = issuedLine(19_999)
    const asked = performance.now()
    for (let i = 0; i < 100_000; i++) log.find(serial)
    assert.ok(performance.now() - asked < 1000)
  })
})

test("a line that is not of the log is refused by its schema", () => {
  assert.ok(issueRecord.safeParse(issuedLine(1)).success)
  const { notAfter: _, ...incomplete } = issuedLine(1)
  const wrong = [{ ...issuedLine(1), serial: "4F".repeat(16) }, incomplete]
  for (const record of wrong) assert.equal(issueRecord.safeParse(record).success, false)
  assert.deepEqual(
    issueRecord.parse({ ...issuedLine(1), more: 1 }),
    issuedLine(1),
    "what a later version adds is left out",
  )
})
