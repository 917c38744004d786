/** A device on the box's own USB port: QEMU's usb-serial at one end of a pseudo terminal, the simulated device at the other. */
import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { join } from "node:path"
import { test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { CASE, machineFrom, REPOSITORY, signedIn } from "./appliance.ts"

test("a device on the USB port is provisioned and connects over mutual TLS", CASE, async (t) => {
  const machine = await machineFrom(t, "ready", "serial")
  const authorization = await signedIn(machine)
  const ask = async (method: string, path: string, body?: unknown) => {
    const { status, text } = await machine.call(method, `/api/v1${path}`, { authorization }, body)
    assert.ok(status < 300, `${path}: ${status} ${text}`)
    return JSON.parse(text)
  }

  await machine.forwardBroker()
  const cable = await machine.plugInSerial()
  const args = [join(REPOSITORY, "scripts/device.ts"), "--port", cable, "--gateway", "127.0.0.1", "--uid", "press-7"]
  const device = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] })
  t.after(() => device.kill())

  const port = await eventually(async () => (await ask("GET", "/serial/ports")).ports[0]?.plug, 300)
  t.diagnostic(`the port as the service sees it: ${JSON.stringify(port)}`)
  const { jobs, id = jobs?.[0]?.id } = await ask("POST", "/serial/jobs", { username: "press-7", port: port.path })
  const job = await eventually(async () => {
    const now = await ask("GET", `/serial/jobs/${id}`)
    assert.notEqual(now.state, "refused", JSON.stringify(now.problem))
    return now.state === "done" ? now : undefined
  }, 900)
  assert.match(job.certificate.serial, /^[0-9a-f]+$/i)
  assert.ok(Date.parse(job.provenAt) > 0)
})

async function eventually<T>(look: () => Promise<T | undefined>, seconds: number): Promise<T> {
  const until = performance.now() + seconds * 1000
  while (performance.now() < until) {
    const found = await look()
    if (found !== undefined) return found
    await sleep(1000)
  }
  throw new Error(`not within ${seconds} s`)
}
