import assert from "node:assert/strict"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { connect as connectTcp } from "node:net"
import { after, before, describe, it } from "node:test"
import { createWebSocketStream, WebSocket } from "ws"
import { PacketClient, type Version } from "../../support/packet-client.ts"
import { grant, Plant } from "./plant.ts"

/** MQTT over WebSocket (6): frames carry bytes, whatever their borders; everything else is refused. */
describe("WebSocket", { concurrency: true }, () => {
  let plant: Plant
  before(async () => {
    const all = grant("readWrite", "#")
    plant = await Plant.open({ newcomer: all, later: all }, { limits: { packetBytes: 200_000, handshakeSeconds: 1 } })
  })
  after(() => plant[Symbol.asyncDispose]())

  async function open(
    version: Version = 5,
    options: object = {},
  ): Promise<{ socket: WebSocket; client: PacketClient }> {
    const socket = new WebSocket(`ws://127.0.0.1:${plant.gateway.port("ws")}/mqtt`, "mqtt", options)
    const client = plant.adopt(new PacketClient(createWebSocketStream(socket), version))
    await once(socket, "open")
    return { socket, client }
  }

  /** The HTTP status of an upgrade that is refused. */
  async function refused(path: string, protocols: string[], headers: object = {}): Promise<number> {
    const socket = new WebSocket(`ws://127.0.0.1:${plant.gateway.port("ws")}${path}`, protocols, {
      headers: { ...headers },
    })
    socket.on("error", () => {})
    const [, response] = await once(socket, "unexpected-response")
    socket.terminate()
    return response.statusCode
  }

  for (const version of [3, 4, 5] as const) {
    it(`MQTT ${version}: a client comes in, sends and receives, in binary frames [MQTT-6.0.0-1, -4]`, async () => {
      const { socket, client } = await open(version)
      assert.equal(socket.protocol, "mqtt")
      client.send(plant.connect({ version }))
      await client.next("connack")
      const topic = plant.fresh()
      await client.subscribe(topic)
      client.send({ cmd: "publish", topic, payload: "over ws" })
      assert.deepEqual(await client.texts(1), ["over ws"])
      await client.leave()
    })
  }

  it("a packet may lie over many frames, byte by byte [MQTT-6.0.0-2]", async () => {
    const { socket, client } = await open()
    const topic = plant.fresh()
    const subscribe = { cmd: "subscribe", messageId: 1, subscriptions: [{ topic, qos: 0 }] } as const
    for (const packet of [plant.connect(), subscribe, { cmd: "publish", topic, payload: "bytes" } as const]) {
      for (const byte of client.bytesOf(packet)) socket.send(Buffer.from([byte]))
    }
    await client.next("connack")
    await client.next("suback")
    assert.deepEqual(await client.texts(1), ["bytes"])
  })

  it("a frame may hold several packets, and the begin of the next [MQTT-6.0.0-2]", async () => {
    const { socket, client } = await open()
    const topic = plant.fresh()
    const bytes = Buffer.concat([
      client.bytesOf(plant.connect()),
      client.bytesOf({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic, qos: 0 }] }),
      ...[1, 2, 3].map((i) => client.bytesOf({ cmd: "publish", topic, payload: String(i) })),
    ])
    socket.send(bytes.subarray(0, -3))
    await client.next("connack")
    await client.next("suback")
    assert.deepEqual(await client.texts(2), ["1", "2"])
    socket.send(bytes.subarray(-3))
    assert.deepEqual(await client.texts(1), ["3"])
  })

  it("a message in fragments is one run of bytes, with pings in between (RFC 6455 section 5.4)", async () => {
    const { socket, client } = await open()
    const topic = plant.fresh()
    const bytes = Buffer.concat([
      client.bytesOf(plant.connect()),
      client.bytesOf({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic, qos: 0 }] }),
      client.bytesOf({ cmd: "publish", topic, payload: "in pieces" }),
    ])
    const [first, second] = [20, bytes.length - 4]
    socket.send(bytes.subarray(0, first), { binary: true, fin: false })
    socket.ping("still there?")
    socket.send(bytes.subarray(first, second), { fin: false })
    socket.send(bytes.subarray(second), { fin: true })
    const [payload] = await once(socket, "pong")
    assert.equal(String(payload), "still there?")
    await client.next("connack")
    await client.next("suback")
    assert.deepEqual(await client.texts(1), ["in pieces"])
  })

  it("a text message in fragments ends the connection too [MQTT-6.0.0-1]", async () => {
    const { socket, client } = await open()
    client.send(plant.connect())
    await client.next("connack")
    socket.send("par", { binary: false, fin: false })
    socket.send("ts", { fin: true })
    const [code] = await once(socket, "close")
    assert.equal(code, 1003)
  })

  it("a WebSocket that is closed without DISCONNECT sends the will [MQTT-3.1.2-8]", async () => {
    const watching = await plant.client()
    await watching.subscribe("closed/#")
    const { socket, client } = await open()
    client.send(plant.connect({ will: { topic: "closed/will", payload: "gone" } }))
    await client.next("connack")
    socket.close(1000)
    await once(socket, "close")
    assert.deepEqual(await watching.texts(1), ["gone"])
  })

  it("a long frame with everything behind CONNECT is handled, also while the password is hashed", async () => {
    const subscriber = await plant.client()
    await subscriber.subscribe("long")
    const { socket, client } = await open(4)
    const publish = client.bytesOf({ cmd: "publish", topic: "long", payload: Buffer.alloc(9000) })
    const many = Array.from({ length: 8 }, () => publish)
    socket.send(Buffer.concat([client.bytesOf(plant.connect({ version: 4, user: "newcomer" })), ...many]))
    await client.next("connack")
    assert.equal((await subscriber.messages(8)).length, 8)
    await client.quiet()
  })

  it("any number of frames right behind CONNECT wait while the password is hashed, and none is lost", async () => {
    const subscriber = await plant.client()
    await subscriber.subscribe("frames")
    const { socket, client } = await open(4)
    socket.send(client.bytesOf(plant.connect({ version: 4, user: "later" })))
    const publish = client.bytesOf({ cmd: "publish", topic: "frames", payload: Buffer.alloc(20_000) })
    for (let i = 0; i < 50; i++) socket.send(publish)
    await client.next("connack")
    assert.equal((await subscriber.messages(50)).length, 50)
    await client.quiet()
  })

  it("before its login a client cannot make the gateway gather a long frame: it is cut off", async () => {
    const { socket } = await open()
    socket.on("error", () => {})
    socket.send(Buffer.alloc(150_000), () => {})
    const [code] = await once(socket, "close")
    assert.equal(code, 1006)
  })

  it("a text frame ends the connection, and what is in it is not read [MQTT-6.0.0-1]", async () => {
    const { socket, client } = await open()
    const watching = await plant.client()
    await watching.subscribe("text/#")
    client.send(plant.connect({ will: { topic: "text/will", payload: "gone" } }))
    await client.next("connack")
    socket.send(client.bytesOf({ cmd: "publish", topic: "text/sent" }).toString("latin1"))
    const [code] = await once(socket, "close")
    assert.equal(code, 1003)
    assert.deepEqual(await watching.texts(1), ["gone"])
  })

  it("a frame larger than any packet ends the connection", async () => {
    const { socket, client } = await open()
    client.send(plant.connect())
    await client.next("connack")
    socket.send(Buffer.alloc(200_001))
    const [code] = await once(socket, "close")
    assert.equal(code, 1009)
  })

  it("compression is not negotiated, even when it is offered", async () => {
    const { socket } = await open(5, { perMessageDeflate: true })
    assert.equal(socket.extensions, "")
  })

  const refusals: [string, string, string[], object, number][] = [
    ["another path", "/", ["mqtt"], {}, 404],
    ["a path that only begins right", "/mqtt/x", ["mqtt"], {}, 404],
    ["no subprotocol [MQTT-6.0.0-3]", "/mqtt", [], {}, 400],
    ["another subprotocol [MQTT-6.0.0-3]", "/mqtt", ["soap"], {}, 400],
    ["the page of another host", "/mqtt", ["mqtt"], { origin: "https://evil.example" }, 403],
    ["a page without a host", "/mqtt", ["mqtt"], { origin: "null" }, 403],
  ]
  for (const [what, path, protocols, headers, status] of refusals) {
    it(`an upgrade for ${what} is refused with ${status}`, async () => {
      assert.equal(await refused(path, protocols, headers), status)
    })
  }

  it("a page of this host may connect, and `mqttv3.1` beside others is taken", async () => {
    const headers = { origin: "https://127.0.0.1:8443" }
    const socket = new WebSocket(`ws://127.0.0.1:${plant.gateway.port("ws")}/mqtt?x=1`, ["soap", "mqttv3.1"], {
      headers,
    })
    await once(socket, "open")
    assert.equal(socket.protocol, "mqttv3.1")
    socket.terminate()
  })

  it("a plain HTTP request is told what this port is for", async () => {
    const response = await fetch(`http://127.0.0.1:${plant.gateway.port("ws")}/`)
    assert.equal(response.status, 426)
    assert.match(await response.text(), /MQTT over WebSocket, at \/mqtt/)
  })

  it("whoever says nothing, trickles a request, or never closes after a refusal is closed", async () => {
    const lines = [
      "",
      "GET /mqtt HTTP/1.1\r\nHost: x\r\n",
      "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    ]
    const begun = performance.now()
    await Promise.all(
      lines.map(async (text) => {
        const socket = connectTcp({ port: plant.gateway.port("ws"), host: "127.0.0.1", allowHalfOpen: true })
        socket.write(text)
        socket.resume().on("error", () => {})
        await once(socket, "end")
        socket.destroy()
      }),
    )
    assert.ok(performance.now() - begun < 3500, `${performance.now() - begun} ms`)
  })

  it("wss and mqtts carry the same, under the authority a device is given", async () => {
    const ca = readFileSync(plant.gateway.cafile)
    const tls = { ca, servername: "localhost" }
    const line = plant.adopt(await PacketClient.open(plant.gateway.port("mqtts"), 5, tls))
    line.send(plant.connect())
    assert.equal((await line.next("connack")).reasonCode, 0)
    const socket = new WebSocket(`wss://localhost:${plant.gateway.port("wss")}/mqtt`, "mqtt", tls)
    const client = plant.adopt(new PacketClient(createWebSocketStream(socket)))
    await once(socket, "open")
    client.send(plant.connect())
    assert.equal((await client.next("connack")).reasonCode, 0)
    const topic = plant.fresh()
    await line.subscribe(topic)
    client.send({ cmd: "publish", topic, payload: Buffer.alloc(150_000, "x") })
    assert.equal((await line.next("publish")).payload.length, 150_000)
  })
})
