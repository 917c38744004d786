import type { Answer } from "../answer.ts"
import { type Html, html } from "../html.ts"
import type { PageFiles } from "../page-files.ts"
import type { Look } from "./look.ts"
import { TEXTS } from "./texts.ts"

/** What the frame of every page needs to know. */
export interface Frame {
  readonly hostname: string
  readonly page: Pick<PageFiles, "style" | "icon"> | undefined
}

export interface Shown {
  readonly title: string
  readonly content: Html
  /** Path of this page, for the switch of language. */
  readonly path: string
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * A page without script, in the app's own style. The referrer stays within this gateway, where it must: without any, a
 * browser would not say that a form comes from here.
 */
export function shownPage({ hostname, page }: Frame, { language, theme }: Look, shown: Shown): Answer {
  const texts = TEXTS[language]
  const { title, content, path, status = 200, headers = {} } = shown
  const themed = theme === "auto" ? html`` : html` data-theme="${theme}"`
  const { text } = html`<!doctype html>
<html lang="${language}"${themed}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} · Gatehouse</title>
${page?.icon === undefined ? html`` : html`<link rel="icon" type="image/svg+xml" href="${page.icon}">\n`}${page?.style === undefined ? html`` : html`<link rel="stylesheet" href="${page.style}">\n`}</head>
<body>
<main class="alone">
<header class="page-head">
<p class="muted">Gatehouse ${hostname}</p>
<h1>${title}</h1>
</header>
${content}
</main>
<footer class="alone-foot">
<nav aria-label="${texts.languages}"><a href="${path}?lang=en" lang="en" hreflang="en">English</a> <a href="${path}?lang=de" lang="de" hreflang="de">Deutsch</a></nav>
</footer>
</body>
</html>
`
  return {
    status,
    type: "text/html; charset=utf-8",
    body: text,
    headers: { ...HEADERS, ...headers, "Content-Language": language },
  }
}

const HEADERS = {
  "Content-Security-Policy":
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  Vary: "Accept-Language, Cookie",
} as const

export interface Field {
  readonly name: string
  readonly label: string
  readonly type?: "text" | "password"
  readonly autocomplete: string
  readonly value?: string
  readonly hint?: string
  readonly error?: string | undefined
  readonly code?: boolean
  readonly focus?: boolean
}

/** A field with its label; hint and error are read out with it. */
export function field({ name, label, type = "text", autocomplete, value = "", hint, error, code, focus }: Field): Html {
  const described = [hint && `${name}-hint`, error && `${name}-error`].filter(Boolean).join(" ")
  return html`<div class="field ${error ? "field-wrong" : ""}">
<label for="${name}">${label}</label>
${hint ? html`<p class="hint" id="${name}-hint">${hint}</p>\n` : html``}<input id="${name}" name="${name}" type="${type}" value="${value}" autocomplete="${autocomplete}" autocapitalize="off" spellcheck="false" required${
    code ? html` class="code"` : html``
  }${focus ? html` autofocus` : html``}${described ? html` aria-describedby="${described}"` : html``}${error ? html` aria-invalid="true"` : html``}>
${error ? html`<p class="field-error" id="${name}-error">${error}</p>\n` : html``}</div>
`
}

/** Something that concerns the whole form; read out at once. */
export function notice(kind: "bad" | "warn" | "ok" | "info", text: string): Html {
  return html`<div class="notice notice-${kind}" role="${kind === "bad" ? "alert" : "status"}"><div><p>${text}</p></div></div>
`
}

export function button(label: string): Html {
  return html`<div class="actions"><button type="submit" class="button button-primary">${label}</button></div>
`
}
