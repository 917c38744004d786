import type { z } from "zod"
import type { clientAnswer } from "../../service/http/contract.ts"
import { part } from "./api.ts"
import type { Call, Command } from "./command.ts"
import { moment } from "./moment.ts"
import { type Screen, shown } from "./screen.ts"

type Client = z.infer<typeof clientAnswer>

const ID = { name: "CLIENT-ID" } as const

/** Connected MQTT clients. */
export const CLIENTS_COMMANDS: readonly Command[] = [
  {
    words: "clients list",
    summary: "List the clients that are connected.",
    example: "clients list",
    async run({ api, screen }) {
      const answer = await api.all<"clients", Client>("/clients", "clients")
      screen.answer(answer, () => listLines(screen, answer.clients))
    },
  },
  {
    words: "clients show",
    summary: "Show one client: how it came in, its subscriptions, what it was refused.",
    operands: [ID],
    example: "clients show pump-1",
    async run(call) {
      const client = await call.api.get<Client>(addressOf(call))
      call.screen.answer(client, () => clientLines(call.screen, client))
    },
  },
  {
    words: "clients disconnect",
    summary: "End a client's connection; it may come back, unless its user is disabled too.",
    operands: [ID],
    example: "clients disconnect pump-1",
    async run(call) {
      await call.api.ask("DELETE", addressOf(call))
      call.screen.answer({}, () => `${shown(call.operand("CLIENT-ID"))} is disconnected.`)
    },
  },
]

function addressOf(call: Call): string {
  return `/clients/${part(call.operand("CLIENT-ID"))}`
}

function clientLines(screen: Screen, client: Client): string[] {
  const { clientId, username, method, certificate, listener, address, protocol, connectedAt, subscriptions } = client
  const refused = client.lastRefusedTopic === undefined ? "" : `, the last on ${client.lastRefusedTopic}`
  return screen.facts([
    ["client id", clientId],
    ["user", `${username}, by ${method}${certificate === undefined ? "" : ` ${certificate}`}`],
    ["came in", `${listener} from ${address}, MQTT ${protocol}`],
    ["connected", moment(connectedAt)],
    ["subscriptions", subscriptions.map(({ filter, qos }) => `${filter} (QoS ${qos})`)],
    ["waiting", `${client.queued} queued, ${client.inflight} in flight`],
    ["refused", `${client.refusedPublishes} publishes${refused}`],
    [
      "last error",
      client.lastError === undefined ? "none" : `${moment(client.lastError.at)}: ${client.lastError.sentence}`,
    ],
  ])
}

function listLines(screen: Screen, clients: readonly Client[]): string[] {
  const rows = clients.map(({ clientId, username, method, listener, address, connectedAt, subscriptions, queued }) => [
    clientId,
    username,
    method,
    listener,
    address,
    moment(connectedAt),
    String(subscriptions.length),
    String(queued),
  ])
  const heads = ["CLIENT ID", "USER", "PROOF", "LISTENER", "ADDRESS", "CONNECTED", "SUBSCRIPTIONS", "QUEUED"]
  return screen.table(heads, rows, "no client is connected")
}
