import type { Request } from "express"
import type { Actor } from "../access/actor.ts"
import type { Trusted } from "../ca/verdict.ts"
import { plainAddress } from "./address.ts"
import { isOwnPage } from "./host.ts"
import type { Pass, Passes } from "./pass.ts"
import { Problem } from "./problem.ts"
import { unauthenticated } from "./sign-in.ts"

/** Who asks, and on what ground. */
export interface Asker {
  readonly actor: Actor
  /** Undefined on a public route, and for who needs none. */
  readonly pass: Pass | undefined
  /** The password was given within the last minutes. */
  readonly confirmed: boolean
  /** What was shown in the TLS handshake and is good; at the devices' port alone. */
  readonly certificate?: Trusted
}

/**
 * Finds out who sent a request; throws `unauthenticated` and `cross-site`. `still` when it is asked again while an
 * answer lasts: that is nobody's activity, and keeps no idle session alive.
 */
export type Identify = (request: Request, still?: boolean) => Asker

export const NOBODY: Asker = { actor: { name: "", rights: [] }, pass: undefined, confirmed: false }

const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD"])

/** By a token in the Authorization header, or else by a browser's session cookie. A URL is never looked at. */
export function identification(passes: Passes): Identify {
  return (request, still = false) => {
    const address = still ? undefined : plainAddress(request.socket.remoteAddress)
    const { authorization, cookie } = request.headers
    const session = authorization === undefined ? sessionIn(cookie) : undefined
    // a browser adds the cookie by itself: whoever made it do so must be a page of ours
    if (session !== undefined && !SAFE.has(request.method)) assertOwnPage(request)
    const token = bearerOf(authorization)
    if (token === undefined && session === undefined) throw unauthenticated("send a token as Authorization: Bearer")
    const judged =
      token !== undefined
        ? passes.judge(token, ["sign-in", "kept"], address)
        : passes.judge(session ?? "", ["session"], address)
    if (judged === undefined) throw unauthenticated("the token or the session is not valid; sign in again")
    const { user, rights, pass, confirmed } = judged
    return { actor: { name: user.username, rights }, pass, confirmed }
  }
}

/** Throws `cross-site` unless the browser says that a page of this gateway sent the request. */
export function assertOwnPage({ headers }: Pick<Request, "headers">): void {
  if (isOwnPage(headers["sec-fetch-site"], headers.origin, headers.host ?? "")) return
  throw new Problem("cross-site", "with a session, changes are taken from this gateway's own pages only")
}

/** The token of an Authorization header; undefined for any other scheme or form. */
export function bearerOf(header: string | undefined): string | undefined {
  return /^Bearer +(gh_[A-Za-z0-9_-]{43})$/i.exec(header ?? "")?.[1]
}

// `__Host-`: a browser takes it over TLS only, from this very host, for all of its paths; no other site can plant it
const COOKIE = "__Host-sid"
const ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Strict"

/** The session in a Cookie header; none when there are two of them, as one is not ours. */
export function sessionIn(header: string | undefined): string | undefined {
  const found = (header ?? "").split(";").flatMap((pair) => {
    const [name, value, ...rest] = pair.trim().split("=")
    return name === COOKIE && rest.length === 0 && value !== undefined ? [value] : []
  })
  return found.length === 1 && /^[A-Za-z0-9_-]{43}$/.test(found[0] ?? "") ? found[0] : undefined
}

/** Ends with the browser; the gateway ends it sooner. */
export function cookieOf(session: string): Readonly<Record<string, string>> {
  return { "Set-Cookie": `${COOKIE}=${session}; ${ATTRIBUTES}` }
}

export const noCookie: Readonly<Record<string, string>> = {
  "Set-Cookie": `${COOKIE}=; ${ATTRIBUTES}; Max-Age=0`,
  // the cookie with the chosen language and theme stays: whoever signs in next reads the same language
  "Clear-Site-Data": '"cache", "storage"',
}
