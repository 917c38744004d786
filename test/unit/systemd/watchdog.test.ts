import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import { openLog, silentLog } from "../../../service/log.ts"
import { openNotifier } from "../../../service/systemd/notify.ts"
import { keepWatchdog, watchdogPeriod } from "../../../service/systemd/watchdog.ts"
import { openReceiver } from "./receiver.ts"

test("the period is systemd's, for this process only", () => {
  assert.equal(watchdogPeriod({ WATCHDOG_USEC: "30000000" }, 7), 30_000_000)
  assert.equal(watchdogPeriod({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "7" }, 7), 30_000_000)
  assert.equal(watchdogPeriod({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "8" }, 7), null)
  for (const text of [undefined, "", "0", "-1", "soon", "1.5"]) {
    assert.equal(watchdogPeriod(text === undefined ? {} : { WATCHDOG_USEC: text }, 7), null)
  }
})

/** A watchdog of 30 s whose clock the test turns; `checks` are its checks so far, for the test to end. */
function watchdogOf(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout"] })
  let elapsed = 0
  t.mock.method(performance, "now", () => elapsed)
  const checks: PromiseWithResolvers<void>[] = []
  const lines: string[] = []
  const fed: number[] = []
  const watchdog = keepWatchdog({
    periodMicroseconds: 30_000_000,
    check: () => {
      checks.push(Promise.withResolvers())
      return checks.at(-1)!.promise
    },
    notifier: { watchdog: async () => void fed.push(elapsed) },
    log: openLog("info", (line) => lines.push(line)),
  })
  const settle = () => new Promise(setImmediate)
  const tick = async (milliseconds: number) => {
    await settle()
    elapsed += milliseconds
    t.mock.timers.tick(milliseconds)
    await settle()
  }
  return { watchdog, checks, lines, fed, tick }
}

test("it is fed at once and then every half period, as long as the check succeeds", async (t) => {
  const { watchdog, checks, fed, tick } = watchdogOf(t)
  await tick(0)
  for (let round = 1; round <= 3; round += 1) {
    assert.equal(checks.length, round)
    checks.at(-1)!.resolve()
    await tick(15_000)
  }
  assert.deepEqual(fed, [0, 15_000, 30_000])
  await watchdog[Symbol.asyncDispose]()
})

test("a failed check does not feed it, and the next one may", async (t) => {
  const { watchdog, checks, lines, fed, tick } = watchdogOf(t)
  await tick(2000)
  checks[0]!.reject(new Error("no round trip"))
  await tick(13_000)
  assert.deepEqual(lines, ['watchdog not fed reason="no round trip"\n'])
  checks[1]!.resolve()
  await tick(0)
  assert.deepEqual(fed, [15_000])
  await watchdog[Symbol.asyncDispose]()
})

test("a check that hangs does not feed it, not even late, and no other begins before it ends", async (t) => {
  const { watchdog, checks, lines, fed, tick } = watchdogOf(t)
  await tick(9999)
  assert.deepEqual(lines, [])
  await tick(1)
  assert.deepEqual(lines, ['watchdog not fed reason="the check took longer than 10000 ms"\n'])
  await tick(60_000)
  assert.equal(checks.length, 1)
  checks[0]!.resolve()
  await tick(0)
  assert.deepEqual(fed, [])
  await tick(0)
  assert.equal(checks.length, 2)
  await watchdog[Symbol.asyncDispose]()
})

test("after its end it neither feeds nor checks nor waits for a check that hangs", async (t) => {
  const { watchdog, checks, lines, fed, tick } = watchdogOf(t)
  await tick(0)
  await watchdog[Symbol.asyncDispose]()
  checks[0]!.resolve()
  await tick(60_000)
  assert.deepEqual([checks.length, fed, lines], [1, [], []])
})

test("a check that throws at once is a failed check", async (t) => {
  const line = Promise.withResolvers<string>()
  const watchdog = keepWatchdog({
    periodMicroseconds: 30_000_000,
    check: () => {
      throw new Error("broken")
    },
    notifier: { watchdog: async () => assert.fail("fed") },
    log: openLog("info", line.resolve),
  })
  t.after(() => watchdog[Symbol.asyncDispose]())
  assert.equal(await line.promise, "watchdog not fed reason=broken\n")
})

test("without a period it never checks", async () => {
  const check = async () => assert.fail("checked")
  const notifier = { watchdog: async () => {} }
  await using _watchdog = keepWatchdog({ periodMicroseconds: null, check, notifier, log: silentLog })
  await new Promise(setImmediate)
})

test("systemd really hears it", async (t) => {
  const { messages } = await openReceiver(t)
  const fed = Promise.withResolvers<void>()
  const notifier = openNotifier(process.env, silentLog)
  await using _watchdog = keepWatchdog({
    periodMicroseconds: 30_000_000,
    check: async () => {},
    notifier: { watchdog: () => notifier.watchdog().then(fed.resolve) },
    log: silentLog,
  })
  await fed.promise
  assert.deepEqual(messages, ["WATCHDOG=1"])
})
