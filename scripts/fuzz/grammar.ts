import { generate, type Packet } from "mqtt-packet"
import type { Random } from "./random.ts"
import { anyProperties, type PlaceName, rawPacket, text16, uint16, varint } from "./raw.ts"

export type Version = 3 | 4 | 5

/** Who a fuzzing client says it is. */
export interface Credential {
  readonly username?: string | undefined
  readonly password?: string | undefined
}

const LEVELS = ["a", "b", "c", "", "é", "日本", "__proto__", "constructor", "$SYS", "toString", "x".repeat(300)]
const ODD_TOPICS = [
  "$SYS/broker/uptime",
  "$SYS/a/heartbeat",
  "$gatehouse/renew",
  "/",
  "//",
  "$",
  "+",
  "#",
  "a\u0000b",
  "\ufeff",
]
const ODD_FILTERS = [
  "#",
  "+",
  "+/+",
  "/#",
  "fuzz/#",
  "fuzz/+/#",
  "a#",
  "a+",
  "#/a",
  "$share/g/fuzz/#",
  "$share//a",
  "$share/g",
  "$share/+/a",
  "$SYS/#",
  "__proto__",
  "$share/constructor/#",
]

export function anyTopic(random: Random): string {
  if (random.chance(0.03)) return random.pick(ODD_TOPICS)
  return ["fuzz", ...Array.from({ length: random.between(1, 4) }, () => random.pick(LEVELS))].join("/")
}

export function anyFilter(random: Random): string {
  if (random.chance(0.3)) return random.pick(ODD_FILTERS)
  const levels = Array.from({ length: random.between(1, 4) }, () => random.pick([...LEVELS, "+"]))
  const filter = ["fuzz", ...levels, ...(random.chance(0.3) ? ["#"] : [])].join("/")
  return random.chance(0.15) ? `$share/g${random.int(3)}/${filter}` : filter
}

export function anyPayload(random: Random): Buffer {
  const length = random.chance(0.03) ? random.int(40_000) : random.int(120)
  return random.chance(0.5) ? Buffer.alloc(length, random.int(256)) : random.bytes(Math.min(length, 500))
}

export interface ConnectShape extends Credential {
  readonly clientId: string
  readonly version: Version
}

/** A CONNECT that is right in every field, as mqtt-packet writes it. */
export function goodConnect(random: Random, { clientId, version, username, password }: ConnectShape): Buffer {
  const will = random.chance(0.3)
    ? {
        topic: `fuzz/will/${random.int(50)}`,
        payload: anyPayload(random),
        qos: random.int(3),
        retain: random.chance(0.2),
      }
    : undefined
  const properties =
    version === 5
      ? {
          sessionExpiryInterval: random.pick([0, 1, 5, 0xffffffff]),
          receiveMaximum: random.pick([1, 2, 20, 65535]),
          topicAliasMaximum: random.pick([0, 1, 10, 65535]),
          ...(random.chance(0.2) ? { maximumPacketSize: random.pick([100, 200, 5000]) } : {}),
        }
      : undefined
  return written(
    {
      cmd: "connect",
      protocolId: version === 3 ? "MQIsdp" : "MQTT",
      protocolVersion: version,
      clean: random.chance(0.6),
      clientId,
      keepalive: random.pick([0, 1, 60]),
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password: Buffer.from(password) }),
      ...(will === undefined ? {} : { will }),
      ...(properties === undefined ? {} : { properties }),
    },
    version,
  )
}

type Build = (random: Random, version: Version) => Buffer

/** Packets after CONNECT that are well formed; whether they make sense at that moment is another matter. */
const PACKETS: readonly Build[] = [
  publish,
  publish,
  publish,
  publish,
  (random, version) =>
    written(
      {
        cmd: "subscribe",
        messageId: random.between(1, 30),
        subscriptions: Array.from({ length: random.between(1, 4) }, () => ({
          topic: anyFilter(random),
          qos: random.int(3),
          ...(version === 5 ? { nl: random.chance(0.2), rap: random.chance(0.3), rh: random.int(3) } : {}),
        })),
        ...(version === 5 && random.chance(0.3)
          ? { properties: { subscriptionIdentifier: random.between(1, 300) } }
          : {}),
      },
      version,
    ),
  (random, version) =>
    written({ cmd: "unsubscribe", messageId: random.between(1, 30), unsubscriptions: [anyFilter(random)] }, version),
  (random, version) =>
    written({ cmd: random.pick(["puback", "pubrec", "pubrel", "pubcomp"]), messageId: random.between(1, 30) }, version),
  (_random, version) => written({ cmd: "pingreq" }, version),
]

function publish(random: Random, version: Version): Buffer {
  const qos = random.int(3)
  return written(
    {
      cmd: "publish",
      topic: anyTopic(random),
      payload: anyPayload(random),
      qos,
      dup: qos > 0 && random.chance(0.2),
      retain: random.chance(0.2),
      ...(qos > 0 ? { messageId: random.between(1, 30) } : {}),
      ...(version === 5 && random.chance(0.4)
        ? { properties: { topicAlias: random.between(1, 18), messageExpiryInterval: random.int(5) } }
        : {}),
    },
    version,
  )
}

/** MQTT 5 packets written by hand, with any properties at all: right ones, foreign ones, twice, in any order. */
const RAW: readonly Build[] = [
  (random) => {
    const qos = random.int(3)
    const id = qos === 0 ? Buffer.alloc(0) : uint16(random.int(30))
    return rawPacket(
      0x30 | (qos << 1) | random.int(2),
      text16(anyTopic(random)),
      id,
      anyProperties(random, "publish"),
      anyPayload(random),
    )
  },
  (random) =>
    rawPacket(
      0x82,
      uint16(random.int(30)),
      anyProperties(random, "subscribe"),
      text16(anyFilter(random)),
      Buffer.from([random.int(64)]),
    ),
  (random) => rawPacket(0xa2, uint16(random.int(30)), anyProperties(random, "unsubscribe"), text16(anyFilter(random))),
  (random) => {
    const reason = Buffer.from([random.pick([0, 0x10, 0x80, 0x87, 0x92, 0xff])])
    return rawPacket(
      random.pick([0x40, 0x50, 0x62, 0x70]),
      uint16(random.int(30)),
      reason,
      anyProperties(random, "ack"),
    )
  },
  (random) => rawPacket(0xe0, Buffer.from([random.pick([0, 4, 0x80, 0x8e])]), anyProperties(random, "disconnect")),
  (random) => rawPacket(0xf0, Buffer.from([random.pick([0, 0x18, 0x19])]), anyProperties(random, "auth")),
]

export function anyPacket(random: Random, version: Version): Buffer {
  return (version === 5 && random.chance(0.15) ? random.pick(RAW) : random.pick(PACKETS))(random, version)
}

/** A CONNECT of MQTT 5 by hand, will and all, with any properties. */
export function rawConnect(random: Random, { clientId, username, password }: ConnectShape): Buffer {
  const properties = (place: PlaceName) => anyProperties(random, place)
  const will = random.chance(0.4)
  const flags = (random.chance(0.5) ? 2 : 0) | (will ? 4 | (random.int(4) << 3) | (random.int(2) << 5) : 0)
  const named = (username === undefined ? 0 : 128) | (password === undefined ? 0 : 64)
  return rawPacket(
    0x10,
    text16("MQTT"),
    Buffer.from([random.chance(0.9) ? 5 : random.int(256), flags | named | (random.chance(0.03) ? 1 : 0)]),
    uint16(random.pick([0, 1, 65535])),
    properties("connect"),
    text16(clientId),
    ...(will ? [properties("will"), text16(anyTopic(random)), uint16(5), Buffer.from("gone!")] : []),
    ...[username, password].filter((part) => part !== undefined).map(text16),
  )
}

function written(packet: object, version: Version): Buffer {
  try {
    return generate(packet as Packet, { protocolVersion: version })
  } catch {
    return Buffer.concat([Buffer.from([0x30]), varint(3), Buffer.from([0, 1, 0x61])]) // mqtt-packet refused an odd text
  }
}
