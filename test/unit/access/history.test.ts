import assert from "node:assert/strict"
import { test } from "node:test"
import { History, type HistoryDocument, noHistory, type Visit } from "../../../service/access/history.ts"
import { MemoryDocument } from "../../support/memory-document.ts"

const visit = (username: string, at: number, more: Partial<Visit> = {}) => ({
  ...{ username, at, kind: "connected" as const, clientId: "c", address: "192.0.2.1", cause: "", detail: "" },
  ...more,
})

function opened(): { history: History; document: MemoryDocument<HistoryDocument> } {
  const document = new MemoryDocument(noHistory())
  return { document, history: new History(document) }
}

test("of each user the last fifty are kept, the newest first", () => {
  const { history } = opened()
  for (let at = 1; at <= 60; at++) history.note(visit("pump", at))
  const kept = history.of("pump").map(({ at }) => at)
  assert.deepEqual([kept.length, kept[0], kept.at(-1)], [50, 60, 11])
  assert.deepEqual(history.of("nobody"), [])
})

test("a refusal that repeats is one entry that counts", () => {
  const { history } = opened()
  const refused = { kind: "refused" as const, cause: "wrong-password", detail: "wrong" }
  for (let at = 1; at <= 1000; at++) history.note(visit("pump", at, refused))
  history.note(visit("pump", 1001, { ...refused, cause: "user-disabled" }))
  assert.deepEqual(
    history.of("pump").map(({ at, count }) => [at, count]),
    [
      [1001, 1],
      [1000, 1000],
    ],
  )
})

test("however many users come and go, the whole is bounded, and the quietest are forgotten first", async () => {
  const { history, document } = opened()
  for (let i = 0; i < 6000; i++) history.note(visit(`device-${i}`, i))
  await history.flush(() => true)
  assert.equal(document.value.visits.length, 5000)
  assert.deepEqual(history.of("device-0"), [])
  assert.equal(history.of("device-5999").length, 1)
})

test("it is on the disk after a flush, without the users that are gone, and is written only when there is something", async () => {
  const { history, document } = opened()
  await history.flush(() => true)
  history.note(visit("pump", 1))
  history.note(visit("gone", 2))
  await history.flush((username) => username === "pump")
  assert.deepEqual(
    document.value.visits.map(({ username }) => username),
    ["pump"],
  )
  const before = document.value
  await history.flush((username) => username === "pump")
  assert.equal(document.value, before)
  assert.equal(new History(document).of("pump")[0]?.at, 1)
})
