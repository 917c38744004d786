import { signal } from "@preact/signals"

/**
 * The two languages of the page. Words live beside what shows them: `const t = words({ en: {…}, de: {…} })`, then
 * `t().title`. English gives the keys; one that German lacks, or has too many, does not compile.
 */
export type Language = "en" | "de"

export const language = signal<Language>("en")

/** What varies is a parameter: `found: (count: number) => …`. Read in a component, it follows the chosen language. */
export function words<T>(both: { readonly en: T; readonly de: NoInfer<T> }): () => T {
  return () => both[language.value]
}

/** A word in both languages, where there is only one. */
export interface Word {
  readonly en: string
  readonly de: string
}

export function inLanguage(word: Word): string {
  return word[language.value]
}
