import type { IncomingMessage } from "node:http"
import { createServer, type Server } from "node:https"
import { type AddressInfo, Socket } from "node:net"
import type { Duplex } from "node:stream"
import { fileURLToPath } from "node:url"
import { reasonOf } from "../errors.ts"
import { openApp } from "./app.ts"
import { openDesk } from "./desk.ts"
import { identification } from "./identification.ts"
import { bound, CONNECTION_LIMITS, closeWith, type HttpBinding, tracked } from "./listen.ts"
import { loadPage } from "./page-files.ts"
import type { Gateway } from "./ports.ts"
import { openStreams, routeTable } from "./routes/routes.ts"
import { serving } from "./serving.ts"

export interface HttpOptions extends HttpBinding {
  readonly keyPem: string
  /** Leaf first, then what leads to the root. */
  readonly certPem: string
  /** Names and addresses under which the gateway may be asked for, beside loopback. Asked at every request. */
  readonly hosts: () => Iterable<string>
  /** Takes the WebSocket upgrades, each with its path to judge; without it they are cut off. */
  readonly onUpgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Connections at once, upgraded ones among them. Default 1000. */
  readonly maxConnections?: number
  /** Folder of the built page. Default: where `npm run build:page` puts it. */
  readonly page?: string
  readonly gateway: Gateway
}

export interface Http extends AsyncDisposable {
  readonly port: number
  /** Serves another certificate from the next connection on. Throws when the two do not belong together. */
  replaceCertificate(keyPem: string, certPem: string): void
}

const HANDSHAKE_MS = 10_000
/** For the slowest upload; every other body has less (body.ts). */
const UPLOAD_MS = 3_600_000

const BUILT_PAGE = fileURLToPath(new URL("../../dist/webui/", import.meta.url))

/** Opens the HTTPS API. Rejects with `port-in-use` or `listen-failed`. Disposing it ends every connection. */
export async function openHttp(options: HttpOptions): Promise<Http> {
  const { gateway, hosts } = options
  const log = gateway.log.for("http")
  await using stack = new AsyncDisposableStack()
  const desk = openDesk(gateway, stack)
  const streams = openStreams(gateway)
  const serve = serving({ identify: identification(desk.passes), log, audit: gateway.audit })
  const table = routeTable(gateway, desk, streams, await loadPage(options.page ?? BUILT_PAGE))
  const app = openApp(table, serve, { hosts, log })
  const server = createServer(
    {
      ...CONNECTION_LIMITS,
      requestTimeout: UPLOAD_MS,
      handshakeTimeout: HANDSHAKE_MS,
      ...tls(options.keyPem, options.certPem),
    },
    app,
  )
  const sockets = tracked(server, options.maxConnections ?? 1000)
  upgrading(server, options.onUpgrade)
  await bound(server, "https", options)
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

function upgrading(server: Server, onUpgrade: HttpOptions["onUpgrade"]): void {
  server.on("upgrade", (request, socket, head) => {
    if (onUpgrade === undefined) return void socket.destroy()
    if (socket instanceof Socket) socket.setTimeout(0) // its new owner has time limits of its own
    onUpgrade(request, socket, head)
  })
}
