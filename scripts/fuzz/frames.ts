import { connect, type Socket } from "node:net"
import { setTimeout as delay } from "node:timers/promises"
import { addressOf } from "./address.ts"
import { anyPacket } from "./grammar.ts"
import { frame, openSocket, reset, type Target, upgradeRequest } from "./lines.ts"
import { mutated } from "./mutate.ts"
import type { Random } from "./random.ts"

const OPENING = [0x82, 0x81, 0x80, 0x02, 0x00, 0x88, 0x89, 0x8a, 0x83, 0x8b, 0xc2, 0xa2, 0xf2, 0xff]
const HEADERS = [
  "Sec-WebSocket-Version: 8",
  "Sec-WebSocket-Protocol: mqtt, x",
  "Connection: close",
  "Upgrade: h2c",
  "Content-Length: 5",
  "Transfer-Encoding: chunked",
  "Origin: https://evil.example",
  "Host:",
  "X: \u0001",
  `Y: ${"y".repeat(9000)}`,
]

/** A WebSocket whose upgrade, frames, or what is in them, is wrong. */
export async function wildFrames(target: Target, random: Random, hello: Buffer): Promise<number> {
  const entrance = random.chance(0.8) ? "ws" : "wss"
  const socket = await openSocket(target, entrance, addressOf(random, true)).catch(() => undefined)
  if (socket === undefined) return 0
  socket.resume()
  socket.write(random.chance(0.75) ? upgradeRequest() : wildRequest(random))
  await delay(random.int(8))
  write(socket, frame(0x82, hello))
  const count = random.between(1, 12)
  for (let i = 0; i < count; i++) {
    write(socket, wildFrame(random))
    if (random.chance(0.2)) await delay(random.int(5))
  }
  await close(socket, random)
  return count
}

function wildFrame(random: Random): Buffer {
  const packet = random.chance(0.5) ? anyPacket(random, 5) : random.bytes(random.int(300))
  const good = frame(random.chance(0.6) ? 0x82 : random.pick(OPENING), packet)
  return random.chance(0.4) ? mutated(good, random) : good
}

function wildRequest(random: Random): Buffer {
  const lines = upgradeRequest().split("\r\n")
  for (let left = random.between(1, 3); left > 0; left--) {
    const at = random.int(lines.length - 2)
    if (random.chance(0.5)) lines.splice(at, random.int(2), random.pick(HEADERS))
    else lines.splice(at, 1)
  }
  const request = Buffer.from(lines.join(random.chance(0.9) ? "\r\n" : "\n"), "latin1")
  return random.chance(0.4) ? mutated(request, random) : request
}

/** TLS that begins badly, or well and then goes wrong below MQTT. */
export async function shakenHands(target: Target, random: Random): Promise<number> {
  const port = target.ports[random.pick(["mqtts", "wss", "https"] as const)]
  const socket = connect({ host: "127.0.0.1", port, localAddress: addressOf(random, true) })
  socket.on("error", () => {})
  socket.resume()
  write(socket, random.pick(BEGINNINGS)(random))
  await delay(random.int(20))
  if (random.chance(0.5)) write(socket, record(random, random.pick([20, 21, 22, 23]), random.bytes(random.int(200))))
  await close(socket, random)
  return 1
}

const BEGINNINGS: readonly ((random: Random) => Buffer)[] = [
  (random) => random.bytes(random.between(1, 2000)),
  () => Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
  (random) => record(random, 22, Buffer.concat([Buffer.from([1, 0, 0]), random.bytes(random.int(255))])),
  (random) => mutated(clientHello(random), random),
  (random) => clientHello(random),
  (random) => clientHello(random).subarray(0, random.int(60)),
  (random) => record(random, random.int(256), random.bytes(random.int(17_000))),
]

/** A ClientHello of TLS 1.2 that a server goes along with, up to where the keys would come. */
function clientHello(random: Random): Buffer {
  const suites = Buffer.from("c02bc02fc02cc030009c1301", "hex")
  const groups = Buffer.from("000a00080006001d00170018", "hex")
  const points = Buffer.from("000b00020100", "hex")
  const signatures = Buffer.from("000d000c000a04030503080408050401", "hex")
  const extensions = Buffer.concat([groups, points, signatures])
  const length = Buffer.from([extensions.length >> 8, extensions.length & 255])
  const body = Buffer.concat([
    Buffer.from("0303", "hex"),
    random.bytes(32),
    Buffer.from([0, 0, suites.length]),
    suites,
    Buffer.from([1, 0]),
    length,
    extensions,
  ])
  return record(random, 22, Buffer.concat([Buffer.from([1, 0, body.length >> 8, body.length & 255]), body]))
}

function record(random: Random, type: number, body: Buffer): Buffer {
  const length = random.chance(0.9) ? body.length : random.int(65536)
  return Buffer.concat([
    Buffer.from([type, 3, random.chance(0.9) ? 3 : random.int(256), length >> 8, length & 255]),
    body,
  ])
}

function write(socket: Socket, bytes: Buffer | string): void {
  if (socket.writable) socket.write(bytes)
}

async function close(socket: Socket, random: Random): Promise<void> {
  await delay(random.int(40))
  if (random.chance(0.5)) reset(socket)
  else socket.destroy()
}
