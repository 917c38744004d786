import type { IncomingMessage, ServerResponse } from "node:http"
import type { Server, Socket } from "node:net"
import type { Duplex } from "node:stream"
import type { PresentedCertificate } from "../../ca/trust.ts"
import { GatewayError } from "../../errors.ts"
import type { Origin } from "../gate/admission.ts"
import type { Handshakes } from "./handshakes.ts"
import { plainAddress, type Turnstile } from "./turnstile.ts"

export type ListenerName = Origin["listener"]

/** Where a listener binds: "*" is every interface, port 0 any free one. */
export interface Binding {
  readonly host: string
  readonly port: number
}

/** Key and chain that a TLS listener shows, and the authorities whose client certificates it asks for; all PEM. */
export interface TlsMaterial {
  readonly key: string
  readonly cert: string
  readonly ca: readonly string[]
}

export type OnRequest = (
  request: IncomingMessage,
  response: ServerResponse,
  certificate: PresentedCertificate | undefined,
) => void

/** What every listener hands its byte streams to. */
export interface Entrance {
  readonly turnstile: Turnstile
  readonly handshakes: Handshakes
  /** Milliseconds for a TLS or WebSocket handshake. */
  readonly handshakeMs: number
  /** Bytes of the largest packet before the login. */
  readonly bytesBeforeLogin: number
  /** Bytes of the largest WebSocket frame. */
  readonly frameBytes: number
  enter(stream: Duplex, origin: Origin, plainSocket: boolean): void
  /** An HTTP request at the port of wss that is no upgrade, with the certificate its sender showed. */
  readonly onRequest: OnRequest | undefined
  /** A TLS handshake failed; there is no client to answer. */
  handshakeFailed(address: string, why: string): void
}

/** A bound listener. */
export interface Listener {
  readonly name: ListenerName
  readonly port: number
  /** Shows another certificate and trusts other authorities from the next handshake on; plain listeners ignore it. */
  swap(material: TlsMaterial): void
  /** Takes no more connections; the open ones are the broker's to end. */
  close(): Promise<void>
}

export const BACKLOG = 1024

/** The event by which a byte stream learns that its client was let in. */
export const ADMITTED = "admitted"

/** Lets a socket in past the turnstile, or drops it. To be called for each accepted TCP connection. */
export function passTurnstile(socket: Socket, turnstile: Turnstile): boolean {
  const address = plainAddress(socket.remoteAddress)
  if (!turnstile.enter(address)) {
    socket.on("error", () => {})
    socket.destroy()
    return false
  }
  socket.once("close", () => turnstile.leave(address))
  return true
}

/** Resolves with the port once bound; rejects with a sentence that names listener and port. */
export function bind(server: Server, name: ListenerName, { host, port }: Binding): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => reject(bindFailure(error, name, host, port))
    server.once("error", failed)
    server.listen({ port, backlog: BACKLOG, ...(host === "*" ? {} : { host }) }, () => {
      server.off("error", failed)
      server.on("error", () => {}) // accept failures (EMFILE) pass; the next accept tries again
      const address = server.address()
      resolve(typeof address === "object" && address !== null ? address.port : port)
    })
  })
}

function bindFailure(error: NodeJS.ErrnoException, name: string, host: string, port: number): GatewayError {
  const where = `${name} listener on ${host === "*" ? "every interface" : host}, port ${port}`
  if (error.code === "EADDRINUSE") {
    const remedy = `end the other program or set listeners.${name}.port in the configuration`
    return new GatewayError("port-in-use", `the ${where}: another program listens there; ${remedy}`, { cause: error })
  }
  const remedy = error.code === "EACCES" ? "ports below 1024 need CAP_NET_BIND_SERVICE" : `check listeners.${name}.host`
  return new GatewayError("listen-failed", `the ${where} cannot be opened; ${remedy}`, { cause: error })
}

export function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
  })
}
