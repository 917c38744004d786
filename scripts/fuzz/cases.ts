import { setTimeout as delay } from "node:timers/promises"
import { addressOf } from "./address.ts"
import { shakenHands, wildFrames } from "./frames.ts"
import { anyPacket, type ConnectShape, goodConnect, rawConnect, type Version } from "./grammar.ts"
import { type Entrance, type Line, openLine, reset, type Target } from "./lines.ts"
import { grafted, mutated } from "./mutate.ts"
import { Random } from "./random.ts"

export const KINDS = ["packets", "strangers", "frames", "handshakes"] as const
export type Kind = (typeof KINDS)[number]

/** What a case does to the gateway; all of it follows from the case's name. */
export interface Case {
  readonly kind: Kind
  readonly number: number
  /** With the run's seed in it. */
  readonly name: string
}

/** Of a hundred cases. */
const SHARES: Readonly<Record<Kind, number>> = { packets: 70, strangers: 18, frames: 8, handshakes: 4 }

export function caseOf(seed: string, number: number, kind?: Kind): Case {
  let left = new Random(`${seed}/${number}`).int(100)
  const drawn = KINDS.find((candidate) => {
    left -= SHARES[candidate]
    return left < 0
  })
  const chosen = kind ?? drawn ?? "packets"
  return { kind: chosen, number, name: `${seed}/${chosen}:${number}` }
}

/** Plays one case to its end; the answer is how many packets, damaged ones included, it has sent. */
export function play(one: Case, target: Target): Promise<number> {
  const random = new Random(one.name)
  switch (one.kind) {
    case "packets":
      return packets(one, target, random, true)
    case "strangers":
      return packets(one, target, random, false)
    case "frames":
      return wildFrames(target, random, connectOf(one, target, random, true))
    case "handshakes":
      return shakenHands(target, random)
  }
}

/** The bytes that a case of packets sends, in portions cut without regard to packets. */
export function portionsOf(one: Case, target: Target): { portions: Buffer[]; count: number } {
  return script(one, target, new Random(one.name), one.kind === "packets")
}

async function packets(one: Case, target: Target, random: Random, admitted: boolean): Promise<number> {
  const { portions, count, entrance, from, device } = script(one, target, random, admitted)
  const line = await openLine(target, entrance, from, device).catch(() => undefined)
  if (line === undefined) return 0
  if (random.chance(0.95)) line.stream.resume() // the others never read
  for (const portion of portions) {
    if (line.stream.destroyed || !line.stream.writable) break // it has been cut off
    line.stream.write(portion)
    if (random.chance(0.05)) await delay(random.int(4))
  }
  await end(line, random)
  return count
}

function script(one: Case, target: Target, random: Random, admitted: boolean) {
  const entrance = random.pick<Entrance>([
    ...Array<Entrance>(10).fill("mqtt"),
    "ws",
    "ws",
    "ws",
    "mqtts",
    "mqtts",
    "wss",
  ])
  const secure = entrance === "mqtts" || entrance === "wss"
  const device = secure && admitted && random.chance(0.7) ? random.pick(target.devices) : undefined
  const shape = shapeOf(one, target, random, admitted)
  const known = device === undefined ? shape : { clientId: shape.clientId, version: shape.version }
  const connect = opening(known, random, admitted)
  const sent = connect === undefined ? [] : [connect]
  const damage = random.pick([0, 0.01, 0.03, 0.1, 0.5])
  const count = random.between(1, random.chance(0.2) ? 150 : 20)
  for (let i = 0; i < count; i++) {
    const packet = anyPacket(random, shape.version)
    if (!random.chance(damage)) sent.push(packet)
    else
      sent.push(
        random.chance(0.15) ? grafted(packet, anyPacket(random, shape.version), random) : mutated(packet, random),
      )
  }
  return { portions: cut(Buffer.concat(sent), random), count, entrance, from: addressOf(random, admitted), device }
}

/** Those who are to be let in mostly begin as they should; the others with anything. */
function opening(shape: ConnectShape, random: Random, admitted: boolean): Buffer | undefined {
  const good = () =>
    shape.version === 5 && random.chance(0.5) ? rawConnect(random, shape) : goodConnect(random, shape)
  if (admitted) return random.chance(0.95) ? goodConnect(random, shape) : good()
  if (random.chance(0.1)) return undefined
  if (random.chance(0.05)) return random.bytes(random.between(1, 20_000))
  return random.chance(0.7) ? mutated(good(), random) : good()
}

function shapeOf(one: Case, target: Target, random: Random, admitted: boolean): ConnectShape {
  const version = random.pick<Version>([3, 4, 4, 5, 5, 5])
  const clientId = random.chance(0.7) ? `${one.kind[0]}${one.number}` : `pool${random.int(60)}`
  if (admitted) return { clientId, version, username: "fuzz", password: target.password }
  const username = random.pick([undefined, "fuzz", "nobody", "device-1", "constructor", "a/b", "é".repeat(40)])
  return {
    clientId,
    version,
    username,
    password: username === undefined ? undefined : random.pick(["wrong", "", "x".repeat(2000)]),
  }
}

function connectOf(one: Case, target: Target, random: Random, admitted: boolean): Buffer {
  return goodConnect(random, shapeOf(one, target, random, admitted))
}

/** Cut at random borders, from single bytes to all at once. */
function cut(bytes: Buffer, random: Random): Buffer[] {
  const longest = random.pick([3, 30, 300, 1000, 3000, 100_000])
  const portions: Buffer[] = []
  for (let at = 0; at < bytes.length && portions.length < 200; ) {
    const to = portions.length === 199 ? bytes.length : at + random.between(1, longest)
    portions.push(bytes.subarray(at, to))
    at = to
  }
  return portions
}

async function end({ stream, socket }: Line, random: Random): Promise<void> {
  const way = random.int(50)
  for (let left = random.int(way === 0 ? 1500 : 25); left > 0 && !stream.destroyed; left -= 10) await delay(10)
  if (way < 35) reset(socket)
  else if (way < 45) stream.destroy()
  else {
    stream.end()
    await delay(20)
  }
  if (!stream.destroyed) stream.destroy()
  socket.destroy()
}
