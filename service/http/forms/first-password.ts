import { z } from "zod"
import type { Answer } from "../answer.ts"
import type { Desk } from "../desk.ts"
import { html } from "../html.ts"
import { type Route, route } from "../route.ts"
import { type Failure, failureOf } from "./failure.ts"
import { FORM, lookQuery, typed } from "./form.ts"
import { keeping, type Look, lookOf } from "./look.ts"
import { button, type Frame, field, notice, shownPage } from "./markup.ts"
import { TEXTS } from "./texts.ts"

const HTML = "text/html"
const firstForm = z.strictObject({ username: typed, code: typed, password: typed, again: typed })
type Typed = z.infer<typeof firstForm>
const NOTHING: Typed = { username: "", code: "", password: "", again: "" }
type Wrong = Partial<Record<keyof Typed, string>>

/** A one-time password becomes one's own, and what to do when one's own is forgotten. */
export function firstPasswordRoutes({ signIn }: Desk, frame: Frame): Route[] {
  return [
    route({
      method: "GET",
      path: "/first-password",
      access: "public",
      summary: "The form to choose one's own password with a one-time one",
      query: lookQuery,
      types: [HTML],
      answer: (call) => {
        const look = lookOf(call, call.query.lang)
        return formPage(frame, look, NOTHING, {}, undefined, call.query.lang === undefined ? {} : keeping(look))
      },
    }),
    route({
      method: "POST",
      path: "/first-password",
      access: "public",
      summary: "Chooses one's own password by the form",
      query: lookQuery,
      body: firstForm,
      raw: FORM,
      types: [HTML],
      success: [200, 400, 401, 403, 409, 429, 503],
      async answer(call) {
        const look = lookOf(call, call.query.lang)
        const texts = TEXTS[look.language]
        const { username, code, password, again } = call.body
        try {
          call.assertOwnPage()
          if (password !== again) return formPage(frame, look, call.body, { again: texts.differ })
          const user = await signIn.first(call.address, username.trim(), code, password)
          return { ...donePage(frame, look), actor: user.username }
        } catch (error) {
          const failure = failureOf(error, look, { unauthenticated: texts.first.wrong })
          const wrong: Wrong = failure.code === "bad-request" ? { password: failure.sentence } : {}
          return formPage(frame, look, call.body, wrong, failure)
        }
      },
    }),
    route({
      method: "GET",
      path: "/recovery",
      access: "public",
      summary: "What to do when one's password is forgotten",
      query: lookQuery,
      types: [HTML],
      answer(call) {
        const look = lookOf(call, call.query.lang)
        const { title, lead, ways, never, back } = TEXTS[look.language].recovery
        const content = html`<p class="lead">${lead}</p>
${ways.map(([name, text]) => html`<section class="card"><h2>${name}</h2><p>${text}</p></section>\n`)}<p>${never}</p>
<p><a href="/login">${back}</a></p>
`
        const headers = call.query.lang === undefined ? {} : keeping(look)
        return shownPage(frame, look, { title, content, path: "/recovery", headers })
      },
    }),
  ]
}

function formPage(
  frame: Frame,
  look: Look,
  { username }: Typed,
  wrong: Wrong,
  failure?: Failure,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const texts = TEXTS[look.language]
  const { title, lead, code, next, go } = texts.first
  const isInField = Object.keys(wrong).length > 0
  const newPassword = { type: "password", autocomplete: "new-password" } as const
  const content = html`<p class="lead">${lead}</p>
${failure === undefined || isInField ? html`` : notice("bad", failure.sentence)}<form method="post" action="/first-password">
${field({ name: "username", label: texts.username, autocomplete: "username", value: username, focus: username === "" })}${field(
  {
    ...{ name: "code", label: code, autocomplete: "one-time-code", code: true, focus: username !== "" },
  },
)}${field({ name: "password", label: next, hint: texts.passwordHint, error: wrong.password, ...newPassword })}${field({
  ...{ name: "again", label: texts.again, error: wrong.again, ...newPassword },
})}${button(go)}</form>
`
  const status = failure?.status ?? (isInField ? 400 : 200)
  return shownPage(frame, look, {
    title,
    content,
    path: "/first-password",
    status,
    headers: { ...failure?.headers, ...headers },
  })
}

function donePage(frame: Frame, look: Look): Answer {
  const { first, login } = TEXTS[look.language]
  const content = html`${notice("ok", first.done)}<p class="actions"><a class="button button-primary" href="/login">${login.go}</a></p>
`
  return shownPage(frame, look, { title: first.title, content, path: "/login" })
}
