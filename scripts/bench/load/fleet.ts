import { serve } from "../helper.ts"
import { inParallel, monotonic } from "../many.ts"
import { Client, type Device, type Door } from "./client.ts"
import { publishPacket } from "./packets.ts"

/** Devices that stay connected, each with its own certificate and one subscription, and what happens to them. */
interface Member {
  readonly client: Client
  /** On the shared clock; undefined while connected. */
  closedAt: number | undefined
}

const PINGREQ = Buffer.from([0xc0, 0])
const PING_EVERY_MS = 5

const fleet = new Map<string, Member>()
let prober: Client | undefined
let pings: { readonly stop: () => number } | undefined

export interface ConnectOrder {
  readonly door: Door
  readonly devices: readonly Device[]
  readonly filter: string
  /** Connections that are being made at one time. */
  readonly side: number
}

const verbs = {
  /** Connects and subscribes every device; answers how long that took, seconds. */
  async connect({ door, devices, filter, side }: ConnectOrder): Promise<number> {
    const began = monotonic()
    await inParallel(devices, side, async (device) => {
      const own = door.tls === undefined ? door : { ...door, tls: { ca: door.tls.ca, devices: [device] } }
      const client = await Client.connect(own, 0, device.name, 4)
      await client.subscribe(filter, 0)
      const member: Member = { client, closedAt: undefined }
      client.onClosed = () => {
        member.closedAt = monotonic()
      }
      fleet.set(device.name, member)
    })
    return (monotonic() - began) / 1000
  },

  /** How many of the fleet get a message published now to `topic`, within `waitMs`. */
  async probe({ door, topic, waitMs }: { door: Door; topic: string; waitMs: number }): Promise<number> {
    prober ??= await Client.connect(door, 0, "prober", 4)
    const before = received()
    prober.socket.write(publishPacket(topic, 0, 0, 4))
    const until = monotonic() + waitMs
    while (monotonic() < until && received() - before < fleet.size) await pause(10)
    return received() - before
  },

  /** Waits until all these devices were disconnected; answers when the last one was, on the shared clock. */
  async closed({ names, waitMs }: { names: readonly string[]; waitMs: number }): Promise<number> {
    const until = monotonic() + waitMs
    for (;;) {
      const times = names.map((name) => fleet.get(name)?.closedAt)
      if (times.every((time) => time !== undefined)) return Math.max(...times)
      if (monotonic() > until)
        throw new Error(`${times.filter((time) => time === undefined).length} are still connected`)
      await pause(5)
    }
  },

  /** From now on one device that nothing happens to pings all the time. */
  async startPings({ name }: { name: string }): Promise<void> {
    const client = fleet.get(name)?.client
    if (client === undefined) throw new Error(`${name} is not connected`)
    pings = watch(client)
  },

  /** The longest wait of a ping since, milliseconds. */
  async stopPings(_: object): Promise<number> {
    return pings?.stop() ?? Number.NaN
  },

  async leave(_: object): Promise<void> {
    await Promise.all([...fleet.values()].map(({ client }) => client.close()))
    await prober?.close()
    prober = undefined
    fleet.clear()
  },
}

function received(): number {
  let sum = 0
  for (const { client } of fleet.values()) sum += client.received
  return sum
}

/** One ping after the other; a stalled broker shows as one long wait. */
function watch(client: Client): { stop: () => number } {
  let longest = 0
  let sentAt = 0
  const ping = () => {
    sentAt = monotonic()
    client.socket.write(PINGREQ)
  }
  let timer: NodeJS.Timeout | undefined
  client.onChunk = () => {
    longest = Math.max(longest, monotonic() - sentAt)
    timer = setTimeout(ping, PING_EVERY_MS)
  }
  ping()
  return {
    stop: () => {
      clearTimeout(timer)
      client.onChunk = () => {}
      return longest
    },
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

export type FleetVerbs = typeof verbs

serve(verbs)
