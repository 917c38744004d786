import type { Renewal } from "../../ca/renewal.ts"
import { renewAfter } from "../../ca/validity.ts"
import type { Trusted } from "../../ca/verdict.ts"
import type { Clock } from "../../clock.ts"
import { content, created, ok } from "../answer.ts"
import { API, csrRequest, deviceAnswer, issuedAnswer } from "../contract.ts"
import type { Asker } from "../identification.ts"
import { Problem } from "../problem.ts"
import { type Route, route } from "../route.ts"
import { PEM_CHAIN, REQUEST_ALONE, shownIssued } from "../routes/certificates.ts"
import { openApiRoute } from "../routes/openapi.ts"
import { time } from "../time.ts"

export interface DeviceParts {
  readonly renewal: Pick<Renewal, "renew" | "seen" | "entryOf">
  readonly clock: Clock
  readonly version: string
}

/** A device about itself. */
export function deviceRoutes({ renewal, clock, version }: DeviceParts): Route[] {
  const table: Route[] = [
    openApiRoute(() => table, version),
    route({
      method: "GET",
      path: `${API}/device`,
      access: "token",
      summary: "Whose certificate this is, and from when it is to be renewed",
      refuses: ["forbidden"],
      answers: deviceAnswer,
      answer(call) {
        const certificate = certificateOf(call)
        const { commonName: username, serial, renewalOnly = false } = certificate
        const entry = renewal.entryOf(certificate)
        if (!renewalOnly) renewal.seen(serial)
        const times = { notAfter: time(entry.notAfter), renewAfter: time(renewAfter(entry)), now: time(clock.now()) }
        return ok({ username, serial, renewalOnly, ...times })
      },
    }),
    route({
      method: "POST",
      path: `${API}/device/certificate`,
      access: "token",
      summary: "Renew the certificate that was shown, from a new request",
      refuses: ["forbidden", "csr-refused", "too-many-attempts", "busy", "disk-failed"],
      types: [PEM_CHAIN],
      success: [200, 201],
      body: csrRequest,
      raw: REQUEST_ALONE,
      answers: issuedAnswer,
      async answer(call) {
        const issued = await renewal.renew(certificateOf(call), call.body.csr, "https")
        if (call.accepts("application/json", PEM_CHAIN) === PEM_CHAIN) return content(PEM_CHAIN, issued.chainPem)
        return created(shownIssued(issued))
      },
    }),
  ]
  return table
}

function certificateOf({ certificate }: Asker): Trusted {
  if (certificate !== undefined) return certificate
  throw new Problem("unauthenticated", "show the device's certificate in the TLS handshake")
}
