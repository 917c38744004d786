import assert from "node:assert/strict"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { connect, type Socket } from "node:net"
import { Duplex } from "node:stream"
import { after, before, describe, it } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import { connect as connectTls } from "node:tls"
import { PacketClient } from "../../support/packet-client.ts"
import { Plant } from "./plant.ts"

const STALLING = "127.0.0.2"

/** The bytes a TLS client begins with, and whole. */
function clientHello(): Promise<Buffer> {
  return new Promise((resolve) => {
    const write = (chunk: Buffer, _encoding: string, done: () => void) => {
      resolve(chunk)
      done()
    }
    connectTls({ socket: new Duplex({ read() {}, write }), rejectUnauthorized: false }).on("error", () => {})
  })
}

/** Before TLS a connection costs next to nothing, and who stalls holds up nobody else (RFC 8446 section 4). */
describe("newcomers at a TLS port", () => {
  let plant: Plant
  let hello: Buffer
  const stalling: Socket[] = []
  before(async () => {
    plant = await Plant.open({}, { limits: { handshakes: 8, handshakeSeconds: 2 } })
    hello = await clientHello()
  })
  after(async () => {
    for (const socket of stalling) socket.destroy()
    await plant[Symbol.asyncDispose]()
  })

  async function stall(bytes: Buffer, listener: "mqtts" | "wss" = "mqtts"): Promise<Socket> {
    const socket = connect({ port: plant.gateway.port(listener), host: "127.0.0.1", localAddress: STALLING })
    stalling.push(socket)
    socket.on("error", () => {})
    await once(socket, "connect")
    socket.write(bytes)
    return socket
  }

  async function comesIn(): Promise<void> {
    const tls = { ca: readFileSync(plant.gateway.cafile), servername: "localhost" }
    const client = plant.adopt(await PacketClient.open(plant.gateway.port("mqtts"), 5, tls))
    client.send(plant.connect())
    assert.equal((await client.next("connack")).reasonCode, 0)
    await client.leave()
  }

  it("those who stall in the handshake, or before it, keep nobody of another address out", async () => {
    const waitedBefore = (await plant.counters()).limitHandshakes ?? 0
    const answered: Socket[] = []
    for (let i = 0; i < 6; i++) {
      const socket = await stall(hello)
      socket.once("data", () => answered.push(socket))
    }
    for (let i = 0; i < 6; i++) await stall(hello.subarray(0, 40))
    await comesIn()
    await comesIn()
    assert.ok(answered.length <= 2, `${answered.length} handshakes of one address were begun, two are its share`)
    const { limitHandshakes = 0 } = await plant.counters()
    assert.ok(limitHandshakes - waitedBefore >= 4, "it is counted that they had to wait")
  })

  for (const listener of ["mqtts", "wss"] as const) {
    it(`${listener}: who sends no whole ClientHello, or stalls after it, is closed after its deadline`, async () => {
      const begun = performance.now()
      const silent = await stall(Buffer.alloc(0), listener)
      const half = await stall(hello.subarray(0, -1), listener)
      const whole = await stall(hello, listener)
      whole.resume()
      for (const socket of [silent, half, whole]) socket.resume()
      await Promise.all([silent, half, whole].map((socket) => once(socket, "close")))
      const seconds = (performance.now() - begun) / 1000
      assert.ok(seconds > 1.5 && seconds < 6, `${seconds} s; two for the ClientHello, two for the rest`)
      await comesIn()
    })
  }

  it("bytes that are no TLS at all are closed at once", async () => {
    const begun = performance.now()
    const socket = await stall(Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
    socket.resume()
    await once(socket, "close")
    assert.ok(performance.now() - begun < 1500)
  })

  it("a ClientHello may come byte by byte", async () => {
    const raw = connect({ port: plant.gateway.port("mqtts"), host: "127.0.0.1", noDelay: true })
    await once(raw, "connect")
    const trickling = new Duplex({
      read() {},
      write: (chunk: Buffer, _encoding, done) => {
        for (const byte of chunk) raw.write(Buffer.from([byte]))
        done()
      },
    })
    raw.on("data", (chunk) => trickling.push(chunk))
    const tls = connectTls({ socket: trickling, ca: readFileSync(plant.gateway.cafile), servername: "localhost" })
    await once(tls, "secureConnect")
    const client = plant.adopt(new PacketClient(tls))
    client.send(plant.connect())
    assert.equal((await client.next("connack")).reasonCode, 0)
    raw.destroy()
  })

  it("what was taken is given back: after all that as many come in as may", async () => {
    for (const socket of stalling) socket.destroy()
    for (let rounds = 0; rounds < 3; rounds++) await Promise.all(Array.from({ length: 12 }, comesIn))
    for (let left = 100; left > 0 && (await plant.counters()).sockets !== 0; left--) await delay(20)
    assert.equal((await plant.counters()).sockets, 0)
  })
})
