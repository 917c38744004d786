import type { Candidate } from "../../access/registry.ts"
import { created, noContent, ok } from "../answer.ts"
import { API, nothing, userAnswer } from "../contract.ts"
import { allowRequest, candidateParams, registryAnswer } from "../contract-registry.ts"
import type { Gateway } from "../ports.ts"
import { type Route, route } from "../route.ts"
import { time } from "../time.ts"
import { shownUser } from "./users.ts"

/** Self-registration: opened for five minutes, and then a person decides about each that came. */
export function registryRoutes({ registry, clock }: Gateway): Route[] {
  const shown = () => {
    const { openFor } = registry
    const until = openFor === 0 ? {} : { until: time(clock.now() + openFor) }
    return ok({ open: openFor > 0, ...until, candidates: registry.list().map(shownCandidate) })
  }
  return [
    route({
      method: "GET",
      path: "/registry",
      access: "read",
      summary: "Whether unknown clients are remembered, and who came",
      answers: registryAnswer,
      answer: shown,
    }),
    route({
      method: "POST",
      path: "/registry",
      access: "write",
      summary: "Open the registry for five minutes: unknown clients are refused, but remembered",
      body: nothing,
      bodyOptional: true,
      answers: registryAnswer,
      success: 200,
      answer() {
        registry.open()
        return shown()
      },
    }),
    route({
      method: "DELETE",
      path: "/registry",
      access: "write",
      summary: "Close the registry",
      answer() {
        registry.close()
        return noContent
      },
    }),
    route({
      method: "POST",
      path: "/registry/:id/allow",
      access: "write",
      summary: "Make a user of whoever came, with roles and permissions; it connects again by itself",
      refuses: ["not-found", "forbidden", "conflict", "disk-failed"],
      params: candidateParams,
      body: allowRequest,
      answers: userAnswer,
      success: 201,
      async answer({ actor, params, body }) {
        const user = await registry.allow(actor, params.id, body)
        return created(shownUser(user), `${API}/users/${encodeURIComponent(user.username)}`)
      },
    }),
    route({
      method: "DELETE",
      path: "/registry/:id",
      access: "write",
      summary: "Forget whoever came",
      refuses: ["not-found"],
      params: candidateParams,
      answer({ params }) {
        registry.forget(params.id)
        return noContent
      },
    }),
  ]
}

function shownCandidate({ first, last, ...candidate }: Candidate) {
  return { ...candidate, first: time(first), last: time(last) }
}
