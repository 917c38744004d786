import type { Call } from "../route.ts"

export const LANGUAGES = ["en", "de"] as const
export type Language = (typeof LANGUAGES)[number]

/** How a page without script looks to this browser: as chosen here or in the app, else as the browser asks for it. */
export interface Look {
  readonly language: Language
  readonly theme: "auto" | "light" | "dark"
}

/** The app keeps what was chosen in the same cookie (webui/look.ts). It is no secret, and no more than a taste. */
const COOKIE = "gatehouse-look"
const YEAR_SECONDS = 366 * 86_400

export function lookOf({ header, language }: Pick<Call, "header" | "language">, chosen: Language | undefined): Look {
  const [, kept, theme = "auto"] =
    /(?:^|; )gatehouse-look=(en|de)\.(auto|light|dark)(?:;|$)/.exec(header("cookie") ?? "") ?? []
  const asked = LANGUAGES.find((one) => one === language(...LANGUAGES))
  return { language: chosen ?? (kept as Language | undefined) ?? asked ?? "en", theme: theme as Look["theme"] }
}

/** Keeps what was just chosen on this browser. */
export function keeping({ language, theme }: Look): Readonly<Record<string, string>> {
  return {
    "Set-Cookie": `${COOKIE}=${language}.${theme}; Path=/; Max-Age=${YEAR_SECONDS}; Secure; SameSite=Strict`,
  }
}
