import assert from "node:assert/strict"
import { copyFileSync, existsSync, readdirSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { test } from "node:test"
import { openWhole } from "../../../service/broker/durable/recovery.ts"
import { folderOf } from "../store/folder.ts"

/** This version's store, and that of a version that keeps a note with every fact. */
const FIRST = ["CREATE TABLE facts (name TEXT PRIMARY KEY, value REAL NOT NULL);", ...emptyTables()].join("")
const SECOND = [FIRST, "ALTER TABLE facts ADD COLUMN note TEXT NOT NULL DEFAULT '';"]

/** What a start reads in full. */
function emptyTables(): string[] {
  const others = ["sessions", "subscriptions", "entries", "received", "retained", "graves"]
  return others.map((name) => `CREATE TABLE ${name} (x);`)
}

/** Opens the store as the first or the second version does. */
function versionsOf(path: string) {
  const told: string[] = []
  const tell = (kind: string) => (what: string) => void told.push(`${kind}: ${what}`)
  const open = (steps: readonly string[]) =>
    openWhole(path, { onDamage: tell("damage"), onReverted: tell("reverted") }, steps)
  return { told, first: () => open([FIRST]), second: () => open(SECOND) }
}

function facts(database: DatabaseSync): unknown[] {
  const found = database.prepare("SELECT * FROM facts ORDER BY name").all()
  return found.map((row) => ({ ...row }))
}

function change(database: DatabaseSync, sql: string): void {
  database.exec(sql)
  database.close()
}

test("a newer version raises the store and keeps it as it was; a fallback goes on with that, and so it goes on", (t) => {
  const path = join(folderOf(t), "store")
  const { told, first, second } = versionsOf(path)
  change(first(), "INSERT INTO facts VALUES ('a', 1)")
  change(second(), "INSERT INTO facts VALUES ('b', 2, 'new')")
  assert.equal(statSync(`${path}.format-1`).mode & 0o777, 0o600)
  const back = first()
  assert.deepEqual(facts(back), [{ name: "a", value: 1 }])
  assert.match(
    told.join(),
    /^reverted: .*store is as it was before a newer version changed it; that one's is in .*\.format-2$/,
  )
  change(back, "INSERT INTO facts VALUES ('c', 3)")
  const again = first()
  assert.equal(facts(again).length, 2, "the next start of the old version goes on with its own")
  again.close()
  const forward = second()
  assert.deepEqual(facts(forward), [
    { name: "a", value: 1, note: "" },
    { name: "c", value: 3, note: "" },
  ])
  forward.close()
  const backAgain = first()
  assert.equal(facts(backAgain).length, 2)
  backAgain.close()
})

test("so it does after a power cut, with the newer version's journal beside its store", (t) => {
  const folder = folderOf(t)
  const path = join(folder, "store")
  const { first, second } = versionsOf(path)
  change(first(), "INSERT INTO facts VALUES ('a', 1)")
  using left = second()
  left.exec("INSERT INTO facts VALUES ('b', 2, 'new')")
  const cut = join(folder, "cut")
  for (const end of ["", "-wal", ".format-1"]) copyFileSync(path + end, cut + end)
  assert.ok(statSync(`${cut}-wal`).size > 0)
  const after = versionsOf(cut)
  const back = after.first()
  assert.deepEqual(facts(back), [{ name: "a", value: 1 }])
  back.close()
  using newer = new DatabaseSync(`${cut}.format-2`)
  assert.equal(facts(newer).length, 2, "nothing of the newer store is lost")
})

test("so it does where the newer version's journal cannot be moved into its store", (t) => {
  const path = join(folderOf(t), "store")
  const { told, first, second } = versionsOf(path)
  change(first(), "INSERT INTO facts VALUES ('a', 1)")
  // somebody else has it open, so that SQLite leaves the journal
  using left = second()
  left.exec("INSERT INTO facts VALUES ('b', 2, 'new')")
  const back = first()
  assert.deepEqual(facts(back), [{ name: "a", value: 1 }])
  back.close()
  const aside = /that one's is in (.*\.newer-\w+)$/.exec(told.join())?.[1] ?? ""
  using newer = new DatabaseSync(aside)
  assert.equal(facts(newer).length, 2)
})

test("without what was kept the store begins anew, and the newer one lies aside", (t) => {
  const folder = folderOf(t)
  const path = join(folder, "store")
  const { told, first, second } = versionsOf(path)
  change(second(), "INSERT INTO facts VALUES ('b', 2, 'new')")
  const anew = first()
  assert.deepEqual(facts(anew), [])
  anew.close()
  assert.match(
    told.join(),
    /^damage: .*written by a newer version of the gateway \(format 2, this version of the gateway reads 1\)/,
  )
  assert.ok(readdirSync(folder).some((name) => name.includes("store.newer-")))
})

test("a half-written copy of an interrupted change of the format is no copy", (t) => {
  const path = join(folderOf(t), "store")
  const { first, second } = versionsOf(path)
  change(first(), "INSERT INTO facts VALUES ('a', 1)")
  writeFileSync(`${path}.format-1.partial`, "half")
  second().close()
  assert.ok(!existsSync(`${path}.format-1.partial`))
  const back = first()
  assert.deepEqual(facts(back), [{ name: "a", value: 1 }])
  back.close()
})
