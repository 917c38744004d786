import { z } from "zod"
import type { PageAuthority } from "../../ca/page-authority.ts"
import { content } from "../answer.ts"
import { type Route, route } from "../route.ts"
import { mobileConfig } from "./mobileconfig.ts"
import { STYLE_SOURCE, trustPage } from "./trust-page.ts"

/** What the page tells. Everything in it is public. */
export interface TrustFacts {
  readonly hostname: string
  readonly authority: Pick<PageAuthority, "certPem" | "der" | "fingerprint" | "words" | "names">
  /** Where the page is, by name and by address. Asked at every request. */
  urls(): readonly string[]
}

const LANGUAGES = ["en", "de"] as const
export type Language = (typeof LANGUAGES)[number]

/** The media types are what makes a browser offer to install the certificate (the second is of RFC 8555 9.1). */
const DER = "application/x-x509-ca-cert"
const PEM = "application/pem-certificate-chain"
const PROFILE = "application/x-apple-aspen-config"

/** The whole of the port without TLS. */
export function plainRoutes(facts: TrustFacts): Route[] {
  const { authority } = facts
  return [
    route({
      method: "GET",
      path: "/",
      access: "public",
      query: z.strictObject({ lang: z.enum(LANGUAGES).optional() }),
      types: ["text/html"],
      answer({ query, language }) {
        const chosen = query.lang ?? LANGUAGES.find((one) => one === language(...LANGUAGES)) ?? "en"
        return {
          ...content("text/html; charset=utf-8", trustPage(facts, chosen).text),
          headers: { "Content-Language": chosen, Vary: "Accept-Language", "Content-Security-Policy": POLICY },
        }
      },
    }),
    download("/gatehouse-page.crt", DER, () => authority.der),
    download("/gatehouse-page.pem", PEM, () => authority.certPem),
    download("/gatehouse-page.mobileconfig", PROFILE, () => mobileConfig(facts)),
  ]
}

/** The page has a style of its own and nothing else: no script, no image, no form. */
const POLICY = `default-src 'none'; style-src ${STYLE_SOURCE}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

function download(path: string, type: string, body: () => string | Buffer): Route {
  return route({ method: "GET", path, access: "public", types: [type], answer: () => content(type, body()) })
}
