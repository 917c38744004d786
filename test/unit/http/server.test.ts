import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:net"
import { test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { connect, type TLSSocket } from "node:tls"
import { openHttp } from "../../../service/http/server.ts"
import { newPair, openBench, tls } from "./bench.ts"

async function dialled(
  port: number,
  more: { maxVersion?: "TLSv1.1"; ca?: string; localAddress?: string } = {},
): Promise<TLSSocket> {
  const socket = connect({ host: "127.0.0.1", port, ca: tls.certPem, ...more })
  socket.on("error", () => {})
  await once(socket, "secureConnect")
  return socket
}

const UPGRADE = [
  "GET /mqtt HTTP/1.1",
  "Host: localhost",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "\r\n",
].join("\r\n")

test("a port in use is named, with what to do", async () => {
  await using bench = await openBench()
  const { gateway } = bench
  const options = { host: "127.0.0.1", port: bench.port, ...tls, hosts: () => [], gateway }
  const message = new RegExp(`https listener .*${bench.port}.*127\\.0\\.0\\.1.*in use; stop the program`)
  await assert.rejects(openHttp(options), { code: "port-in-use", message })
  await assert.rejects(openHttp({ ...options, host: "192.0.2.1", port: 0 }), { code: "listen-failed" })
})

test("* means every interface, IPv4 among them", async () => {
  await using bench = await openBench()
  await using http = await openHttp({ host: "*", port: 0, ...tls, hosts: () => [], gateway: bench.gateway })
  ;(await dialled(http.port)).destroy()
  const probe = createServer()
  probe.listen(http.port, "127.0.0.1")
  const [error] = await once(probe, "error")
  assert.equal(error.code, "EADDRINUSE")
})

test("an upgrade is handed over with its request and its connection", async () => {
  const seen: (string | undefined)[] = []
  await using bench = await openBench(true, {
    onUpgrade(request, socket, head) {
      seen.push(request.url, request.headers.upgrade, String(head.length))
      socket.end("HTTP/1.1 101 Switching Protocols\r\n\r\n")
    },
  })
  const socket = await dialled(bench.port)
  socket.write(UPGRADE)
  const [answer] = await once(socket, "data")
  assert.match(String(answer), /^HTTP\/1\.1 101/)
  assert.deepEqual(seen, ["/mqtt", "websocket", "0"])
})

test("an upgrade that nobody takes ends the connection", async () => {
  await using bench = await openBench()
  const socket = await dialled(bench.port)
  let answer = ""
  socket.on("data", (chunk) => {
    answer += chunk
  })
  socket.write(UPGRADE)
  await once(socket, "close")
  assert.equal(answer, "")
})

test("disposing ends idle, busy and upgraded connections soon, and frees the port", async () => {
  const bench = await openBench(true, { onUpgrade: () => {} })
  const upgraded = await dialled(bench.port)
  upgraded.write(UPGRADE)
  const idle = await dialled(bench.port)
  const busy = await dialled(bench.port)
  busy.write("POST /api/v1/tokens HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n")
  await bench.ask("GET", "/healthz")
  const start = performance.now()
  const ends = [upgraded, idle, busy].map((socket) => once(socket, "close"))
  await bench[Symbol.asyncDispose]()
  await Promise.all(ends)
  assert.ok(performance.now() - start < 3000)
  await using again = await openHttp({
    ...{ host: "127.0.0.1", port: bench.port, ...tls, hosts: () => [], gateway: bench.gateway },
  })
  assert.equal(again.port, bench.port)
})

test("rights lost while a body is on its way are lost for its request", async () => {
  await using bench = await openBench()
  const token = await bench.signIn("tom")
  const socket = await dialled(bench.port)
  const head = ["PATCH /api/v1/users/pump HTTP/1.1", "Host: localhost", `Authorization: Bearer ${token}`]
  socket.write([...head, "Content-Type: application/json", "Content-Length: 13", "", '{"note":'].join("\r\n"))
  await bench.ask("GET", "/healthz") // by now the first half is there
  await bench.directory.change((draft) => {
    draft.users.set("tom", { ...draft.users.get("tom")!, enabled: false })
  })
  socket.write('"x" }')
  const [answer] = await once(socket, "data")
  assert.match(String(answer), /^HTTP\/1\.1 401/)
  assert.equal(bench.directory.users.get("pump")?.note, undefined)
  socket.destroy()
})

test("a replaced certificate is served to the next connection; a wrong pair changes nothing", async () => {
  await using bench = await openBench()
  const before = await dialled(bench.port)
  const other = newPair()
  assert.throws(() => bench.replaceCertificate(tls.keyPem, other.certPem))
  bench.replaceCertificate(other.keyPem, other.certPem)
  const after = await dialled(bench.port, { ca: other.certPem })
  assert.notEqual(after.getPeerX509Certificate()?.fingerprint256, before.getPeerX509Certificate()?.fingerprint256)
  assert.ok(!before.destroyed)
  for (const socket of [before, after]) socket.destroy()
})

test("connections beyond the cap are not let in", async () => {
  await using bench = await openBench(true, { maxConnections: 2 })
  const [a, b] = [await dialled(bench.port), await dialled(bench.port, { localAddress: "127.0.0.2" })]
  await assert.rejects(dialled(bench.port, { localAddress: "127.0.0.3" }))
  for (const socket of [a, b]) socket.destroy()
})

test("one address gets a quarter of the connections, and the others get in beside it", async () => {
  await using bench = await openBench(true, { maxConnections: 8 })
  const greedy = [await dialled(bench.port), await dialled(bench.port)]
  await assert.rejects(dialled(bench.port))
  const other = await dialled(bench.port, { localAddress: "127.0.0.2" })
  greedy.pop()?.destroy()
  await retried(async () => greedy.push(await dialled(bench.port)))
  for (const socket of [...greedy, other]) socket.destroy()
})

/** The gateway hears of a close a moment after it happened. */
async function retried(work: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await work()
      return
    } catch (error) {
      if (tries === 50) throw error
      await sleep(20)
    }
  }
}

test("no client certificate is asked for, and nothing older than TLS 1.2 is spoken", async () => {
  await using bench = await openBench()
  for (const version of ["-tls1_2", "-tls1_3"]) {
    const said = await openssl(bench.port, version)
    assert.match(said, /No client certificate CA names sent/)
    assert.doesNotMatch(said, /Requested Signature Algorithms|Client Certificate Types/)
  }
  assert.match(
    await openssl(bench.port, "-tls1_1", "-cipher", "ALL@SECLEVEL=0"),
    /alert protocol version|no protocols/i,
  )
})

async function openssl(port: number, ...args: string[]): Promise<string> {
  const child = spawn("openssl", ["s_client", "-connect", `127.0.0.1:${port}`, ...args])
  let said = ""
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      said += chunk
    })
  }
  child.stdin.end()
  await once(child, "close")
  return said
}
