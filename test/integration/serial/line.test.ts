import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { serialBinding } from "../../../service/serial/binding.ts"
import { LineFault } from "../../../service/serial/dialect.ts"
import { PtyPair } from "../../support/pty-pair.ts"
import { openTestLine } from "../../support/serial-line.ts"

const within = { timeoutMs: 2000 }

describe("a line over a real serial port", { concurrency: 2 }, () => {
  it("gives lines without their ends, prompts without a line end, and bytes, in the order they came", async () => {
    await using pair = await PtyPair.make()
    await using test = await openTestLine(pair.host)
    await using device = await openTestLine(pair.device)
    await device.line.write("boot v1\r\nOK\n> \x00\xff\x01rest\n")
    assert.equal(await test.line.readLine(within), "boot v1")
    assert.equal(await test.line.readUntil(/> $|> /, within), "OK\n> ")
    assert.deepEqual(await test.line.readBytes(3, within), Buffer.from([0, 0xff, 1]))
    assert.equal(await test.line.readLine(within), "rest")
    await test.line.write("AT\r")
    assert.equal(await device.line.readUntil("\r", within), "AT\r")
    assert.match(test.line.heard, /boot v1/)
  })

  it("says what it missed when nothing comes in time, and keeps what has come", async () => {
    await using pair = await PtyPair.make()
    await using test = await openTestLine(pair.host)
    await using device = await openTestLine(pair.device)
    await device.line.write("half")
    await assert.rejects(test.line.readLine({ timeoutMs: 200 }), { code: "timeout", message: /200 ms/ })
    await device.line.write(" a line\n")
    assert.equal(await test.line.readLine(within), "half a line")
  })

  it("throws away a line longer than allowed, and goes on with the next", async () => {
    await using pair = await PtyPair.make()
    await using test = await openTestLine(pair.host)
    await using device = await openTestLine(pair.device)
    const sent = device.line.write(`${"x".repeat(100_000)}\nshort\n`)
    assert.equal(await test.line.readLine({ timeoutMs: 5000 }), "short")
    await sent
  })

  it("ends every read with 'gone' when the cable is pulled", async () => {
    await using pair = await PtyPair.make()
    await using test = await openTestLine(pair.host)
    const read = assert.rejects(test.line.readLine({ timeoutMs: 10_000 }), {
      code: "gone",
      message: /plug it in again/,
    })
    await pair.pull()
    await read
    assert.ok(test.line.signal.aborted)
    await assert.rejects(test.line.write("x"), { code: "gone" })
  })

  it("ends every read at once when the job is cancelled", async () => {
    await using pair = await PtyPair.make()
    const cancel = new AbortController()
    await using test = await openTestLine(pair.host, 115_200, cancel.signal)
    const read = assert.rejects(test.line.readLine({ timeoutMs: 10_000 }), { code: "aborted" })
    cancel.abort(new LineFault("aborted", "cancelled"))
    await read
  })

  it("is refused with the remedy when another program has the port, when it is not there, and when it is no port", async () => {
    await using pair = await PtyPair.make()
    await using _first = await openTestLine(pair.host)
    await assert.rejects(serialBinding.open(pair.host, 115_200), { code: "busy", message: /another program.*fuser/ })
    await assert.rejects(serialBinding.open("/dev/ttyUSB99", 115_200), { code: "gone" })
    await assert.rejects(serialBinding.open("/dev/null", 115_200), { code: "no-port" })
  })

  it("changes its speed while open, and takes a port without modem lines as it is", async () => {
    await using pair = await PtyPair.make()
    await using test = await openTestLine(pair.host, 9600)
    await test.line.setBaudRate(921_600)
    assert.equal(test.line.baudRate, 921_600)
    await test.line.set({ dtr: false, rts: false })
  })

  it("stays small before a device that never stops talking, read or not", async () => {
    await using pair = await PtyPair.make()
    await using test = await openTestLine(pair.host)
    await using device = await openTestLine(pair.device)
    const flood = new AbortController()
    const chunk = Buffer.alloc(65_536, "no line end in sight ")
    const talking = (async () => {
      while (!flood.signal.aborted) await device.line.write(chunk).catch(() => {})
    })()
    const before = process.memoryUsage()
    await assert.rejects(test.line.readLine({ timeoutMs: 3000 }), {
      code: "timeout",
      message: /bytes of something else/,
    })
    await test.line.wait(500)
    const after = process.memoryUsage()
    flood.abort()
    await device[Symbol.asyncDispose]()
    await talking
    assert.ok(test.line.received > 5_000_000, `only ${test.line.received} bytes were received`)
    const grown = after.external + after.arrayBuffers - before.external - before.arrayBuffers
    assert.ok(grown < 32 * 1024 * 1024, `${grown} bytes more in buffers`)
    assert.ok(test.entries.length < 2000, `${test.entries.length} entries`)
  })

  it("logs both ways, and a secret in neither, whole, echoed or in pieces", async () => {
    await using pair = await PtyPair.make()
    await using test = await openTestLine(pair.host)
    await using device = await openTestLine(pair.device)
    const secret = "MHcCAQEEIFlJrPp3n2b5v9Qw0Zk1yGx7uT4sR8aLd6NfHcVbXeOo"
    await test.line.write("hello\n")
    await test.line.write(`${secret}\n`, { secret: true })
    await device.line.write(`you said ${secret}\nand ${secret.slice(10, 30)} too\nOK\n`)
    for (let i = 0; i < 3; i++) await test.line.readLine(within)
    const log = test.logged()
    assert.match(log, /^out hello$/m)
    assert.match(log, /^out \[secret, 53 bytes\]$/m)
    assert.match(log, /^in you said \[secret\]$/m)
    assert.match(log, /^in and \[secret\] too$/m)
    for (let at = 0; at + 8 <= secret.length; at++) assert.ok(!log.includes(secret.slice(at, at + 8)))
  })
})
