import type { Server as PlainServer, ServerOptions } from "node:http"
import type { Server as TlsServer } from "node:https"
import type { Socket } from "node:net"
import type { Duplex } from "node:stream"
import { setTimeout as sleep } from "node:timers/promises"
import { GatewayError } from "../errors.ts"
import { plainAddress } from "./address.ts"

type Server = PlainServer | TlsServer

export interface HttpBinding {
  /** An address, or "*" for all interfaces. */
  readonly host: string
  /** 0 takes any free one. */
  readonly port: number
}

/** What one connection may take of time and room before it has said anything. */
export const CONNECTION_LIMITS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
} as const satisfies ServerOptions

/** A connection on which nothing moves at all, such as a peer that vanished while it was sent an answer. */
const SILENCE_MS = 120_000
const GRACE_MS = 1000

/** One address may hold this part of all connections, so that whoever only opens them leaves the others theirs. */
const SHARE = 4

/** Bounds how many connections there are, in all and of one address, and says which are open, also after an upgrade. */
export function tracked(server: Server, maxConnections: number): ReadonlySet<Duplex> {
  const sockets = new Set<Duplex>()
  const perAddress = new Map<string, number>()
  const mostPerAddress = Math.ceil(maxConnections / SHARE)
  server.maxConnections = maxConnections
  server.setTimeout(SILENCE_MS)
  server.on("connection", (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress)
    const here = (perAddress.get(address) ?? 0) + 1
    if (here > mostPerAddress) return void socket.destroy()
    perAddress.set(address, here)
    sockets.add(socket)
    socket.once("close", () => {
      sockets.delete(socket)
      const left = (perAddress.get(address) ?? 1) - 1
      if (left > 0) perAddress.set(address, left)
      else perAddress.delete(address)
    })
  })
  return sockets
}

/** Resolves once the server listens; rejects with `port-in-use` or `listen-failed`, naming the listener. */
export function bound(server: Server, name: "http" | "https", { host, port }: HttpBinding): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(listenFailure(error, name, host, port))
    server.once("error", failed)
    server.listen({ port, ...(host === "*" ? {} : { host }) }, () => {
      server.off("error", failed)
      resolve()
    })
  })
}

function listenFailure(error: Error, name: string, host: string, port: number): GatewayError {
  const where = host === "*" ? `port ${port}` : `port ${port} of ${host}`
  if ("code" in error && error.code === "EADDRINUSE") {
    const remedy = "stop the program that uses it, or give the listener another port in the configuration"
    return new GatewayError("port-in-use", `the ${name} listener cannot open ${where}: it is in use; ${remedy}`)
  }
  const remedy = "check the address and the port in the configuration"
  return new GatewayError("listen-failed", `the ${name} listener cannot open ${where}; ${remedy}`, { cause: error })
}

/** Asks every connection to end, and ends those that have not after a short grace; upgraded ones too. */
export function closeWith(stack: AsyncDisposableStack, server: Server, sockets: ReadonlySet<Duplex>): void {
  stack.defer(async () => {
    const grace = new AbortController()
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    const over = sleep(GRACE_MS, undefined, { signal: grace.signal }).catch(() => {})
    await Promise.race([closed, over])
    grace.abort()
    for (const socket of sockets) socket.destroy()
    await closed
  })
}
