import type { ConnectedClient } from "../../access/clients.ts"
import { noContent, ok } from "../answer.ts"
import { clientAnswer, clientParams, clientsAnswer, searchQuery } from "../contract.ts"
import { found, pageOf } from "../paging.ts"
import type { Gateway } from "../ports.ts"
import { Problem } from "../problem.ts"
import { type Route, route } from "../route.ts"
import { time } from "../time.ts"

/** Connected MQTT clients. */
export function clientRoutes({ clients }: Gateway): Route[] {
  const unknown = () => new Problem("not-found", "no client with this identifier is connected")
  return [
    route({
      method: "GET",
      path: "/clients",
      access: "read",
      summary: "List connected clients",
      query: searchQuery,
      answers: clientsAnswer,
      answer({ query }) {
        const { items, next } = pageOf(found(clients.list(), query.search, textsOf), (client) => client.clientId, query)
        return ok({ clients: items.map(shownClient), next })
      },
    }),
    route({
      method: "GET",
      path: "/clients/:clientId",
      access: "read",
      summary: "Show a connected client",
      refuses: ["not-found"],
      params: clientParams,
      answers: clientAnswer,
      answer({ params }) {
        const client = clients.find(params.clientId)
        if (client === undefined) throw unknown()
        return ok(shownClient(client))
      },
    }),
    route({
      method: "DELETE",
      path: "/clients/:clientId",
      access: "write",
      summary: "Disconnect a client",
      refuses: ["not-found"],
      params: clientParams,
      answer({ params }) {
        if (!clients.disconnect(params.clientId)) throw unknown()
        return noContent
      },
    }),
  ]
}

function textsOf({ clientId, username, address, certificate = "" }: ConnectedClient): string[] {
  return [clientId, username, address, certificate]
}

export function shownClient(client: ConnectedClient) {
  const { lastError, connectedAt, ...rest } = client
  const error = lastError && { lastError: { ...lastError, at: time(lastError.at) } }
  return { ...rest, connectedAt: time(connectedAt), ...error }
}
