import assert from "node:assert/strict"
import { once } from "node:events"
import { chmod, mkdir, stat, writeFile } from "node:fs/promises"
import type { AddressInfo } from "node:net"
import { createServer } from "node:net"
import { join } from "node:path"
import { describe, it } from "node:test"
import { ADMIN } from "../../support/gateway.ts"
import { LISTENERS, Place } from "../../support/process.ts"
import { NotifySocket } from "./notify-socket.ts"

const SECOND = 1_000_000

describe("under systemd a gateway", { concurrency: 2 }, () => {
  it("says READY and how it is once every listener is bound, feeds the watchdog, and says STOPPING before it closes one", async () => {
    await using place = await Place.make()
    await place.configure({ bootstrap: place.bootstrap })
    await place.writeBootstrap()
    await using systemd = await NotifySocket.open(place.folder)
    const env = { NOTIFY_SOCKET: systemd.address, WATCHDOG_USEC: String(SECOND) }
    await using gateway = await place.start({ env })
    const ready = await systemd.hears("READY=1")
    assert.equal(ready, systemd.heard[0], "nothing is told before")
    assert.equal(ready.listening, LISTENERS.length)
    assert.ok(ready.assignments.includes(`MAINPID=${gateway.child.pid}`))
    assert.match(ready.assignments.join("\n"), /^STATUS=.*0 clients connected$/m)
    await systemd.hears("WATCHDOG=1", 3)
    assert.equal((await gateway.stop()).code, 0, gateway.printed)
    const stopping = await systemd.hears("STOPPING=1")
    assert.equal(stopping.listening, LISTENERS.length)
    assert.equal(stopping, systemd.heard.at(-1), "nothing is told after")
    assert.doesNotMatch(gateway.err, /notified|watchdog/)
  })

  it("is ready with the page alone as long as nobody has claimed it, and says so", async () => {
    await using place = await Place.make()
    await using systemd = await NotifySocket.open(place.folder)
    await using gateway = await place.start({ env: { NOTIFY_SOCKET: systemd.address } })
    const ready = await systemd.hears("READY=1")
    assert.equal(ready.listening, 2, "the page, and the port beside it")
    assert.ok(ready.assignments.includes("STATUS=waiting to be taken into service"))
    assert.equal((await gateway.stop()).code, 0)
    assert.deepEqual(systemd.heard.length, 2, "no watchdog without its period")
  })

  it("ends when an administrator restarts it, for systemd to start it again; by itself it refuses", async () => {
    await using place = await Place.make()
    await place.configure({ bootstrap: place.bootstrap })
    await place.writeBootstrap()
    await using systemd = await NotifySocket.open(place.folder)
    const env = { NOTIFY_SOCKET: systemd.address, INVOCATION_ID: "0123456789abcdef" }
    await using gateway = await place.start({ env })
    await gateway.api.signIn(ADMIN.username, ADMIN.password)
    assert.equal((await gateway.api.raw("POST", "/restart")).status, 202)
    assert.equal((await gateway.end()).code, 0, gateway.printed)
    await systemd.hears("STOPPING=1")
    await using alone = await place.start({ env: { INVOCATION_ID: "" } })
    await alone.api.signIn(ADMIN.username, ADMIN.password)
    assert.equal((await alone.api.raw("POST", "/restart")).body.code, "conflict")
    const { entries } = await alone.api.get("/audit")
    assert.ok(
      entries.some(
        ({ route, actor }: { route: string; actor: string }) => route === "/restart" && actor === ADMIN.username,
      ),
    )
  })

  it("is never ready when a port is taken", async () => {
    await using other = createServer().listen(0, "127.0.0.1")
    await once(other, "listening")
    const { port } = other.address() as AddressInfo
    await using place = await Place.make()
    const listeners = { wss: { host: "127.0.0.1", port } }
    await place.configure({ bootstrap: place.bootstrap, listeners })
    await place.writeBootstrap()
    await using systemd = await NotifySocket.open(place.folder)
    await using gateway = place.spawn({ env: { NOTIFY_SOCKET: systemd.address } })
    assert.equal((await gateway.end()).code, 1)
    assert.deepEqual(systemd.heard, [])
  })

  it("stops in time although systemd takes nothing any more", async () => {
    await using place = await Place.make()
    await using systemd = await NotifySocket.open(place.folder)
    const env = { NOTIFY_SOCKET: systemd.address, WATCHDOG_USEC: String(SECOND) }
    await using gateway = await place.start({ env })
    await systemd.hears("WATCHDOG=1")
    systemd.freeze()
    const { code, ms } = await gateway.stop()
    assert.equal(code, 0, gateway.printed)
    assert.ok(ms < 5000, `${ms} ms`)
  })
})

describe("without systemd a gateway", () => {
  it("starts no program to notify it, and spares its lines the prefixes of a journal that another program writes to", async () => {
    await using place = await Place.make()
    const programs = join(place.folder, "bin")
    await mkdir(programs)
    await writeFile(join(programs, "systemd-notify"), `#!/bin/sh\ntouch '${place.folder}/called'\n`)
    await chmod(join(programs, "systemd-notify"), 0o755)
    const env = { PATH: `${programs}:${process.env.PATH}`, WATCHDOG_USEC: String(SECOND / 10), JOURNAL_STREAM: "8:1" }
    await using gateway = await place.start({ env })
    assert.equal((await gateway.stop()).code, 0)
    await assert.rejects(stat(join(place.folder, "called")), { code: "ENOENT" })
    assert.match(gateway.err, /^stopping/m)
  })
})
