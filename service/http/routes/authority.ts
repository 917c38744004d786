import { content, ok } from "../answer.ts"
import { pageAuthorityAnswer, sealAnswer } from "../contract-certificates.ts"
import type { Gateway } from "../ports.ts"
import { Problem } from "../problem.ts"
import { type Route, route } from "../route.ts"

const DER = "application/pkix-crl"
const PEM = "application/x-pem-file"

/** Our own authority: what it is known by is public, as devices need it before they have anything else. */
export function authorityRoutes({ authority, pageAuthority, sealRoot }: Gateway): Route[] {
  return [
    route({
      method: "GET",
      path: "/authority",
      access: "public",
      summary: "Issuing and root certificate of the devices' authority: what clients trust",
      types: ["application/pem-certificate-chain"],
      answer: () => content("application/pem-certificate-chain", authority.anchors.join("")),
    }),
    route({
      method: "GET",
      path: "/authority/crl",
      access: "public",
      summary: "The revocation list",
      types: [DER, PEM, "text/plain"],
      refuses: ["not-acceptable"],
      answer({ accepts }) {
        const type = accepts(DER, PEM, "text/plain")
        if (type === undefined) throw new Problem("not-acceptable", `the list comes as ${DER} or ${PEM}`)
        return content(type, type === DER ? authority.crl().der : authority.crl().pem)
      },
    }),
    route({
      method: "GET",
      path: "/page-authority",
      access: "public",
      summary: "The authority behind this page's certificate: what a browser trusts, with its fingerprint in words",
      answers: pageAuthorityAnswer,
      answer: () =>
        ok({
          fingerprint: pageAuthority.fingerprint,
          words: pageAuthority.words,
          names: pageAuthority.names,
          certificate: pageAuthority.certPem,
        }),
    }),
    route({
      method: "POST",
      path: "/authority/seal",
      access: "write",
      summary: "Encrypt the root key; answers its recovery key, once",
      confirmed: true,
      refuses: ["conflict", "disk-failed"],
      administratorOnly: true,
      answers: sealAnswer,
      async answer() {
        if (sealRoot === undefined) throw new Problem("conflict", "the root key is sealed already")
        return ok({ recoveryKey: await sealRoot() })
      },
    }),
  ]
}
