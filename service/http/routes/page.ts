import { z } from "zod"
import type { Answer } from "../answer.ts"
import type { Desk } from "../desk.ts"
import { sessionIn } from "../identification.ts"
import type { PageFile, PageFiles } from "../page-files.ts"
import type { Gateway } from "../ports.ts"
import { Problem } from "../problem.ts"
import { type Route, route } from "../route.ts"

/**
 * The technician's page: one document for whoever is signed in, and the files it is made of. They hold no secret; what
 * the page shows comes from the API, which judges every call.
 */
export function pageRoutes({ directory }: Gateway, { passes }: Desk, page: PageFiles | undefined): Route[] {
  return [
    route({
      method: "GET",
      path: "/",
      access: "public",
      summary: "The page, or the way to signing in",
      types: [HTML],
      success: [200, 303, 503],
      answer({ header }) {
        if (!directory.claimed) return seeOther("/claim")
        const cookie = sessionIn(header("cookie"))
        if (cookie === undefined || passes.judge(cookie, ["session"], undefined) === undefined)
          return seeOther("/login")
        if (page === undefined) return { ...NOT_BUILT }
        return given(page.shell, header("accept-encoding"), PAGE_HEADERS)
      },
    }),
    route({
      method: "GET",
      path: "/assets/:file",
      access: "public",
      summary: "A file of the page",
      types: ["text/javascript", "text/css", "image/svg+xml"],
      refuses: ["not-found"],
      params: z.strictObject({ file: z.string().max(200) }),
      answer({ params, header }) {
        const file = page?.asset(params.file)
        if (file === undefined) throw new Problem("not-found", "the page has no such file; load it anew")
        return given(file, header("accept-encoding"), FOREVER)
      },
    }),
  ]
}

const HTML = "text/html"

/**
 * Nothing inline, nothing from elsewhere, and no text that becomes code (Trusted Types): a name or a topic that holds
 * markup has no way to be more than text.
 */
export const PAGE_HEADERS = {
  "Content-Security-Policy": [
    "default-src 'none'",
    ...["script", "style", "img", "connect"].map((kind) => `${kind}-src 'self'`),
    ...["base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"],
    ...["require-trusted-types-for 'script'", "trusted-types 'none'"],
  ].join("; "),
  "Cross-Origin-Opener-Policy": "same-origin",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
} as const

/** A name with a hash of the content in it never means anything else. */
const FOREVER = { "Cache-Control": "public, max-age=31536000, immutable" } as const

const NOT_BUILT = {
  status: 503,
  type: `${HTML}; charset=utf-8`,
  body: `<!doctype html><html lang="en"><title>Gatehouse</title><h1>The page has not been built</h1>
<p>Build it with <code>npm run build:page</code>, then restart the service. The API and the command line work without it.</p>`,
} as const

function seeOther(location: string): Answer {
  return { status: 303, headers: { Location: location } }
}

/** The smallest form that the browser takes (RFC 9110 12.5.3); a coding with q=0 is one that it does not. */
function given(file: PageFile, accepted = "", more: Readonly<Record<string, string>>): Answer {
  const takes = (coding: string) =>
    new RegExp(`(?:^|[,\\s])${coding}(?!\\s*;\\s*q=0(?:\\.0*)?(?:[,\\s]|$))(?:[;,\\s]|$)`, "i").test(accepted)
  const [coding, body] =
    file.br !== undefined && takes("br")
      ? ["br", file.br]
      : file.gzip !== undefined && takes("gzip")
        ? ["gzip", file.gzip]
        : [undefined, file.plain]
  const encoded = coding === undefined ? {} : { "Content-Encoding": coding }
  return { status: 200, type: file.type, body, headers: { ...more, ...encoded, Vary: "Accept-Encoding" } }
}
