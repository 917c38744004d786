import { z } from "zod"
import { type EnrolmentParts, enrol } from "../../ca/enrolment.ts"
import type { Renewal } from "../../ca/renewal.ts"
import { renewAfter } from "../../ca/validity.ts"
import type { Trusted } from "../../ca/verdict.ts"
import type { Clock } from "../../clock.ts"
import { type Answer, content, created, ok } from "../answer.ts"
import { API } from "../contract.ts"
import { csrRequest, deviceAnswer, issuedAnswer } from "../contract-certificates.ts"
import { waitingAnswer } from "../contract-registry.ts"
import type { Asker } from "../identification.ts"
import { Problem } from "../problem.ts"
import { type Route, route } from "../route.ts"
import { PEM_CHAIN, REQUEST_ALONE, shownIssued } from "../routes/certificates.ts"
import { openApiRoute } from "../routes/openapi.ts"
import { time } from "../time.ts"

export interface DeviceParts extends EnrolmentParts {
  readonly renewal: Pick<Renewal, "renew" | "seen" | "entryOf">
  readonly clock: Clock
  readonly version: string
}

/** A device about itself. */
export function deviceRoutes(parts: DeviceParts): Route[] {
  const { renewal, clock, version } = parts
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
      summary: "Renew the certificate that was shown, from a new request; without one, ask for the first",
      refuses: ["forbidden", "registry-closed", "csr-refused", "too-many-attempts", "busy", "disk-failed"],
      types: [PEM_CHAIN],
      success: [200, 201, 202],
      body: csrRequest,
      raw: REQUEST_ALONE,
      answers: z.union([issuedAnswer, waitingAnswer]),
      async answer(call) {
        const { certificate, body, address } = call
        const issued =
          certificate === undefined
            ? await enrol(parts, body.csr, address)
            : await renewal.renew(certificate, body.csr, "https")
        if (issued === "closed") throw new Problem("registry-closed", CLOSED)
        if (issued === "waiting") return WAITING
        if (call.accepts("application/json", PEM_CHAIN) === PEM_CHAIN) return content(PEM_CHAIN, issued.chainPem)
        return created(shownIssued(issued))
      },
    }),
  ]
  return table
}

const CLOSED = "nobody is registered now; have a person open the registry, then ask again"
const WAITING: Answer = {
  status: 202,
  headers: { "Retry-After": "5" },
  body: { state: "waiting", detail: "a person has to allow this device; send the same request again in a while" },
}

function certificateOf({ certificate }: Asker): Trusted {
  if (certificate !== undefined) return certificate
  throw new Problem("unauthenticated", "show the device's certificate in the TLS handshake")
}
