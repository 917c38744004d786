import type { ConnectedClient } from "../../access/clients.ts"
import type { Connection } from "./connection.ts"

const PROTOCOLS = { 0: "3.1.1", 3: "3.1", 4: "3.1.1", 5: "5" } as const

/** An admitted connection as people and programs see it. */
export function describe(connection: Connection): ConnectedClient {
  const { session, certificate, origin } = connection
  return {
    clientId: connection.id,
    username: connection.user?.username ?? "",
    method: certificate === undefined ? "password" : "certificate",
    listener: origin.listener,
    address: origin.address,
    protocol: PROTOCOLS[connection.version],
    certificate: certificate?.serial,
    connectedAt: connection.connectedAt,
    subscriptions: [...(session?.subscriptions.values() ?? [])].map(({ full, qos }) => ({ filter: full, qos })),
    queued: session?.queue.length ?? 0,
    inflight: session?.window.size ?? 0,
    refusedPublishes: connection.refusedPublishes,
    lastRefusedTopic: connection.lastRefusedTopic,
    lastError: connection.lastError,
  }
}
