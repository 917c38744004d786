import type { Limits } from "../../limits.ts"
import { ok } from "../answer.ts"
import { countersAnswer, limitsAnswer, listenersAnswer } from "../contract.ts"
import type { Gateway } from "../ports.ts"
import { type Route, route } from "../route.ts"

/** The counter that rises when a limit acts. One counter may stand for several limits of a kind. */
const ACTED: { readonly [name in keyof Limits]?: string } = {
  connections: "limitConnections",
  connectionsPerAddress: "limitConnectionsPerAddress",
  connectionsPerUser: "limitConnectionsPerUser",
  handshakes: "limitHandshakes",
  sessions: "limitSessions",
  sessionsPerUser: "limitSessionsPerUser",
  connectSeconds: "limitConnectDeadline",
  packetBytesBeforeLogin: "limitPacketBytes",
  packetBytes: "limitPacketBytes",
  subscriptionsPerClient: "limitSubscriptions",
  topicLevels: "limitTopicLevels",
  queuedMessagesPerSession: "limitQueued",
  queuedBytesPerSession: "limitQueued",
  queuedBytesTotal: "limitQueued",
  retainedMessages: "limitRetained",
  retainedBytes: "limitRetained",
  retainedPayloadBytes: "limitRetained",
  inflightIncoming: "limitReceiveMaximum",
  publishesPerSecond: "limitPublishRate",
}

/** What is open, what is allowed, and how often that was too little. */
export function limitRoutes({ clients, limits, listeners }: Gateway): Route[] {
  return [
    route({
      method: "GET",
      path: "/listeners",
      access: "read",
      summary: "The listeners, and which of them are open",
      answers: listenersAnswer,
      answer: () => ok({ listeners: listeners() }),
    }),
    route({
      method: "GET",
      path: "/counters",
      access: "read",
      summary: "What passed through and what was refused since the start",
      answers: countersAnswer,
      answer: () => ok({ counters: clients.counters() }),
    }),
    route({
      method: "GET",
      path: "/limits",
      access: "read",
      summary: "Every limit with its value and how often it acted",
      answers: limitsAnswer,
      answer() {
        const counters = clients.counters()
        const shown = (Object.entries(limits) as [keyof Limits, number][]).map(([name, value]) => ({
          ...{ name, value },
          acted: counters[ACTED[name] ?? ""] ?? null,
        }))
        return ok({ limits: shown })
      },
    }),
  ]
}
