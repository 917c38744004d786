import { z } from "zod"

const KIB = 1024
const MIB = 1024 * KIB
const TIB = 1024 * 1024 * MIB

/** What a connection with its session, subscriptions and buffers may cost before RAM runs out, in bytes. */
const CONNECTION_BYTES = 80 * KIB

/** Every limit with the least and the most a configuration may ask for. */
const RANGES = {
  /** Connections at one time, over all listeners. */
  connections: [1, 250_000],
  /** Connections at one time from one IP address. */
  connectionsPerAddress: [1, 250_000],
  /** Connections at one time of one user. */
  connectionsPerUser: [1, 250_000],
  /** Sessions, live and stored. */
  sessions: [1, 1_000_000],
  /** Sessions, live and stored, of one user. */
  sessionsPerUser: [1, 1_000_000],
  /** TLS handshakes under way at one time; of one IP address a quarter of them. Others wait. */
  handshakes: [4, 250_000],
  /** Seconds for the TLS and the WebSocket handshake. */
  handshakeSeconds: [1, 300],
  /** Seconds from the handshake to a whole CONNECT packet. */
  connectSeconds: [1, 300],
  /** Bytes of one packet before the login. */
  packetBytesBeforeLogin: [256, MIB],
  /** Bytes of one packet; the most is MQTT's own (2.1.4 of MQTT 5). */
  packetBytes: [KIB, 268_435_460],
  /** Subscriptions of one client. */
  subscriptionsPerClient: [1, 100_000],
  /** Levels of a topic name or filter. */
  topicLevels: [1, 200],
  /** QoS 1 and 2 messages waiting for one session. */
  queuedMessagesPerSession: [1, 10_000_000],
  /** Bytes of the messages waiting for one session. */
  queuedBytesPerSession: [KIB, TIB],
  /** Bytes of the messages waiting for all sessions. */
  queuedBytesTotal: [KIB, TIB],
  /** Retained messages. */
  retainedMessages: [0, 10_000_000],
  /** Bytes of all retained messages. */
  retainedBytes: [0, TIB],
  /** Bytes of one retained payload. */
  retainedPayloadBytes: [1, 268_435_455],
  /** The longest session expiry granted, in seconds; 4294967295 grants sessions without end (3.1.2.11.2 of MQTT 5). */
  sessionExpirySeconds: [0, 0xffffffff],
  /** QoS 1 and 2 messages a client may have under way to the gateway (its Receive Maximum). */
  inflightIncoming: [1, 65_535],
  /** QoS 1 and 2 messages the gateway has under way to a client. */
  inflightOutgoing: [1, 65_535],
  /** QoS 2 messages a client of MQTT 3 may leave unreleased; it cannot be told `inflightIncoming`. */
  incomingQos2: [1, 65_535],
  /** Publishes per second of one client; 0 does not limit them. */
  publishesPerSecond: [0, 1_000_000],
  /** The longest keep alive, in seconds; 0 leaves it to the client. */
  keepAliveSeconds: [0, 65_535],
  /** Bytes waiting in one client's socket before it counts as frozen. */
  socketBytes: [16 * KIB, TIB],
  /** Topic aliases a client may set (Topic Alias Maximum). */
  topicAliases: [0, 65_535],
} as const satisfies Record<string, readonly [least: number, most: number]>

type Name = keyof typeof RANGES

/** The caps of the broker, each a whole number in the unit of its name. */
export type Limits = { readonly [name in Name]: number }

/** The `limits` a configuration may hold: any of them, none unknown, each within its range. */
export const LIMITS_SCHEMA = z.strictObject(
  Object.fromEntries(
    Object.entries(RANGES).map(([name, [least, most]]) => [name, z.exactOptional(z.int().min(least).max(most))]),
  ) as { [name in Name]: z.ZodExactOptional<z.ZodInt> },
)

/** The limits of a machine with this much RAM, in bytes, whose configuration chooses none. */
export function defaultLimits(totalMemoryBytes: number): Limits {
  return completeLimits({}, totalMemoryBytes)
}

/** The chosen limits with defaults for the others, which follow from the chosen ones and the RAM, in bytes. */
export function completeLimits(chosen: Partial<Limits>, totalMemoryBytes: number): Limits {
  const affordable = Math.max(100, Math.floor(totalMemoryBytes / 2 / CONNECTION_BYTES))
  const connections = chosen.connections ?? Math.min(50_000, affordable)
  const packetBytes = chosen.packetBytes ?? MIB
  return {
    connections,
    connectionsPerAddress: Math.ceil(connections / 2),
    connectionsPerUser: Math.max(100, Math.floor(connections / 4)),
    sessions: 2 * connections,
    sessionsPerUser: Math.max(100, Math.floor(connections / 4)),
    handshakes: Math.min(1000, Math.max(16, Math.floor(connections / 8))),
    handshakeSeconds: 10,
    connectSeconds: 10,
    packetBytesBeforeLogin: 16 * KIB,
    packetBytes,
    subscriptionsPerClient: 1000,
    topicLevels: 200,
    queuedMessagesPerSession: 10_000,
    queuedBytesPerSession: Math.min(16 * MIB, Math.floor(totalMemoryBytes / 64)),
    queuedBytesTotal: Math.floor(totalMemoryBytes / 8),
    retainedMessages: 100_000,
    retainedBytes: Math.floor(totalMemoryBytes / 16),
    retainedPayloadBytes: packetBytes,
    sessionExpirySeconds: 30 * 24 * 3600,
    inflightIncoming: 100, // what one commit of the disk can take in: with 20 a publisher waits three times as long
    inflightOutgoing: 100,
    incomingQos2: 1000,
    publishesPerSecond: 0,
    keepAliveSeconds: 0,
    socketBytes: MIB,
    topicAliases: 16,
    ...chosen,
  }
}
