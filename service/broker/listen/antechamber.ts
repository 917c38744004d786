import type { Socket } from "node:net"
import type { Server } from "node:tls"
import { Held } from "../wire/held.ts"
import { type Entrance, passTurnstile } from "./listener.ts"
import { plainAddress } from "./turnstile.ts"

/** The type of the TLS record a handshake begins with, and the bytes of a record's head (RFC 8446 section 5.1). */
const HANDSHAKE = 22
const RECORD_HEAD = 5
/** Bytes of the longest record's body; of a longer one TLS itself is to tell. */
const LONGEST_RECORD = 16384

/**
 * Where TCP connections wait before TLS. A handshake costs the gateway 60 KiB and a signature, a socket that has not sent
 * its ClientHello a tenth of that and no work. So it waits here for its ClientHello, and then for its place among the
 * handshakes under way. All of that within the time for a handshake; the handshake itself then has as much again.
 */
export function waitBeforeTls(server: Server, entrance: Entrance): void {
  const begins = server.listeners("connection")
  server.removeAllListeners("connection")
  const leave = new Map<string, () => void>()
  server.on("secureConnection", (socket) => leave.get(peerOf(socket))?.())
  server.on("connection", (socket: Socket) => {
    if (!passTurnstile(socket, entrance.turnstile)) return
    const peer = peerOf(socket)
    const address = plainAddress(socket.remoteAddress)
    const late = setTimeout(() => {
      entrance.handshakeFailed(address, "no ClientHello in time")
      socket.destroy()
    }, entrance.handshakeMs)
    const begin = () => {
      clearTimeout(late)
      socket.off("error", ignore)
      for (const listener of begins) listener.call(server, socket)
    }
    socket.on("error", ignore) // "close" follows
    socket.once("close", () => {
      clearTimeout(late)
      leave.get(peer)?.()
      leave.delete(peer)
    })
    onHello(socket, () => leave.set(peer, entrance.handshakes.enter(address, begin)))
  })
}

/** Calls `arrived` once the first TLS record is whole; what was read is put back for TLS. Nothing else is judged here. */
function onHello(socket: Socket, arrived: () => void): void {
  const held = new Held()
  let needed = RECORD_HEAD
  const receive = (chunk: Buffer) => {
    held.add(chunk, 0, chunk.length, RECORD_HEAD + LONGEST_RECORD)
    if (held.length >= needed) needed = recordLength(held.bytes)
    if (held.length < needed) return
    socket.off("data", receive).off("end", gone)
    socket.pause()
    socket.unshift(held.take())
    arrived()
  }
  const gone = () => socket.destroy()
  socket.on("data", receive).on("end", gone)
}

/** Bytes to wait for; none where this is no handshake, so that TLS says so at once. */
function recordLength(bytes: Buffer): number {
  const length = bytes.readUInt16BE(RECORD_HEAD - 2)
  return bytes[0] === HANDSHAKE && length <= LONGEST_RECORD ? RECORD_HEAD + length : 0
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`
}

function ignore(): void {}
