import assert from "node:assert/strict"
import { test } from "node:test"
import { Activity, activityDocument, noActivity } from "../../../service/access/activity.ts"
import { MemoryDocument } from "../../support/memory-document.ts"

function opened(value = noActivity()) {
  const document = new MemoryDocument(value)
  return { document, activity: new Activity(document) }
}

const all = () => true

test("a user is seen first once and last each time, also one named like a property of every object", () => {
  const { activity } = opened()
  assert.equal(activity.of("constructor"), undefined)
  activity.note("constructor", "10.0.0.1", 100)
  activity.note("constructor", "10.0.0.2", 200)
  const seen = { username: "constructor", first: 100, last: 200, address: "10.0.0.2" }
  assert.deepEqual(activity.of("constructor"), seen)
})

test("activity reaches the disk with the next flush, in one write, and comes back from it", async () => {
  const { activity, document } = opened()
  for (let i = 0; i < 50; i++) activity.note(`dev-${i}`, "10.0.0.1", i)
  assert.equal(document.writes, 0)
  await activity.flush(all)
  await activity.flush(all)
  assert.equal(document.writes, 1)
  const kept = activityDocument.parse(JSON.parse(JSON.stringify(document.value)))
  assert.deepEqual(opened(kept).activity.of("dev-7"), activity.of("dev-7"))
})

test("a failed flush loses nothing: the next one writes it", async () => {
  const { activity, document } = opened()
  activity.note("pump-7", "10.0.0.1", 100)
  document.failNext()
  await assert.rejects(activity.flush(all), { code: "disk-failed" })
  await activity.flush(all)
  assert.equal(document.value.seen.length, 1)
})

test("users that are gone are forgotten, in memory and on the disk", async () => {
  const { activity, document } = opened()
  activity.note("pump-7", "10.0.0.1", 100)
  activity.note("pump-8", "10.0.0.1", 100)
  await activity.flush(all)
  await activity.flush((name) => name === "pump-8")
  assert.equal(activity.of("pump-7"), undefined)
  assert.deepEqual(
    document.value.seen.map((seen) => seen.username),
    ["pump-8"],
  )
})
