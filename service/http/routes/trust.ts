import { created, noContent, ok } from "../answer.ts"
import { API, trustAnswer, trustParams, trustRequest } from "../contract.ts"
import type { Gateway, TrustedAuthority } from "../ports.ts"
import { type Route, route } from "../route.ts"
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

function shown({ id, name, subject, scope, fingerprint, notAfter }: TrustedAuthority) {
  return { id, name, subject, scope, fingerprint, notAfter: time(notAfter) }
}
