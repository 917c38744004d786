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

/** Counts the uptime from when it is asked for this. */
export function statusOf({ directory, health, clients, door, clock, version, listeners }: Gateway) {
  const begun = clock.elapsed()
  return () => ({
    claimed: directory.claimed,
    version,
    uptimeSeconds: Math.floor((clock.elapsed() - begun) / 1000),
    alarms: health.alarms.map((alarm) => ({ ...alarm, since: time(alarm.since) })),
    listeners: listeners(),
    counters: clients.counters(),
    clients: clients.count,
    refused: door.total,
  })
}

export function statusRoutes(gateway: Gateway): Route[] {
  const { clients, door } = gateway
  const status = statusOf(gateway)
  return [
    route({
      method: "GET",
      path: "/status",
      access: "read",
      summary: "How the gateway is: alarms, listeners, what passed through and which limits acted",
      answers: statusAnswer,
      answer: () => ok(status()),
    }),
    route({
      method: "GET",
      path: "/refused",
      access: "read",
      summary: "Who was turned away and why, the latest first",
      answers: refusedAnswer,
      answer() {
        const connected = new Map(clients.list().map(({ username, connectedAt }) => [username, connectedAt]))
        const groups = door.groups.map((group) => {
          const at = connected.get(group.name)
          const since = at === undefined ? {} : { connectedSince: time(at) }
          return { ...group, first: time(group.first), last: time(group.last), ...since }
        })
        return ok({ total: door.total, groups })
      },
    }),
  ]
}
