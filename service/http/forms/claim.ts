import { z } from "zod"
import { username as usernameRule } from "../../access/user.ts"
import type { Answer } from "../answer.ts"
import { openSession } from "../browser-session.ts"
import type { Claim } from "../claim.ts"
import type { Desk } from "../desk.ts"
import { html } from "../html.ts"
import { cookieOf } from "../identification.ts"
import type { Gateway } from "../ports.ts"
import { type Route, route } from "../route.ts"
import { type Failure, failureOf } from "./failure.ts"
import { FORM, lookQuery, typed } from "./form.ts"
import { seeOther } from "./login.ts"
import { keeping, type Look, lookOf } from "./look.ts"
import { button, type Frame, field, notice, shownPage } from "./markup.ts"
import { TEXTS } from "./texts.ts"

const HTML = "text/html"
const claimForm = z.strictObject({ code: typed, username: typed, password: typed, again: typed })
type Typed = z.infer<typeof claimForm>
const NOTHING: Typed = { code: "", username: "", password: "", again: "" }
/** What is wrong, by the field it stands in. */
type Wrong = Partial<Record<keyof Typed, string>>

/** Taking the box into service by the form. */
export function claimFormRoutes({ directory }: Gateway, { passes }: Desk, claim: Claim, frame: Frame): Route[] {
  return [
    route({
      method: "GET",
      path: "/claim",
      access: "public",
      summary: "The form to take the gateway into service",
      query: lookQuery,
      types: [HTML],
      success: [200, 303],
      answer(call) {
        if (directory.claimed) return seeOther("/login")
        const look = lookOf(call, call.query.lang)
        return claimPage(frame, look, NOTHING, {}, undefined, call.query.lang !== undefined)
      },
    }),
    route({
      method: "POST",
      path: "/claim",
      access: "public",
      summary: "Takes the gateway into service by the form; shows the recovery key, once",
      query: lookQuery,
      body: claimForm,
      raw: FORM,
      types: [HTML],
      success: [201, 400, 403, 409, 429, 503],
      async answer(call) {
        const look = lookOf(call, call.query.lang)
        const given = { ...call.body, code: call.body.code.trim(), username: call.body.username.trim() }
        try {
          call.assertOwnPage()
          const wrong = mistakesIn(given, look)
          if (Object.keys(wrong).length > 0) return claimPage(frame, look, given, wrong)
          const { recoveryKey } = await claim(call.address, given)
          const user = directory.users.get(given.username)
          if (user === undefined) throw new Error("the claim left no administrator behind")
          const { secret } = openSession(passes, user, call.address, call.header("cookie"))
          return { ...claimedPage(frame, look, recoveryKey, cookieOf(secret)), actor: user.username }
        } catch (error) {
          const failure = failureOf(error, look, {})
          if (failure.code === "claim-refused") {
            return claimPage(frame, look, given, { code: TEXTS[look.language].claim.wrong }, failure)
          }
          if (failure.code === "bad-request") {
            return claimPage(frame, look, given, { password: failure.sentence }, failure)
          }
          return claimPage(frame, look, given, {}, failure)
        }
      },
    }),
  ]
}

function mistakesIn({ username, password, again }: Typed, { language }: Look): Wrong {
  const texts = TEXTS[language]
  return {
    ...(usernameRule.safeParse(username).success ? {} : { username: texts.badUsername }),
    ...(password === again ? {} : { again: texts.differ }),
  }
}

/** The code and the name stay as they were typed; passwords never come back in a page. */
function claimPage(
  frame: Frame,
  look: Look,
  { code, username }: Typed,
  wrong: Wrong,
  failure?: Failure,
  chosen = false,
): Answer {
  const texts = TEXTS[look.language]
  const { claim } = texts
  const isInField = Object.keys(wrong).length > 0
  const newPassword = { type: "password", autocomplete: "new-password" } as const
  const content = html`<p class="lead">${claim.lead}</p>
${failure === undefined || isInField ? html`` : notice("bad", failure.sentence)}<form method="post" action="/claim">
${field({ name: "code", label: claim.code, autocomplete: "one-time-code", value: code, hint: claim.codeHint, error: wrong.code, code: true, focus: code === "" })}${field(
  {
    name: "username",
    label: texts.username,
    autocomplete: "username",
    value: username,
    hint: claim.usernameHint,
    error: wrong.username,
  },
)}${field({ name: "password", label: texts.password, hint: texts.passwordHint, error: wrong.password, ...newPassword })}${field(
  {
    ...{ name: "again", label: texts.again, error: wrong.again, ...newPassword },
  },
)}${button(claim.go)}</form>
`
  const headers = { ...failure?.headers, ...(chosen ? keeping(look) : {}) }
  const status = failure?.status ?? (isInField ? 400 : 200)
  return shownPage(frame, look, { title: claim.title, content, path: "/claim", status, headers })
}

function claimedPage(
  frame: Frame,
  look: Look,
  recoveryKey: string | undefined,
  headers: Readonly<Record<string, string>>,
): Answer {
  const { claim } = TEXTS[look.language]
  const key =
    recoveryKey === undefined
      ? html`<p>${claim.noKey}</p>\n`
      : html`<section class="card"><h2>${claim.key}</h2>
<p class="code recovery-key">${recoveryKey}</p>
<p>${claim.keyWhy}</p></section>
`
  const content = html`${key}<p class="actions"><a class="button button-primary" href="/">${claim.on}</a></p>
`
  return shownPage(frame, look, { title: claim.doneTitle, content, path: "/claim", status: 201, headers })
}
