import { isAdministrator } from "../../access/access-document.ts"
import { created, noContent, ok } from "../answer.ts"
import { API, tokenAnswer, tokenRequest } from "../contract.ts"
import { confirmRequest, keptTokenAnswer, keptTokenRequest, passParams, tokensAnswer } from "../contract-passes.ts"
import type { Desk } from "../desk.ts"
import type { Asker } from "../identification.ts"
import type { Pass } from "../pass.ts"
import type { Gateway } from "../ports.ts"
import { Problem } from "../problem.ts"
import { type Route, route } from "../route.ts"
import { time } from "../time.ts"

/** Signing in and out for programs, and the tokens that programs keep. */
export function tokenRoutes({ directory }: Gateway, desk: Desk): Route[] {
  const { passes, kept, signIn } = desk
  return [
    route({
      method: "POST",
      path: "/tokens",
      access: "public",
      summary: "Sign in with a password and get a token",
      refuses: ["unauthenticated", "forbidden", "not-claimed", "too-many-attempts", "busy"],
      body: tokenRequest,
      answers: tokenAnswer,
      success: 201,
      async answer({ address, body }) {
        const user = await signIn.user(address, body.username, body.password)
        const { secret, pass } = passes.issue(user, { kind: "sign-in", ttlMs: body.ttlSeconds * 1000, address })
        return { ...created({ token: secret, expiresAt: time(pass.expiresAt) }), actor: user.username }
      },
    }),
    route({
      method: "GET",
      path: "/tokens",
      access: "person",
      summary: "List one's own tokens; an administrator sees everyone's",
      answers: tokensAnswer,
      answer: (call) => ok({ tokens: visible(passes.list(), call, isToken).map((pass) => shown(pass, call)) }),
    }),
    route({
      method: "DELETE",
      path: "/tokens/current",
      access: "token",
      summary: "Sign out",
      refuses: ["disk-failed"],
      async answer({ pass }) {
        if (pass?.kind === "kept") await kept.end(pass.id)
        else passes.end(passOf(pass).id)
        return noContent
      },
    }),
    route({
      method: "DELETE",
      path: "/tokens/:id",
      access: "person",
      summary: "End one of one's own tokens; an administrator ends anyone's",
      refuses: ["not-found", "disk-failed"],
      params: passParams,
      async answer(call) {
        const pass = found(passes.list(), call, isToken)
        if (pass.kind === "kept") await kept.end(pass.id)
        else passes.end(pass.id)
        return noContent
      },
    }),
    confirmRoute("/tokens/current/confirm", desk),
    route({
      method: "POST",
      path: "/account/tokens",
      access: "person",
      summary: "Make a token for a program to keep, with a part of one's own permissions; shown once",
      confirmed: true,
      refuses: ["forbidden", "conflict", "disk-failed"],
      body: keptTokenRequest,
      answers: keptTokenAnswer,
      success: 201,
      async answer({ pass, actor, address, body: { ttlSeconds, ...wish } }) {
        passOf(pass)
        const user = directory.users.get(actor.name)
        if (user === undefined) throw new Problem("forbidden", "only a user can have tokens")
        const made = await kept.issue(user, { ...wish, ttlMs: ttlSeconds * 1000, address })
        const { id, label = "", expiresAt } = made.pass
        return created({ id, label, token: made.secret, expiresAt: time(expiresAt) }, `${API}/tokens/${id}`)
      },
    }),
  ]
}

/** The password once more, for the pass that asks; the same for a browser's session and for a token. */
export function confirmRoute(path: string, { passes, signIn }: Desk): Route {
  return route({
    method: "POST",
    path,
    access: "person",
    changesNothing: true,
    summary: "Give the password again; dangerous acts are then taken for five minutes",
    refuses: ["wrong-password", "too-many-attempts", "busy"],
    body: confirmRequest,
    async answer({ pass, actor, address, body }) {
      const { id } = passOf(pass)
      await signIn.confirm(address, actor.name, body.password)
      passes.confirm(id)
      return noContent
    },
  })
}

/** The pass of a request that must have come with one; whoever is let in otherwise has none to speak of. */
export function passOf(pass: Pass | undefined): Pass {
  if (pass === undefined) throw new Problem("forbidden", "this is for those who signed in")
  return pass
}

/** What this person may see of the passes: their own; an administrator everyone's. */
export function visible(all: readonly Pass[], { actor }: Asker, isKind: (pass: Pass) => boolean): Pass[] {
  const everyone = isAdministrator(actor.rights)
  return all.filter((pass) => isKind(pass) && (everyone || pass.username === actor.name))
}

/** One of them, by its id. What belongs to somebody else looks like what does not exist. */
export function found(
  all: readonly Pass[],
  call: Asker & { readonly params: { readonly id: string } },
  isKind: (pass: Pass) => boolean,
): Pass {
  const pass = visible(all, call, isKind).find(({ id }) => id === call.params.id)
  if (pass === undefined) throw new Problem("not-found", "there is none with this id")
  return pass
}

function isToken({ kind }: Pass): boolean {
  return kind !== "session"
}

function shown(pass: Pass, { pass: own }: Asker) {
  return { ...shownPass(pass, own), kind: pass.kind, label: pass.label, permissions: pass.scope }
}

export function shownPass({ id, username, createdAt, expiresAt, lastUsedAt, address }: Pass, own: Pass | undefined) {
  return {
    id,
    username,
    createdAt: time(createdAt),
    expiresAt: time(expiresAt),
    ...(lastUsedAt === undefined ? {} : { lastUsedAt: time(lastUsedAt) }),
    address,
    current: id === own?.id,
  }
}
