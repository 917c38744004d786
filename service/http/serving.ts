import type { Request, Response } from "express"
import type { Actor } from "../access/accounts.ts"
import type { Directory } from "../access/directory.ts"
import { reasonOf } from "../errors.ts"
import type { Logger } from "../log.ts"
import { plainAddress } from "./address.ts"
import { type Answer, send } from "./answer.ts"
import { authorise } from "./authorisation.ts"
import { bodyOf } from "./body.ts"
import { type Outward, outward } from "./problem.ts"
import { queryOf } from "./query.ts"
import type { Route } from "./route.ts"
import { unauthenticated } from "./sign-in.ts"
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
    let refusal: Outward | undefined
    const address = plainAddress(request.socket.remoteAddress)
    const admit = () => {
      who = route.access === "public" ? NOBODY : asker(request, directory, tokens)
      authorise(route, request.params, who.actor)
    }
    try {
      admit()
      const body = await bodyOf(request, response, route)
      admit() // once more: a body may take half a minute, and its sender may lose its rights meanwhile
      const accepts = (...types: string[]) => request.accepts(types) || undefined
      const { params } = request
      answer = await route.answer({ ...who, params, query: queryOf(request.url), body, address, accepts })
    } catch (error) {
      refusal = outward(error)
      if (refusal.fault) log.error("request failed", { route: route.path, reason: reasonOf(error) })
    }
    const outcome = answer ?? refusal ?? outward(undefined)
    const actor = who.actor.name || answer?.actor
    const { method, path } = route
    if (isMutating(route)) log.info("request", { actor, method, route: path, status: outcome.status, address })
    send(response, outcome)
  }
}

function asker(request: Request, directory: Directory, tokens: Tokens): Asker {
  const token = bearerOf(request.headers.authorization)
  if (token === undefined) throw unauthenticated("send a token as Authorization: Bearer")
  const known = tokens.judge(token)
  if (known === undefined) throw unauthenticated("the token is not valid; sign in again")
  return { actor: { name: known.user.username, rights: directory.rights(known.user) }, tokenId: known.id }
}

function isMutating({ method, access }: Route): boolean {
  return method !== "GET" && access !== "read"
}
