/** One connected MQTT client, as the API and the page show it. */
export interface ConnectedClient {
  readonly clientId: string
  readonly username: string
  readonly method: "password" | "certificate"
  readonly listener: "mqtt" | "mqtts" | "ws" | "wss" | "https"
  readonly address: string
  readonly protocol: "3.1" | "3.1.1" | "5"
  /** Serial number of the client certificate, lower-case hex; undefined with a password. */
  readonly certificate: string | undefined
  /** Milliseconds since the epoch. */
  readonly connectedAt: number
  readonly subscriptions: readonly { readonly filter: string; readonly qos: number }[]
  /** Messages waiting for it. */
  readonly queued: number
  readonly inflight: number
  /** Publishes refused for want of a permission since it connected, and the last such topic. */
  readonly refusedPublishes: number
  readonly lastRefusedTopic: string | undefined
  /** What it was refused last since it connected, in plain words; milliseconds since the epoch. */
  readonly lastError: { readonly at: number; readonly sentence: string } | undefined
}

/** Port: what the API may ask of the broker. */
export interface Clients {
  readonly count: number
  list(): ConnectedClient[]
  find(clientId: string): ConnectedClient | undefined
  /** Ends the connection (MQTT 5: 0x98); false when there is none. */
  disconnect(clientId: string): boolean
  /** How often each limit acted and what passed through, by name. */
  counters(): Readonly<Record<string, number>>
}
