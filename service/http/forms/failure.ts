import { outward } from "../problem.ts"
import type { Look } from "./look.ts"
import { TEXTS } from "./texts.ts"

/** Why a form was refused: a status, and a sentence in the reader's language. */
export interface Failure {
  readonly status: number
  readonly code: string
  readonly sentence: string
  readonly headers: Readonly<Record<string, string>>
}

/** What anything thrown means on a page; `meanings` are the page's own words for some codes. Bugs go on as they are. */
export function failureOf(error: unknown, { language }: Look, meanings: Readonly<Record<string, string>>): Failure {
  const { status, headers, body, fault } = outward(error)
  if (fault) throw error // said by the chain that logs it
  const texts = TEXTS[language]
  const wait = headers["Retry-After"]
  const sentence =
    meanings[body.code] ??
    (body.code === "too-many-attempts" && wait !== undefined ? texts.wait(wait) : undefined) ??
    (body.code === "bad-request" ? texts.badPassword(body.detail ?? "") : undefined) ??
    texts.failed[body.code as keyof typeof texts.failed] ??
    texts.failed.internal
  const kept = wait === undefined ? {} : { "Retry-After": wait }
  return { status, code: body.code, sentence, headers: kept }
}
