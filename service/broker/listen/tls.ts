import { createServer, type SecureContextOptions, type TLSSocket, type TlsOptions } from "node:tls"
import type { PresentedCertificate } from "../../ca/trust.ts"
import { reasonOf } from "../../errors.ts"
import { waitBeforeTls } from "./antechamber.ts"
import { type Binding, bind, closed, type Entrance, type Listener, type TlsMaterial } from "./listener.ts"
import { READ_BYTES } from "./tcp.ts"
import { plainAddress } from "./turnstile.ts"

/** A client may send this many certificates beyond its own; the judge takes no longer path. */
const MAX_CHAIN = 4

/** MQTT over TLS, for passwords and certificates on one port. */
export async function listenTls(binding: Binding, material: TlsMaterial, entrance: Entrance): Promise<Listener> {
  const options = { ...tlsOptions(material, entrance.handshakeMs), noDelay: true, highWaterMark: READ_BYTES }
  const server = createServer(options, (socket) => {
    const certificate = presentedBy(socket)
    entrance.enter(socket, { listener: "mqtts", address: plainAddress(socket.remoteAddress), certificate }, false)
  })
  waitBeforeTls(server, entrance)
  server.on("tlsClientError", (error, socket) => {
    entrance.handshakeFailed(plainAddress(socket.remoteAddress), reasonOf(error))
    socket.destroy() // past its deadline Node only tells of it
  })
  const port = await bind(server, "mqtts", binding)
  return { name: "mqtts", port, swap: (next) => server.setSecureContext(contextOf(next)), close: () => closed(server) }
}

/**
 * Every handshake is let through and the certificate judged afterwards, in one place that default-denies: only so is
 * the reason of a refusal known (rejectUnauthorized leaves a bare ECONNRESET). No ticketKeys ever: a swap of the context
 * must make old session tickets worthless.
 */
export function tlsOptions(material: TlsMaterial, handshakeMs: number): TlsOptions {
  return { ...contextOf(material), requestCert: true, rejectUnauthorized: false, handshakeTimeout: handshakeMs }
}

function contextOf({ key, cert, ca }: TlsMaterial): SecureContextOptions {
  return { key, cert, ca: [...ca], minVersion: "TLSv1.2", allowPartialTrustChain: true } as SecureContextOptions
}

/** What the peer showed, and what OpenSSL thinks of it; undefined when it showed nothing. */
export function presentedBy(socket: TLSSocket): PresentedCertificate | undefined {
  const leaf = socket.getPeerX509Certificate()
  if (leaf === undefined) return undefined
  const intermediates: Buffer[] = []
  let issuer = leaf.issuerCertificate
  while (issuer !== undefined && intermediates.length < MAX_CHAIN) {
    intermediates.push(issuer.raw)
    issuer = issuer.issuerCertificate === issuer ? undefined : issuer.issuerCertificate
  }
  const { authorizationError } = socket as { authorizationError?: Error | string | null }
  return {
    leaf: leaf.raw,
    intermediates,
    resumed: socket.isSessionReused(),
    authorizationError: authorizationError ? codeOf(authorizationError) : undefined,
  }
}

function codeOf(error: Error | string): string {
  return typeof error === "string" ? error : ((error as NodeJS.ErrnoException).code ?? error.message)
}
