import { z } from "zod"
import type { Answer } from "../answer.ts"
import { openSession } from "../browser-session.ts"
import type { Desk } from "../desk.ts"
import { html } from "../html.ts"
import { cookieOf, sessionIn } from "../identification.ts"
import type { Gateway } from "../ports.ts"
import { type Route, route } from "../route.ts"
import { type Failure, failureOf } from "./failure.ts"
import { FORM, lookQuery, typed } from "./form.ts"
import { keeping, type Look, lookOf } from "./look.ts"
import { button, type Frame, field, notice, shownPage } from "./markup.ts"
import { TEXTS } from "./texts.ts"

const HTML = "text/html"

/** Signing in, and what one sees after signing out. */
export function loginRoutes({ directory }: Gateway, { passes, signIn }: Desk, frame: Frame): Route[] {
  return [
    route({
      method: "GET",
      path: "/login",
      access: "public",
      summary: "The form to sign in",
      query: lookQuery,
      types: [HTML],
      success: [200, 303],
      answer(call) {
        if (!directory.claimed) return seeOther("/claim")
        const session = sessionIn(call.header("cookie"))
        const isIn = session !== undefined && passes.judge(session, ["session"], undefined) !== undefined
        if (isIn && call.query.lang === undefined) return seeOther("/")
        return loginPage(frame, lookOf(call, call.query.lang), "", undefined, call.query.lang !== undefined)
      },
    }),
    route({
      method: "POST",
      path: "/login",
      access: "public",
      summary: "Signs in by the form; goes on to the page",
      query: lookQuery,
      body: z.strictObject({ username: typed, password: typed }),
      raw: FORM,
      types: [HTML],
      success: [303, 400, 401, 403, 429, 503],
      refuses: ["not-claimed"],
      async answer(call) {
        const look = lookOf(call, call.query.lang)
        const { username, password } = call.body
        const { wrong, noRights } = TEXTS[look.language].login
        try {
          call.assertOwnPage() // or a foreign page could sign a browser in under a name of its own choice
          const user = await signIn.user(call.address, username.trim(), password)
          const { secret } = openSession(passes, user, call.address, call.header("cookie"))
          // always to the same place: whoever may choose it could lead people elsewhere
          return { ...seeOther("/"), headers: { Location: "/", ...cookieOf(secret) }, actor: user.username }
        } catch (error) {
          const failure = failureOf(error, look, { unauthenticated: wrong, forbidden: noRights, "bad-request": wrong })
          return loginPage(frame, look, username, failure)
        }
      },
    }),
    route({
      method: "GET",
      path: "/signed-out",
      access: "public",
      summary: "Says that one is signed out",
      query: lookQuery,
      types: [HTML],
      answer(call) {
        const look = lookOf(call, call.query.lang)
        const { title, done, again } = TEXTS[look.language].out
        const content = html`<p>${done}</p>
<p class="actions"><a class="button button-primary" href="/login">${again}</a></p>
`
        const kept = call.query.lang === undefined ? {} : keeping(look)
        return shownPage(frame, look, { title, content, path: "/signed-out", headers: kept })
      },
    }),
  ]
}

/** Without an action the form goes to this very address: what stands after # in it is still there afterwards. */
function loginPage(frame: Frame, look: Look, username: string, failure?: Failure, chosen = false): Answer {
  const texts = TEXTS[look.language]
  const { title, go, first, forgotten } = texts.login
  const content = html`${failure === undefined ? html`` : notice("bad", failure.sentence)}<form method="post">
${field({ name: "username", label: texts.username, autocomplete: "username", value: username, focus: username === "" })}${field(
  {
    ...{ name: "password", label: texts.password, type: "password", autocomplete: "current-password" },
    focus: username !== "",
  },
)}${button(go)}</form>
<p><a href="/first-password">${first}</a></p>
<p><a href="/recovery">${forgotten}</a></p>
`
  const headers = { ...failure?.headers, ...(chosen ? keeping(look) : {}) }
  return shownPage(frame, look, { title, content, path: "/login", status: failure?.status ?? 200, headers })
}

export function seeOther(location: string): Answer {
  return { status: 303, headers: { Location: location } }
}
