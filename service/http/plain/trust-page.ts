import { createHash } from "node:crypto"
import { type Html, html, raw } from "../html.ts"
import type { Language, TrustFacts } from "./routes.ts"
import { TEXTS } from "./texts.ts"

/** For 320 px and up, light and dark; fonts and colours are the system's own. */
const STYLE = `
:root { color-scheme: light dark; font: 100%/1.5 system-ui, sans-serif }
body { margin: 0 auto; padding: 1rem; max-width: 42rem; overflow-wrap: anywhere }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
a { display: inline-block; padding: .6rem 0; min-height: 1.5rem }
ol.words { display: flex; flex-wrap: wrap; gap: .4rem .9rem; padding: .8rem; border: 2px solid; list-style: none }
ol.words, code { font-family: ui-monospace, monospace } ol.words { font-size: 1.15rem; font-weight: bold }
summary { padding: .6rem 0; cursor: pointer }
nav { display: flex; gap: 1rem }
`

/** The style by its hash (CSP 3, 2.3.1), which lets in this one and no other. */
export const STYLE_SOURCE = `'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`

/** How to reach the page over TLS, and what to compare before a browser is taught to trust it. */
export function trustPage({ hostname, authority, urls }: TrustFacts, language: Language): Html {
  const texts = TEXTS[language]
  const pairs = authority.fingerprint.toUpperCase().replace(/(..)(?=.)/g, "$1:")
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Gatehouse ${hostname}</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<nav aria-label="${texts.languages}"><a href="/?lang=en" lang="en" hreflang="en">English</a>
<a href="/?lang=de" lang="de" hreflang="de">Deutsch</a></nav>
<main>
<h1>Gatehouse ${hostname}</h1>
<p>${texts.intro}</p>
<h2>${texts.compare}</h2>
<p>${texts.compareWhy}</p>
<ol class="words">${authority.words.map((word) => html`<li>${word}</li>`)}</ol>
<p>${texts.compareStop}</p>
<p>SHA-256: <code>${pairs}</code></p>
<h2>${texts.install}</h2>
<ul>
<li><a href="/gatehouse-page.crt">gatehouse-page.crt</a> ${texts.forMost}</li>
<li><a href="/gatehouse-page.mobileconfig">gatehouse-page.mobileconfig</a> ${texts.forApple}</li>
<li><a href="/gatehouse-page.pem">gatehouse-page.pem</a> ${texts.forPrograms}</li>
</ul>
${texts.steps.map(([system, step]) => html`<details><summary>${system}</summary><p>${step}</p></details>\n`)}
<p>${texts.bounded} ${authority.names.join(", ")}</p>
<h2>${texts.open}</h2>
<ul>${urls().map((url) => html`<li><a href="${url}">${url}</a></li>`)}</ul>
<p>${texts.without}</p>
</main>
</body>
</html>
`
}
