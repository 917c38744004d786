import { content, ok } from "../answer.ts"
import { refusedAnswer, statusAnswer } from "../contract.ts"
import type { Gateway } from "../ports.ts"
import { type Route, route } from "../route.ts"
import { time } from "../time.ts"

/** How the gateway is. `/healthz` is for machines without a token and says one word. */
export function healthRoute(gateway: Gateway): Route {
  return route({
    method: "GET",
    path: "/healthz",
    access: "public",
    summary: "Whether the service does its work, in one word",
    types: ["text/plain"],
    success: [200, 503],
    answer: () =>
      gateway.alive() ? content("text/plain", "ok\n") : { ...content("text/plain", "unavailable\n"), status: 503 },
  })
}

export function statusRoutes(gateway: Gateway): Route[] {
  const { directory, health, clients, door, clock } = gateway
  const begun = clock.elapsed()
  return [
    route({
      method: "GET",
      path: "/status",
      access: "read",
      summary: "How the gateway is: alarms, listeners, what passed through and which limits acted",
      answers: statusAnswer,
      answer: () =>
        ok({
          claimed: directory.claimed,
          version: gateway.version,
          uptimeSeconds: Math.floor((clock.elapsed() - begun) / 1000),
          alarms: health.alarms.map((alarm) => ({ ...alarm, since: time(alarm.since) })),
          listeners: gateway.listeners(),
          counters: clients.counters(),
          clients: clients.list().length,
          refused: door.total,
        }),
    }),
    route({
      method: "GET",
      path: "/refused",
      access: "read",
      summary: "Who was turned away and why, the latest first",
      answers: refusedAnswer,
      answer: () =>
        ok({
          total: door.total,
          groups: door.groups.map((group) => ({ ...group, first: time(group.first), last: time(group.last) })),
        }),
    }),
  ]
}
