import { isIP } from "node:net"

/**
 * Is the Host header one of this gateway's names or addresses? A page of another site that makes its own name resolve
 * to this gateway (DNS rebinding) would otherwise count as same-origin here. The port is not judged.
 */
export function isOwnHost(header: string | undefined, own: Iterable<string>): boolean {
  const host = hostIn(header)
  if (host === undefined) return false
  if (host === "localhost" || isLoopback(host)) return true
  for (const name of own) if (plain(name) === host) return true
  return false
}

/** Does the Origin header name the very host, port included, that the request was sent to? Both are https. */
export function isSameOrigin(origin: string, hostHeader: string): boolean {
  try {
    return origin !== "null" && new URL(origin).origin === new URL(`https://${hostHeader}`).origin
  } catch {
    return false
  }
}

/** Does the browser say that a page of this very origin sent the request? Browsers too old to say so send an Origin. */
export function isOwnPage(site: string | undefined, origin: string | undefined, hostHeader: string): boolean {
  if (origin !== undefined && !isSameOrigin(origin, hostHeader)) return false
  return site === undefined ? origin !== undefined : site === "same-origin"
}

function hostIn(header: string | undefined): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(header ?? "")
  if (match === null) return undefined
  const [, literal, name] = match
  if (literal !== undefined) return isIP(literal) === 6 ? plain(literal) : undefined
  return plain(name ?? "")
}

/** One spelling for each name and address: lower case, no final dot, no zone, IPv6 as RFC 5952 writes it. */
function plain(host: string): string {
  const unzoned = host.replace(/%.*$/, "").toLowerCase()
  if (isIP(unzoned) === 6) return new URL(`https://[${unzoned}]`).hostname.slice(1, -1)
  return unzoned.replace(/\.$/, "")
}

function isLoopback(host: string): boolean {
  return host === "::1" || (isIP(host) === 4 && host.startsWith("127."))
}
