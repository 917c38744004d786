import { noContent, ok } from "../answer.ts"
import { serverCertificateRequest, serverCertificatesAnswer, serverParams } from "../contract-certificates.ts"
import type { Gateway } from "../ports.ts"
import { type Route, route } from "../route.ts"
import { time } from "../time.ts"

/** The certificates that the page and the broker show; a person may bring one from elsewhere. */
export function serverCertificateRoutes({ servers }: Gateway): Route[] {
  return [
    route({
      method: "GET",
      path: "/server-certificates",
      access: "read",
      summary: "The certificates that the page and the broker show",
      answers: serverCertificatesAnswer,
      answer: () => ok({ servers: servers.shown().map((shown) => ({ ...shown, notAfter: time(shown.notAfter) })) }),
    }),
    route({
      method: "PUT",
      path: "/server-certificates/:server",
      access: "write",
      summary: "Show a certificate of one's own from the next handshake on",
      confirmed: true,
      administratorOnly: true,
      refuses: ["certificate-refused", "disk-failed"],
      params: serverParams,
      body: serverCertificateRequest,
      async answer({ params, body }) {
        await servers.upload(params.server, body.chain, body.key)
        return noContent
      },
    }),
    route({
      method: "DELETE",
      path: "/server-certificates/:server",
      access: "write",
      summary: "Show the gateway's own certificate again",
      confirmed: true,
      administratorOnly: true,
      refuses: ["not-found", "disk-failed"],
      params: serverParams,
      async answer({ params }) {
        await servers.withdraw(params.server)
        return noContent
      },
    }),
  ]
}
