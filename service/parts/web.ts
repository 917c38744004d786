import { urlsOf } from "../addresses.ts"
import type { Config } from "../config.ts"
import { openPlain } from "../http/plain/server.ts"
import type { Gateway } from "../http/ports.ts"
import { type HttpOptions, openHttp } from "../http/server.ts"
import type { ServerCertificates } from "./server-certificates.ts"

export interface WebParts {
  readonly config: Config
  readonly servers: ServerCertificates
  readonly gateway: Gateway
  readonly onUpgrade: NonNullable<HttpOptions["onUpgrade"]>
  /** Told why the port beside the page is not open: that only helps people, so everything else goes on. */
  readonly leftClosed: (error: unknown) => void
}

/** The ports of what is open; the page is not where it is switched off, and then nothing stands beside it. */
export interface Web extends AsyncDisposable {
  readonly ports: Readonly<Partial<Record<"https" | "http", number>>>
}

/** Opens the page with the API, and beside it the port without TLS. Rejects with `port-in-use` or `listen-failed`. */
export async function openWeb(web: WebParts): Promise<Web> {
  const { config, servers, gateway, onUpgrade, leftClosed } = web
  await using parts = new AsyncDisposableStack()
  const ports: Web["ports"] = config.listeners.https.enabled ? await opened() : {}
  const held = parts.move()
  return { ports, [Symbol.asyncDispose]: () => held.disposeAsync() }

  async function opened(): Promise<Web["ports"]> {
    const hosts = () => Object.values(servers.reachable()).flat()
    const { key: keyPem, cert: certPem } = servers.page()
    const maxConnections = config.limits.connections
    const page = parts.use(
      await openHttp({ ...config.listeners.https, keyPem, certPem, hosts, onUpgrade, maxConnections, gateway }),
    )
    servers.onPage(({ key, cert }) => page.replaceCertificate(key, cert))
    const { host, port: https } = { ...config.listeners.https, port: page.port }
    if (!config.listeners.http.enabled) return { https }
    const urls = () => urlsOf({ name: "https", host, port: https }, servers.reachable())
    const facts = { hostname: config.hostname, authority: servers.pageAuthority, urls }
    const opening = openPlain({ ...config.listeners.http, hosts, facts, log: gateway.log })
    const plain = await opening.catch(leftClosed)
    return plain === undefined ? { https } : { https, http: parts.use(plain).port }
  }
}
