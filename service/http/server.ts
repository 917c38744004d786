import type { IncomingMessage } from "node:http"
import { createServer, type Server, type ServerOptions } from "node:https"
import { type AddressInfo, Socket } from "node:net"
import type { Duplex } from "node:stream"
import { setTimeout as sleep } from "node:timers/promises"
import { GatewayError, reasonOf } from "../errors.ts"
import { openApp } from "./app.ts"
import { openDesk } from "./desk.ts"
import { EventStreams } from "./event-streams.ts"
import { identification } from "./identification.ts"
import type { Gateway } from "./ports.ts"
import { routeTable } from "./routes/routes.ts"
import { serving } from "./serving.ts"

export interface HttpOptions {
  /** An address, or "*" for all interfaces. */
  readonly host: string
  /** 0 takes any free one. */
  readonly port: number
  readonly keyPem: string
  /** Leaf first, then what leads to the root. */
  readonly certPem: string
  /** Names and addresses under which the gateway may be asked for, beside loopback. Asked at every request. */
  readonly hosts: () => Iterable<string>
  /** Takes the WebSocket upgrades, each with its path to judge; without it they are cut off. */
  readonly onUpgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Connections at once, upgraded ones among them. Default 1000. */
  readonly maxConnections?: number
  readonly gateway: Gateway
}

export interface Http extends AsyncDisposable {
  readonly port: number
  /** Serves another certificate from the next connection on. Throws when the two do not belong together. */
  replaceCertificate(keyPem: string, certPem: string): void
}

const LIMITS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
  handshakeTimeout: 10_000,
} as const satisfies ServerOptions

/** A connection on which nothing moves at all, such as a peer that vanished while it was sent an answer. */
const SILENCE_MS = 120_000
const GRACE_MS = 1000

/** Opens the HTTPS API. Rejects with `port-in-use` or `listen-failed`. Disposing it ends every connection. */
export async function openHttp(options: HttpOptions): Promise<Http> {
  const { gateway, hosts } = options
  const log = gateway.log.for("http")
  await using stack = new AsyncDisposableStack()
  const desk = openDesk(gateway, stack)
  const streams = new EventStreams(gateway.events)
  const serve = serving({ identify: identification(desk.passes), log })
  const app = openApp(routeTable(gateway, desk, streams), serve, { hosts, log })
  const server = createServer({ ...LIMITS, ...tls(options.keyPem, options.certPem) }, app)
  const sockets = limited(server, options)
  await listening(server, options)
  server.on("error", (error) => log.warn("a connection could not be accepted", { reason: reasonOf(error) }))
  closeWith(stack, server, sockets)
  stack.use(streams) // ended first: the closing waits for every connection
  const { port } = server.address() as AddressInfo
  const held = stack.move()
  return {
    port,
    replaceCertificate: (keyPem, certPem) => server.setSecureContext(tls(keyPem, certPem)),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

/** Nobody is asked for a client certificate: a browser would nag the technician for one. */
function tls(keyPem: string, certPem: string) {
  return { key: keyPem, cert: certPem, minVersion: "TLSv1.2" } as const
}

/** Bounds what the connections can take, and says which are open, before and after an upgrade. */
function limited(server: Server, { maxConnections = 1000, onUpgrade }: HttpOptions): ReadonlySet<Duplex> {
  const sockets = new Set<Duplex>()
  server.maxConnections = maxConnections
  server.setTimeout(SILENCE_MS)
  server.on("connection", (socket) => {
    sockets.add(socket)
    socket.once("close", () => sockets.delete(socket))
  })
  server.on("upgrade", (request, socket, head) => {
    if (onUpgrade === undefined) return void socket.destroy()
    if (socket instanceof Socket) socket.setTimeout(0) // its new owner has time limits of its own
    onUpgrade(request, socket, head)
  })
  return sockets
}

function listening(server: Server, { host, port }: HttpOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(listenFailure(error, host, port))
    server.once("error", failed)
    server.listen({ port, ...(host === "*" ? {} : { host }) }, () => {
      server.off("error", failed)
      resolve()
    })
  })
}

function listenFailure(error: Error, host: string, port: number): GatewayError {
  const where = host === "*" ? `port ${port}` : `port ${port} of ${host}`
  if ("code" in error && error.code === "EADDRINUSE") {
    const remedy = "stop the program that uses it, or give the listener another port in the configuration"
    return new GatewayError("port-in-use", `the https listener cannot open ${where}: it is in use; ${remedy}`)
  }
  const remedy = "check the address and the port in the configuration"
  return new GatewayError("listen-failed", `the https listener cannot open ${where}; ${remedy}`, { cause: error })
}

/** Asks every connection to end, and ends those that have not after a short grace; upgraded ones too. */
function closeWith(stack: AsyncDisposableStack, server: Server, sockets: ReadonlySet<Duplex>): void {
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
