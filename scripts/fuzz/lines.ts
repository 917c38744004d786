import { createHash, randomBytes } from "node:crypto"
import { once } from "node:events"
import { connect as connectTcp, type Socket } from "node:net"
import { Duplex } from "node:stream"
import { connect as connectTls, TLSSocket } from "node:tls"
import type { Device } from "../bench/load/client.ts"

export type Entrance = "mqtt" | "mqtts" | "ws" | "wss"

/** Where the gateway is, and what TLS clients show and trust. */
export interface Target {
  readonly ports: Readonly<Record<Entrance | "https", number>>
  readonly authority: string
  readonly devices: readonly Device[]
  readonly password: string
}

/** A byte stream to the gateway's MQTT side, and the socket below it. */
export interface Line {
  readonly stream: Duplex
  readonly socket: Socket
}

const PATIENCE_MS = 60_000

/** Opens a TCP or TLS connection from this address of loopback. */
export async function openSocket(target: Target, entrance: Entrance, from: string, device?: Device): Promise<Socket> {
  const tls = entrance === "mqtts" || entrance === "wss"
  const address = { host: "127.0.0.1", port: target.ports[entrance], localAddress: from, noDelay: true }
  const identity = device === undefined ? {} : { key: device.key, cert: device.cert }
  const socket = tls
    ? connectTls({ ...address, servername: "localhost", ca: [target.authority], ...identity })
    : connectTcp(address)
  await inTime(once(socket, tls ? "secureConnect" : "connect"), socket)
  socket.on("error", () => {}) // a reset is one of the ways to be closed
  return socket
}

/** A connection that is ready for MQTT: for a WebSocket the upgrade is done. */
export async function openLine(target: Target, entrance: Entrance, from: string, device?: Device): Promise<Line> {
  const socket = await openSocket(target, entrance, from, device)
  if (entrance === "mqtt" || entrance === "mqtts") return { stream: socket, socket }
  return { stream: await upgraded(socket), socket }
}

/** Ends a connection with a reset where the transport has one; TLS only closes. */
export function reset(socket: Socket): void {
  if (socket instanceof TLSSocket) socket.destroy()
  else socket.resetAndDestroy()
}

/** The head of an upgrade request as it should be. */
export function upgradeRequest(): string {
  const key = randomBytes(16).toString("base64")
  const head = ["GET /mqtt HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade"]
  const socket = [`Sec-WebSocket-Key: ${key}`, "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: mqtt"]
  return [...head, ...socket, "", ""].join("\r\n")
}

/** A frame from a client, masked as it must be (RFC 6455 5.2). */
export function frame(first: number, payload: Buffer): Buffer {
  const { length } = payload
  const head = length < 126 ? Buffer.alloc(2) : length < 65536 ? Buffer.alloc(4) : Buffer.alloc(10)
  head[0] = first
  head[1] = 128 | (head.length === 2 ? length : head.length === 4 ? 126 : 127)
  if (head.length === 4) head.writeUInt16BE(length, 2)
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2)
  const mask = createHash("md5").update(head).digest().subarray(0, 4)
  const masked = Buffer.from(payload)
  for (let i = 0; i < length; i++) masked[i] = (masked[i] as number) ^ (mask[i & 3] as number)
  return Buffer.concat([head, mask, masked])
}

async function upgraded(socket: Socket): Promise<Duplex> {
  socket.write(upgradeRequest())
  let head = Buffer.alloc(0)
  while (!head.includes("\r\n\r\n")) {
    const [chunk] = (await inTime(once(socket, "data"), socket)) as [Buffer]
    head = Buffer.concat([head, chunk])
  }
  socket.pause()
  if (!head.toString("latin1").startsWith("HTTP/1.1 101")) throw new Error("the upgrade was refused")
  return new FrameStream(socket, head.subarray(head.indexOf("\r\n\r\n") + 4))
}

/** The client's side of a WebSocket, as little of it as MQTT needs. */
class FrameStream extends Duplex {
  readonly #socket: Socket
  #rest: Buffer

  constructor(socket: Socket, first: Buffer) {
    super()
    this.#socket = socket
    this.#rest = Buffer.alloc(0)
    socket.on("data", (chunk: Buffer) => this.#receive(chunk))
    socket.on("end", () => this.push(null))
    socket.on("close", () => this.destroy())
    this.on("error", () => {})
    this.#receive(first)
    socket.resume()
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (this.#socket.writable) this.#socket.write(frame(0x82, chunk))
    done()
  }

  override _final(done: () => void): void {
    if (this.#socket.writable) this.#socket.end(frame(0x88, Buffer.from([3, 0xe8])))
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy()
    done(error)
  }

  #receive(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk])
    for (;;) {
      const bytes = this.#rest
      const short = (bytes[1] ?? 0) & 127
      const head = short < 126 ? 2 : short === 126 ? 4 : 10
      if (bytes.length < head) return
      const length = head === 2 ? short : head === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
      if (bytes.length < head + length) return
      const data = (bytes[0] as number) & 8 ? Buffer.alloc(0) : bytes.subarray(head, head + length)
      this.#rest = bytes.subarray(head + length)
      if (data.length > 0 && !this.push(data)) this.#socket.pause()
    }
  }
}

/** Rejects, and gives the socket up, when the gateway closes it or says nothing for long. */
function inTime<T>(answer: Promise<T>, socket: Socket): Promise<T> {
  return new Promise((resolve, reject) => {
    const failed = (why: string) => () => {
      socket.destroy()
      reject(new Error(why))
    }
    const [late, closed] = [failed("no answer in time"), failed("the gateway closed the connection")]
    const timer = setTimeout(late, PATIENCE_MS)
    socket.once("close", closed)
    const over = () => {
      clearTimeout(timer)
      socket.off("close", closed)
    }
    answer.then(
      (value) => {
        over()
        resolve(value)
      },
      (error) => {
        over()
        reject(error)
      },
    )
  })
}
