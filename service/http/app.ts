import express, { type Express, type NextFunction, type Request, type Response } from "express"
import { reasonOf } from "../errors.ts"
import type { Logger } from "../log.ts"
import { send } from "./answer.ts"
import { isOwnHost, isSameOrigin } from "./host.ts"
import { outward, Problem } from "./problem.ts"
import type { Route } from "./route.ts"
import type { Serve } from "./serving.ts"

export interface AppOptions {
  /** The gateway's names and addresses, asked at every request: addresses change. */
  readonly hosts: () => Iterable<string>
  readonly log: Logger
  /** What there is, for whoever asks for what there is not. */
  readonly elsewhere?: string
}

/** The chain every request walks: own name, same site, the route's own judgement, and an answer for everything else. */
export function openApp(table: readonly Route[], serve: (route: Route) => Serve, options: AppOptions): Express {
  const { hosts, log, elsewhere = "the API is below /api/v1" } = options
  const app = express()
  for (const setting of ["strict routing", "case sensitive routing"]) app.enable(setting)
  for (const setting of ["x-powered-by", "etag", "query parser"]) app.disable(setting)

  app.use((request, response, next) => {
    response.set(SECURITY_HEADERS)
    assertOrigin(request, hosts())
    next()
  })
  for (const [path, lines] of Map.groupBy(table, (line) => line.path)) {
    const route = app.route(path)
    for (const line of lines) route[VERB[line.method]](serve(line))
    const allow = lines.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ")
    route.all(() => {
      throw new Problem("method-not-allowed", `this address takes ${allow}`, { headers: { Allow: allow } })
    })
  }
  app.use(() => {
    throw new Problem("unknown-route", `there is nothing at this address; ${elsewhere}`)
  })
  // Express tells an error's taker by its four parameters
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    const problem = outward(error instanceof URIError ? new Problem("bad-request", UNDECODABLE) : error)
    if (problem.fault) log.error("request failed outside a route", { reason: reasonOf(error) })
    send(response, problem)
  })
  return app
}

const UNDECODABLE = "the address holds a percent sign that encodes nothing"

const VERB = { GET: "get", POST: "post", PUT: "put", PATCH: "patch", DELETE: "delete" } as const

/** No HSTS: with a local authority it would lock people out whose device does not trust it (webui-and-security A.4). */
const SECURITY_HEADERS = {
  "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cache-Control": "no-store",
}

const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD"])

/** The request names this gateway, in its path's usual form, and does not come from a page of somebody else. */
function assertOrigin(request: Request, own: Iterable<string>): void {
  const { host, origin, "sec-fetch-site": site } = request.headers
  if (request.headersDistinct.host?.length !== 1 || !isOwnHost(host, own)) {
    throw new Problem("misdirected", "use one of this gateway's own names or addresses")
  }
  request.url = originForm(request.url, host ?? "")
  if (SAFE.has(request.method)) return
  const foreignSite = site !== undefined && site !== "same-origin" && site !== "none"
  if (foreignSite || (origin !== undefined && !isSameOrigin(origin, host ?? ""))) {
    throw new Problem("cross-site", "changes are taken from this gateway's own pages only")
  }
}

/**
 * "GET https://gateway.example/x HTTP/1.1" must be taken too, and names a host of its own, which would overrule the
 * header (RFC 9112 3.2.2): it has to be the same.
 */
function originForm(target: string, host: string): string {
  if (target.startsWith("/")) return target
  const [, authority, rest = ""] = /^https:\/\/([^/?#]+)(.*)$/i.exec(target) ?? []
  if (authority?.toLowerCase() !== host.toLowerCase()) {
    throw new Problem("bad-request", "the request's target must begin with /, or name the same host as the Host header")
  }
  return rest.startsWith("/") ? rest : `/${rest}`
}
