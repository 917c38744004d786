import type { Request, Response } from "express"
import type { Directory } from "../access/directory.ts"
import type { Audit } from "../audit.ts"
import { reasonOf } from "../errors.ts"
import type { Logger } from "../log.ts"
import { plainAddress } from "./address.ts"
import { type Answer, send } from "./answer.ts"
import { changeOf } from "./auditing.ts"
import { authorise } from "./authorisation.ts"
import { bodyOf, uploadOf } from "./body.ts"
import { assertConfirmed } from "./confirmation.ts"
import { assertOwnPage, bearerOf, type Identify, NOBODY } from "./identification.ts"
import { type Outward, outward } from "./problem.ts"
import { queryOf } from "./query.ts"
import type { Call, Route } from "./route.ts"
import { unauthenticated } from "./sign-in.ts"
import type { Tokens } from "./token.ts"

export type Serve = (request: Request, response: Response) => Promise<void>

export type ServeParts = {
  readonly log: Logger
  /** Where changes are recorded, each before it is answered; a server that changes nothing has none. */
  readonly audit?: Pick<Audit, "record">
} & ({ readonly identify: Identify } | { readonly directory: Directory; readonly tokens: Tokens })

/**
 * Serves a route: who asks, whether it may, what it says, in this order, so that a stranger learns nothing of a body's
 * faults. Every mutating request leaves one line in the log; no line holds a body, a token or an address as typed.
 */
export function serving(parts: ServeParts): (route: Route) => Serve {
  const { log, audit } = parts
  const identify = "identify" in parts ? parts.identify : byToken(parts.directory, parts.tokens)
  return (route) => async (request, response) => {
    let who = NOBODY
    let answer: Answer | undefined
    let refusal: Outward | undefined
    let body: unknown
    const address = plainAddress(request.socket.remoteAddress)
    const admitted = (still: boolean) => {
      who = route.access === "public" ? NOBODY : identify(request, still)
      authorise(route, request.params, who)
      if (route.confirmed) assertConfirmed(who)
      return who
    }
    try {
      admitted(isUnattended(request))
      body = await bodyOf(request, response, route)
      admitted(true) // once more: a body may take half a minute, and its sender may lose its rights meanwhile
      const upload = () => uploadOf(request, route)
      answer = await route.answer({ ...who, ...asked(request), body, upload, address, admitted: () => admitted(true) })
    } catch (error) {
      refusal = outward(error)
      if (refusal.fault) log.error("request failed", { route: route.path, reason: reasonOf(error) })
    }
    const outcome = answer ?? refusal ?? outward(undefined)
    const actor = who.actor.name || answer?.actor
    const { method, path } = route
    if (isMutating(route)) log.info("request", { actor, method, route: path, status: outcome.status, address })
    if (answer !== undefined && answer.status < 400 && isMutating(route) && !route.changesNothing) {
      const change = changeOf(route, request.params, body, answer)
      await audit?.record({ ...change, actor: actor ?? "", address }).catch((error) => {
        log.error("a change could not be recorded", { actor, method, route: path, reason: reasonOf(error) })
      })
    }
    send(response, outcome)
  }
}

/** The page asks by itself as things happen; an idle session ends all the same. To say so can only shorten one's own. */
function isUnattended({ headers }: Request): boolean {
  return headers["gatehouse-unattended"] === "1"
}

/** For a server that judges in its own way who may come in: whoever does has proved enough. */
function byToken(directory: Directory, tokens: Tokens): Identify {
  return ({ headers }) => {
    const token = bearerOf(headers.authorization)
    const known = token === undefined ? undefined : tokens.judge(token)
    if (known === undefined) throw unauthenticated("the token is not valid; sign in again")
    return {
      actor: { name: known.user.username, rights: directory.rights(known.user) },
      pass: undefined,
      confirmed: true,
    }
  }
}

function asked(request: Request): Pick<Call, "params" | "query" | "accepts" | "language" | "header" | "assertOwnPage"> {
  return {
    params: request.params,
    query: queryOf(request.url),
    accepts: (...types) => request.accepts(types) || undefined,
    language: (...languages) => request.acceptsLanguages(languages) || undefined,
    header(name) {
      const values = request.headersDistinct[name]
      return values?.length === 1 ? values[0] : undefined
    },
    assertOwnPage: () => assertOwnPage(request),
  }
}

function isMutating({ method, access }: Route): boolean {
  return method !== "GET" && access !== "read"
}
