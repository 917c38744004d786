import { setPriority } from "node:os"
import { serve } from "../helper.ts"
import { Flood, Frozen } from "./flood.ts"
import { HalfOpen } from "./half-open.ts"
import { ConnectStorm, LoginStorm } from "./storms.ts"

export interface HostileOrder {
  readonly ports: { readonly mqtt: number; readonly mqtts: number }
  readonly username: string
  readonly password: string
  readonly halfOpen: number
  /** Only attacks whose name is in it; all when empty. */
  readonly only: readonly string[]
}

/** What the attackers came to while they were measured. */
export interface Damage {
  readonly seconds: number
  readonly flooded: number
  readonly connects: number
  readonly logins: number
  readonly halfOpen: number
}

/** Elsewhere in reality: they must not take the gateway's processor away by standing on the same machine. */
const LEAST_PRIORITY = 19

type Attack = { readonly count: number; stop(): void }
interface Attacks {
  readonly frozen: Attack
  readonly flood: Attack
  readonly connects: Attack
  readonly logins: Attack
  readonly halfOpen: Attack
}

const NONE: Attack = { count: 0, stop: () => {} }

let attacks: Attacks | undefined
let before: { readonly at: number; readonly flooded: number; readonly connects: number; readonly logins: number }

/** Resolves once every attack is under way and the handshakes hang. */
async function begin(order: HostileOrder): Promise<void> {
  setPriority(LEAST_PRIORITY)
  const { ports, username, password } = order
  const wanted = (name: string) => order.only.length === 0 || order.only.includes(name)
  const login = { username, password }
  attacks = {
    halfOpen: wanted("half-open") ? await HalfOpen.start(ports.mqtts, order.halfOpen) : NONE,
    frozen: wanted("frozen") ? await Frozen.start(ports.mqtt, login) : NONE,
    flood: wanted("flood") ? await Flood.start(ports.mqtt, login) : NONE,
    connects: wanted("connects") ? new ConnectStorm(ports.mqtt, login) : NONE,
    logins: wanted("logins") ? new LoginStorm(ports.mqtt, username) : NONE,
  }
}

/** From now on it is counted. */
async function mark(): Promise<void> {
  const { flood, connects, logins } = running()
  before = { at: performance.now(), flooded: flood.count, connects: connects.count, logins: logins.count }
}

async function count(): Promise<Damage> {
  const { flood, connects, logins, halfOpen } = running()
  return {
    seconds: (performance.now() - before.at) / 1000,
    flooded: flood.count - before.flooded,
    connects: connects.count - before.connects,
    logins: logins.count - before.logins,
    halfOpen: halfOpen.count,
  }
}

async function end(): Promise<void> {
  const { frozen, flood, connects, logins, halfOpen } = running()
  for (const attack of [frozen, flood, connects, logins, halfOpen]) attack.stop()
  attacks = undefined
}

function running(): Attacks {
  if (attacks === undefined) throw new Error("no attack is under way")
  return attacks
}

const verbs = { begin, mark, count, end }

export type HostileVerbs = typeof verbs

serve(verbs)
