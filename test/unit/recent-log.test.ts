import assert from "node:assert/strict"
import { test } from "node:test"
import { openLog } from "../../service/log.ts"
import { RecentLog } from "../../service/recent-log.ts"
import { FakeClock } from "../support/fake-clock.ts"

test("the log goes on as before, and its latest lines are kept with part, level and fields", () => {
  const lines: string[] = []
  const recent = new RecentLog(new FakeClock())
  const log = recent.keeping(openLog("info", (line) => lines.push(line)))
  log.for("broker").info("client connected", { client: "pump\n<b>", qos: 1 })
  log.debug("a trifle")
  assert.deepEqual(lines, ['broker: client connected client="pump\\n<b>" qos=1\n'])
  const [entry, ...others] = recent.entries
  assert.equal(others.length, 0)
  assert.deepEqual(
    [entry?.number, entry?.part, entry?.level, entry?.message, entry?.fields],
    [1, "broker", "info", "client connected", 'client="pump\\n<b>" qos=1'],
  )
})

test("a flood of long lines stays bounded", () => {
  const recent = new RecentLog(new FakeClock())
  const log = recent.keeping(openLog("error", () => {}))
  for (let i = 0; i < 3000; i++) log.warn("again", { reason: "x".repeat(5000) })
  assert.deepEqual([recent.entries.length, recent.entries[0]?.number], [1000, 2001])
  assert.ok(recent.entries.every(({ fields }) => fields.length <= 500))
})
