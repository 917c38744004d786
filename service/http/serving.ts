import type { Request, Response } from "express"
import type { Actor } from "../access/accounts.ts"
import type { Directory } from "../access/directory.ts"
import { reasonOf } from "../errors.ts"
import type { Logger } from "../log.ts"
import { plainAddress } from "./address.ts"
import { type Answer, send } from "./answer.ts"
import { authorise } from "./authorisation.ts"
import { bodyOf } from "./body.ts"
import { outward, Problem } from "./problem.ts"
import { queryOf } from "./query.ts"
import type { Route } from "./route.ts"
import { CHALLENGE } from "./sign-in.ts"
import { bearerOf, type Tokens } from "./token.ts"

export type Serve = (request: Request, response: Response) => Promise<void>

export interface ServeParts {
  readonly directory: Directory
  readonly tokens: Tokens
  readonly log: Logger
}

interface Asker {
  readonly actor: Actor
  readonly tokenId: string
}

const NOBODY: Asker = { actor: { name: "", rights: [] }, tokenId: "" }

/**
 * Serves a route: who asks, whether it may, what it says, in this order, so that a stranger learns nothing of a body's
 * faults. Every mutating request leaves one line in the log; no line holds a body, a token or an address as typed.
 */
export function serving({ directory, tokens, log }: ServeParts): (route: Route) => Serve {
  return (route) => async (request, response) => {
    let who = NOBODY
    let answer: Answer | undefined
    let failure: unknown
    try {
      if (route.access !== "public") who = asker(request, directory, tokens)
      authorise(route, request.params, who.actor)
      answer = await route.answer({
        ...who,
        params: request.params,
        query: queryOf(request.url),
        body: await bodyOf(request, response, route),
        address: plainAddress(request.socket.remoteAddress),
        accepts: (...types) => request.accepts(types) || undefined,
      })
    } catch (error) {
      failure = error
    }
    const outcome = answer ?? outward(failure)
    const line = { method: route.method, route: route.path, status: outcome.status }
    const actor = who.actor.name || answer?.actor
    if (outcome.status >= 500 && failure !== undefined)
      log.error("request failed", { ...line, reason: reasonOf(failure) })
    if (isMutating(route)) log.info("request", { actor, ...line, address: plainAddress(request.socket.remoteAddress) })
    send(response, outcome)
  }
}

function asker(request: Request, directory: Directory, tokens: Tokens): Asker {
  const token = bearerOf(request.headers.authorization)
  const known = token === undefined ? undefined : tokens.judge(token)
  if (known === undefined) {
    const detail =
      token === undefined ? "send a token as Authorization: Bearer" : "the token is not valid; sign in again"
    throw new Problem("unauthenticated", detail, { headers: CHALLENGE })
  }
  return { actor: { name: known.user.username, rights: directory.rights(known.user) }, tokenId: known.id }
}

function isMutating({ method, access }: Route): boolean {
  return method !== "GET" && access !== "read"
}
