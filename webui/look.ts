import { effect, signal } from "@preact/signals"
import { type Language, language } from "./words.ts"

export type Theme = "auto" | "light" | "dark"

/** Kept in a cookie and not in the browser's storage: the pages before the sign-in, which run no script, follow it too. */
const COOKIE = "gatehouse-look"
const YEAR_SECONDS = 366 * 86_400

export const theme = signal<Theme>("auto")

/** The language and theme chosen on this browser, or else what the browser asks for; the page follows every change. */
export function applyLook(): void {
  const [chosenLanguage, chosenTheme] = kept()
  language.value = chosenLanguage ?? (navigator.language.startsWith("de") ? "de" : "en")
  theme.value = chosenTheme ?? "auto"
  effect(() => {
    document.documentElement.lang = language.value
  })
  effect(() => {
    if (theme.value === "auto") delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme.value
  })
}

export function chooseLanguage(chosen: Language): void {
  language.value = chosen
  keep()
}

export function chooseTheme(chosen: Theme): void {
  theme.value = chosen
  keep()
}

function keep(): void {
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser a technician brings
  document.cookie = `${COOKIE}=${language.value}.${theme.value}; Path=/; Max-Age=${YEAR_SECONDS}; Secure; SameSite=Strict`
}

function kept(): [Language | undefined, Theme | undefined] {
  const [, chosenLanguage, chosenTheme] =
    /(?:^|; )gatehouse-look=(en|de)\.(auto|light|dark)/.exec(document.cookie) ?? []
  return [chosenLanguage as Language | undefined, chosenTheme as Theme | undefined]
}
