import assert from "node:assert/strict"
import { test } from "node:test"
import { openLog, silentLog } from "../../../service/log.ts"
import { openNotifier } from "../../../service/systemd/notify.ts"
import { openReceiver } from "./receiver.ts"

const PID = `MAINPID=${process.pid}`

for (const address of [undefined, `@gatehouse-test-${process.pid}`]) {
  const kind = address === undefined ? "a socket in the file system" : "an abstract socket"
  test(`everything told arrives in the order told, over ${kind}`, async (t) => {
    const { messages } = await openReceiver(t, address)
    const notifier = openNotifier(process.env, silentLog)
    await Promise.all([notifier.ready("ready: 5 listeners"), notifier.watchdog(), notifier.stopping()])
    assert.deepEqual(
      messages.map((message) => message.split("|").sort()),
      [[PID, "READY=1", "STATUS=ready: 5 listeners"], ["WATCHDOG=1"], ["STATUS=stopping", "STOPPING=1"]],
    )
  })
}

test("of several statuses that wait only the last is told, and none twice in a row", async (t) => {
  const { messages } = await openReceiver(t)
  const notifier = openNotifier(process.env, silentLog)
  await Promise.all(["one", "two", "three"].map((text) => notifier.status(text)))
  await notifier.status("three")
  await notifier.status("four")
  await notifier.status("three")
  const told = messages.map((message) => message.split("|").find((assignment) => assignment.startsWith("STATUS=")))
  assert.deepEqual(told, ["STATUS=three", "STATUS=four", "STATUS=three"])
})

test("a status cannot smuggle in another assignment or an option", async (t) => {
  const { messages } = await openReceiver(t)
  const notifier = openNotifier(process.env, silentLog)
  await notifier.status("client $(id) `id`\nSTOPPING=1\u0000 --ready")
  assert.equal(messages.length, 1)
  assert.deepEqual(messages[0]!.split("|").sort(), [PID, "STATUS=client $(id) `id` STOPPING=1  --ready"])
})

test("without NOTIFY_SOCKET nothing is told", async () => {
  const log = openLog("debug", (line) => assert.fail(line))
  for (const env of [{}, { NOTIFY_SOCKET: "" }]) {
    const notifier = openNotifier(env, log)
    await Promise.all([notifier.ready("x"), notifier.status("x"), notifier.watchdog(), notifier.stopping()])
  }
})

test("a systemd that cannot be reached is logged and stops nothing", async (t) => {
  process.env.NOTIFY_SOCKET = "/nonexistent/notify"
  t.after(() => delete process.env.NOTIFY_SOCKET)
  const lines: string[] = []
  const notifier = openNotifier(
    process.env,
    openLog("info", (line) => lines.push(line)),
  )
  await notifier.ready("x")
  await notifier.watchdog()
  assert.equal(lines.length, 2)
  for (const line of lines) assert.match(line, /^systemd could not be notified reason=/)
})
