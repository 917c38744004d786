import { created, noContent, ok } from "../answer.ts"
import { API } from "../contract.ts"
import { revocationListRequest, trustAnswer, trustParams, trustRequest } from "../contract-certificates.ts"
import type { Gateway, TrustedAuthority } from "../ports.ts"
import { type RawBody, type Route, route } from "../route.ts"
import { time } from "../time.ts"

/** The outside authorities whose certificates are taken. Each can speak for many users, so they are administrators'. */
export function trustRoutes({ trust }: Gateway): Route[] {
  return [
    route({
      method: "GET",
      path: "/authorities",
      access: "read",
      summary: "List the outside authorities that are trusted",
      answers: trustAnswer,
      answer: () => ok({ authorities: trust.list().map(shown) }),
    }),
    route({
      method: "POST",
      path: "/authorities",
      access: "write",
      summary: "Trust an outside authority",
      confirmed: true,
      refuses: ["certificate-refused", "conflict", "disk-failed"],
      success: 201,
      administratorOnly: true,
      body: trustRequest,
      answers: trustAnswer,
      async answer({ actor, body: { certificate, ...as } }) {
        const added = await trust.add(certificate, { ...as, by: actor.name })
        return created({ authorities: added.map(shown) }, `${API}/authorities`)
      },
    }),
    route({
      method: "PUT",
      path: "/authorities/:id/crl",
      access: "write",
      summary: "Take an outside authority's revocation list; ends the sessions of who is on it",
      confirmed: true,
      refuses: ["not-found", "certificate-refused", "disk-failed"],
      administratorOnly: true,
      params: trustParams,
      body: revocationListRequest,
      raw: LIST_ALONE,
      answers: trustAnswer,
      async answer({ params, body: { list } }) {
        const bytes = list.includes("-----BEGIN") ? Buffer.from(list) : Buffer.from(list, "base64")
        return ok({ authorities: [shown(await trust.setRevocationList(params.id, bytes))] })
      },
    }),
    route({
      method: "DELETE",
      path: "/authorities/:id",
      access: "write",
      summary: "Trust an outside authority no longer; ends its clients' sessions",
      confirmed: true,
      refuses: ["not-found", "conflict", "disk-failed"],
      administratorOnly: true,
      params: trustParams,
      async answer({ actor, params }) {
        await trust.remove(params.id, actor.name)
        return noContent
      },
    }),
  ]
}

/** A list as authorities publish it: DER, which travels on as base64, or PEM. */
const LIST_ALONE: RawBody = {
  types: ["application/pkix-crl", "application/x-pem-file"],
  read: (bytes) => ({ list: bytes[0] === 0x30 ? bytes.toString("base64") : bytes.toString() }),
}

function shown({ id, name, subject, scope, fingerprint, notAfter, revocation }: TrustedAuthority) {
  const next = revocation?.nextUpdate === undefined ? {} : { nextUpdate: time(revocation.nextUpdate) }
  const list = revocation && { revoked: revocation.serials.size, thisUpdate: time(revocation.thisUpdate), ...next }
  return { id, name, subject, scope, fingerprint, notAfter: time(notAfter), ...(list && { revocationList: list }) }
}
