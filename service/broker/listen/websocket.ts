import { createServer, type IncomingMessage } from "node:http"
import { createServer as createTlsServer } from "node:https"
import type { Server, Socket } from "node:net"
import { Duplex } from "node:stream"
import type { TLSSocket } from "node:tls"
import { type WebSocket, WebSocketServer } from "ws"
import { reasonOf } from "../../errors.ts"
import { closeLingering } from "../connection/linger.ts"
import { waitBeforeTls } from "./antechamber.ts"
import {
  ADMITTED,
  type Binding,
  bind,
  closed,
  type Entrance,
  type Listener,
  type ListenerName,
  passTurnstile,
  type TlsMaterial,
} from "./listener.ts"
import { READ_BYTES } from "./tcp.ts"
import { presentedBy, tlsOptions } from "./tls.ts"
import { plainAddress } from "./turnstile.ts"

const PATH = "/mqtt"
/** "mqtt" by the standard [MQTT-6.0.0-3]; the other is what MQTT 3.1 clients send. */
const SUBPROTOCOLS = ["mqtt", "mqttv3.1"]
/** How often Node looks for handshakes past their deadline; its default is half a minute. */
const OFTEN = { connectionsCheckingInterval: 1000 }
/** Close code 1003: data of a kind that cannot be accepted. */
const UNSUPPORTED_DATA = 1003

export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/** MQTT over plain WebSocket. */
export async function listenWs(binding: Binding, entrance: Entrance): Promise<Listener> {
  const server = createServer(OFTEN, answerPlainRequest)
  server.on("connection", (socket: Socket) => passTurnstile(socket, entrance.turnstile))
  return open(server, "ws", binding, entrance, () => {})
}

/** MQTT over WebSocket over TLS on a port of its own, for passwords and certificates. */
export async function listenWss(binding: Binding, material: TlsMaterial, entrance: Entrance): Promise<Listener> {
  const options = { ...tlsOptions(material, entrance.handshakeMs), ...OFTEN }
  const { onRequest } = entrance
  const server = createTlsServer(options, (request, response) => {
    if (onRequest === undefined) answerPlainRequest(request, response)
    else onRequest(request, response, presentedBy(request.socket as TLSSocket))
  })
  waitBeforeTls(server, entrance)
  server.on("tlsClientError", (error, socket) => {
    entrance.handshakeFailed(plainAddress(socket.remoteAddress), reasonOf(error))
  })
  return open(server, "wss", binding, entrance, (next) =>
    server.setSecureContext(tlsOptions(next, entrance.handshakeMs)),
  )
}

async function open(
  server: ReturnType<typeof createServer>,
  name: ListenerName,
  binding: Binding,
  entrance: Entrance,
  swap: (material: TlsMaterial) => void,
): Promise<Listener> {
  server.headersTimeout = entrance.handshakeMs
  server.requestTimeout = entrance.handshakeMs
  server.keepAliveTimeout = 1000
  server.on("upgrade", upgradeTo(name, entrance))
  const port = await bind(server as Server, name, binding)
  const close = async () => {
    const done = closed(server as Server)
    server.closeIdleConnections()
    await done
  }
  return { name, port, swap, close }
}

/** Turns an HTTP upgrade request for `/mqtt` into a byte stream, or answers why not. */
export function upgradeTo(name: ListenerName, entrance: Entrance): Upgrade {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: entrance.frameBytes,
    perMessageDeflate: false, // a compressed frame of a kilobyte can hold a gigabyte
    handleProtocols: (offered) => SUBPROTOCOLS.find((protocol) => offered.has(protocol)) ?? false,
  })
  return (request, socket, head) => {
    const problem = upgradeProblem(request)
    if (problem !== null) return answer(socket, problem.status, problem.sentence)
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      const certificate = name === "wss" ? presentedBy(request.socket as TLSSocket) : undefined
      const origin = { listener: name, address: plainAddress(request.socket.remoteAddress), certificate }
      const stream = byteStream(webSocket)
      boundBeforeLogin(socket, stream, entrance.bytesBeforeLogin + READ_BYTES)
      entrance.enter(stream, origin, false)
    })
  }
}

function upgradeProblem({ url, headers }: IncomingMessage): { status: string; sentence: string } | null {
  if (url?.split("?", 1)[0] !== PATH) return { status: "404 Not Found", sentence: `MQTT is at ${PATH}` }
  const offered = (headers["sec-websocket-protocol"] ?? "").split(",").map((protocol) => protocol.trim())
  if (!SUBPROTOCOLS.some((protocol) => offered.includes(protocol))) {
    return { status: "400 Bad Request", sentence: "the WebSocket subprotocol mqtt is required" }
  }
  if (!isSameSite(headers.origin, headers.host)) {
    return { status: "403 Forbidden", sentence: "this page may not open connections here" }
  }
  return null
}

/** Devices send no Origin. A browser does, and only pages of this very host may connect with what the browser knows. */
function isSameSite(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return true
  const page = URL.parse(origin)
  const here = URL.parse(`http://${host ?? ""}`)
  return page !== null && here !== null && page.hostname === here.hostname
}

/** [MQTT-6.0.0-1, -2]: a text frame ends the connection; packet borders have nothing to do with frame borders. */
function byteStream(webSocket: WebSocket): Duplex {
  const stream = new Duplex({
    read: () => {}, // what is there is pushed
    write: (chunk: Buffer, _encoding, done) => {
      if (webSocket.readyState === webSocket.OPEN) webSocket.send(chunk, done)
      else done()
    },
    final: (done) => {
      webSocket.close(1000)
      done()
    },
    destroy: (error, done) => {
      webSocket.terminate()
      done(error)
    },
  })
  // a stream would read ahead up to its high water mark, paused or not
  stream.on("pause", () => webSocket.pause())
  stream.on("resume", () => {
    if (!stream.isPaused()) webSocket.resume()
  })
  webSocket.on("message", (data: Buffer, isBinary: boolean) => {
    if (isBinary) deliver(stream, data)
    else {
      webSocket.close(UNSUPPORTED_DATA)
      stream.push(null)
    }
  })
  webSocket.on("close", () => {
    stream.push(null)
    stream.destroy()
  })
  webSocket.on("error", () => stream.destroy())
  return stream
}

/** In the portions a socket reads in: a reader that pauses in the middle of a long frame is not given the rest of it. */
function deliver(stream: Duplex, data: Buffer): void {
  for (let at = 0; at < data.length; at += READ_BYTES) stream.push(data.subarray(at, at + READ_BYTES))
}

/** A frame is gathered as a whole before anyone can judge it: `most` bytes, until the client is known. */
function boundBeforeLogin(socket: Duplex, stream: Duplex, most: number): void {
  let taken = 0
  const count = (chunk: Buffer) => {
    taken += chunk.length
    if (taken > most) stream.destroy()
  }
  socket.on("data", count)
  stream.once(ADMITTED, () => socket.off("data", count))
}

function answer(socket: Duplex, status: string, sentence: string): void {
  socket.on("error", () => {})
  const body = `${sentence}\n`
  socket.write(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
  closeLingering(socket) // a peer that never closes must not keep the socket
}

function answerPlainRequest(_request: IncomingMessage, response: import("node:http").ServerResponse): void {
  response.writeHead(426, { "content-type": "text/plain; charset=utf-8", upgrade: "websocket", connection: "close" })
  response.end(`this port speaks MQTT over WebSocket, at ${PATH}\n`)
}
