import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { reasonOf } from "../../errors.ts"
import type { Logger } from "../../log.ts"
import { openApp } from "../app.ts"
import { NOBODY } from "../identification.ts"
import { bound, CONNECTION_LIMITS, closeWith, type HttpBinding, tracked } from "../listen.ts"
import { serving } from "../serving.ts"
import { plainRoutes, type TrustFacts } from "./routes.ts"

export interface PlainOptions extends HttpBinding {
  /** Names and addresses under which the gateway may be asked for, beside loopback. Asked at every request. */
  readonly hosts: () => Iterable<string>
  readonly facts: TrustFacts
  readonly log: Logger
}

/** Enough for people who look; the port is open to everyone and does nothing else. */
const MOST_CONNECTIONS = 50

/**
 * Opens the port without TLS: how to reach the page, and the certificate that a browser needs to trust it. It takes
 * nothing, keeps nothing and knows nobody. Rejects with `port-in-use` or `listen-failed`.
 */
export async function openPlain(options: PlainOptions): Promise<AsyncDisposable & { readonly port: number }> {
  const { hosts, facts, log } = options
  await using stack = new AsyncDisposableStack()
  const serve = serving({ identify: () => NOBODY, log })
  const app = openApp(plainRoutes(facts), serve, { hosts, log, elsewhere: "the page of this port is at /" })
  const server = createServer({ ...CONNECTION_LIMITS }, app)
  const sockets = tracked(server, MOST_CONNECTIONS)
  await bound(server, "http", options)
  server.on("error", (error) => log.warn("a connection could not be accepted", { reason: reasonOf(error) }))
  closeWith(stack, server, sockets)
  const { port } = server.address() as AddressInfo
  const held = stack.move()
  return { port, [Symbol.asyncDispose]: () => held.disposeAsync() }
}
