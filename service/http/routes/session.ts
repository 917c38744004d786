import { isAdministrator } from "../../access/access-document.ts"
import { type Answer, noContent, ok } from "../answer.ts"
import { openSession } from "../browser-session.ts"
import { passParams, sessionAnswer, sessionRequest, sessionsAnswer } from "../contract-passes.ts"
import type { Desk } from "../desk.ts"
import { type Asker, cookieOf, noCookie } from "../identification.ts"
import { IDLE_MS, type Pass } from "../pass.ts"
import { type Route, route } from "../route.ts"
import { time } from "../time.ts"
import { confirmRoute, found, passOf, shownPass, visible } from "./tokens.ts"

/** Browsers' sessions: a cookie that no script can read, ended by idleness, by its age, and with its user's password. */
export function sessionRoutes(desk: Desk): Route[] {
  const { passes, signIn } = desk
  return [
    route({
      method: "POST",
      path: "/session",
      access: "public",
      summary: "Sign in with a browser; sets the session's cookie",
      refuses: ["unauthenticated", "forbidden", "not-claimed", "too-many-attempts", "busy"],
      body: sessionRequest,
      answers: sessionAnswer,
      success: 201,
      async answer({ address, body, header, assertOwnPage }) {
        assertOwnPage() // or a foreign page could sign a browser in under a name of its own choice
        const user = await signIn.user(address, body.username, body.password)
        const { secret, pass } = openSession(passes, user, address, header("cookie"))
        const judged = passes.look(pass.id)
        const actor = { name: user.username, rights: judged?.rights ?? [] }
        const answer = shown({ actor, pass, confirmed: true }, pass)
        return { ...answer, status: 201, headers: cookieOf(secret), actor: user.username }
      },
    }),
    route({
      method: "GET",
      path: "/session",
      access: "person",
      summary: "Who one is here, and what one may do",
      answers: sessionAnswer,
      answer: (call) => shown(call, passOf(call.pass)),
    }),
    route({
      method: "DELETE",
      path: "/session",
      access: "person",
      summary: "Sign out",
      answer({ pass }) {
        passes.end(passOf(pass).id)
        return { ...noContent, headers: noCookie }
      },
    }),
    confirmRoute("/session/confirm", desk),
    route({
      method: "GET",
      path: "/sessions",
      access: "person",
      summary: "List one's own browser sessions; an administrator sees everyone's",
      answers: sessionsAnswer,
      answer: (call) =>
        ok({ sessions: visible(passes.list(), call, isSession).map((pass) => shownPass(pass, call.pass)) }),
    }),
    route({
      method: "DELETE",
      path: "/sessions/:id",
      access: "person",
      summary: "End one of one's own browser sessions; an administrator ends anyone's",
      refuses: ["not-found"],
      params: passParams,
      answer(call) {
        passes.end(found(passes.list(), call, isSession).id)
        return noContent
      },
    }),
  ]
}

function isSession({ kind }: Pass): boolean {
  return kind === "session"
}

function shown({ actor, confirmed }: Asker, pass: Pass): Answer {
  return ok({
    username: actor.name,
    administrator: isAdministrator(actor.rights),
    permissions: actor.rights,
    expiresAt: time(pass.expiresAt),
    ...(isSession(pass) ? { idleSeconds: IDLE_MS / 1000 } : {}),
    confirmed,
  })
}
