import assert from "node:assert/strict"
import { test } from "node:test"
import { Health } from "../../service/health.ts"
import { openLog } from "../../service/log.ts"
import { repeat, sharedAlarm } from "../../service/upkeep.ts"

const turnOver = () => new Promise(setImmediate)

test("work is repeated, never twice at once, and a failure is logged once as long as its reason stays", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] })
  const lines: string[] = []
  const outcomes = ["", "disk full", "disk full", "disk gone", ""]
  let began = 0
  const work = async () => {
    const outcome = outcomes[began++]
    if (outcome) throw new Error(outcome)
  }
  const log = openLog("info", (line) => lines.push(line))
  await using _repeated = repeat("keeping", 1000, work, log)
  t.mock.timers.tick(3000)
  assert.equal(began, 1, "the first turn has not ended")
  for (let i = 0; i < 4; i++) {
    await turnOver()
    t.mock.timers.tick(1000)
  }
  await turnOver()
  assert.equal(began, 5)
  assert.deepEqual(lines, [
    'keeping failed reason="disk full"\n',
    'keeping failed reason="disk gone"\n',
    "keeping works again\n",
  ])
})

test("an end waits for the turn under way", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] })
  const { promise, resolve } = Promise.withResolvers<void>()
  const repeated = repeat("keeping", 1000, () => promise, openLog("error", assert.fail))
  t.mock.timers.tick(1000)
  let ended = false
  const end = repeated[Symbol.asyncDispose]().then(() => {
    ended = true
  })
  await turnOver()
  assert.equal(ended, false)
  resolve()
  await end
})

test("an alarm that two works share stands until both succeed again", async () => {
  const health = new Health(() => 0)
  const alarm = sharedAlarm(health, "server-certificate-failed")
  const [broker, page] = [alarm(), alarm()]
  const details = () => health.alarms.map(({ detail }) => detail)
  const fails = (reason: string) => Promise.reject(new Error(reason))
  await assert.rejects(
    broker(() => fails("no broker")),
    /no broker/,
  )
  assert.equal(await page(async () => 7), 7)
  assert.deepEqual(details(), ["no broker"])
  await assert.rejects(page(() => fails("no page")))
  assert.deepEqual(details(), ["no broker; no page"])
  await broker(async () => {})
  assert.deepEqual(details(), ["no page"])
  await page(async () => {})
  assert.deepEqual(details(), [])
})
