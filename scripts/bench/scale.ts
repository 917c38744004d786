import type { Api } from "./api.ts"
import { digits } from "./figures.ts"
import { type Gatehouse, PLANT_ID } from "./gatehouse.ts"
import type { Helper } from "./helper.ts"
import type { Device, Door } from "./load/client.ts"
import type { FleetVerbs } from "./load/fleet.ts"
import { monotonic } from "./many.ts"
import { mosquittoVersion, prepareMosquitto } from "./mosquitto.ts"
import { processorTime, residentMemory } from "./process-stat.ts"
import { startUp } from "./start-up.ts"
import { mutualDoor, NEWS, PROBER, ROLE, roleBody, type Town } from "./town.ts"

export type Row = readonly [what: string, figure: string]
type Fleet = Helper<FleetVerbs>

/** Connections that are being made at one time. */
const SIDE = 100
/** Time for garbage to be collected and buffers to be let go, milliseconds. */
const SETTLE_MS = 10_000
/** How long a disconnection may take to arrive. */
const PATIENCE_MS = 20_000

/** Connects everyone and looks at what that costs. */
export async function crowdGatehouse(fleet: Fleet, gateway: Gatehouse, town: Town): Promise<Row[]> {
  return crowd(fleet, gateway.pid, mutualDoor(gateway), NEWS, town.everyone)
}

/** The same figures of Mosquitto, by the same names; undefined where it is not installed. */
export async function crowdMosquitto(
  fleet: Fleet,
  folder: string,
  town: Town,
  starts: number,
): Promise<ReadonlyMap<string, string> | undefined> {
  if (mosquittoVersion() === undefined) return undefined
  const { plant, outside } = town
  const population = { ...PROBER, authority: plant.authority, devices: outside }
  const mosquitto = await prepareMosquitto(folder, population, plant)
  const up = await startUp(mosquitto.open, () => mosquitto.mutual, starts)
  await using running = await mosquitto.open()
  const rows = await crowd(fleet, running.pid, mosquitto.mutual, `bench/${NEWS}`, town.outside)
  await fleet.ask("leave", {})
  return new Map<string, string>([
    ["start-up, 2 users: spawn to CONNACK, ms", digits(up.milliseconds)],
    ["start-up, 2 users: processor time, ms", digits(up.processor)],
    ["RSS after one CONNECT, 2 users, MiB", digits(up.resident / 1024)],
    ...rows,
  ])
}

async function crowd(
  fleet: Fleet,
  pid: number,
  door: Door,
  filter: string,
  devices: readonly Device[],
): Promise<Row[]> {
  const before = { resident: residentMemory(pid), processor: processorTime(pid) }
  const seconds = await fleet.ask("connect", { door, devices, filter, side: SIDE })
  const processor = processorTime(pid) - before.processor
  const atOnce = residentMemory(pid)
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
  const settled = residentMemory(pid)
  const each = (kib: number) => digits((kib - before.resident) / devices.length)
  return [
    ["connections a second, first handshake of each", digits(devices.length / seconds)],
    ["processor time of one connection, us", digits(processor / devices.length)],
    ["RSS with everyone connected, MiB", digits(settled / 1024)],
    ["RSS of one connection, at once, KiB", each(atOnce)],
    ["RSS of one connection, settled, KiB", each(settled)],
  ]
}

/** Changes through the API that act on connected devices, and how long until the last one felt it. */
export async function changesOfRights(
  fleet: Fleet,
  api: Api,
  gateway: Gatehouse,
  town: Town,
  say: (what: string) => void,
): Promise<Row[]> {
  const { outside, own } = town
  const names = (devices: readonly { name: string }[]) => devices.map(({ name }) => name)
  const all = town.everyone.length
  const [disabled, revoked, witness] = [outside[0], own[0], own[1]]
  if (disabled === undefined || revoked === undefined || witness === undefined) throw new Error("the town is too small")
  const probe = { door: { port: gateway.ports.mqtt, login: PROBER }, topic: NEWS, waitMs: 5000 }
  const expect = (what: string, got: number, wanted: number) => {
    if (got !== wanted) throw new Error(`${what}: ${got} devices got the message, not ${wanted}`)
  }

  say(`taking a permission from ${all} devices`)
  expect("before the change", await fleet.ask("probe", probe), all)
  await fleet.ask("startPings", { name: witness.name })
  const role = await timed(() => api.call("PUT", `/roles/${ROLE}`, roleBody(false)))
  const stall = await fleet.ask("stopPings", {})
  expect("after the change", await fleet.ask("probe", { ...probe, waitMs: 1000 }), 0)

  say("disabling, revoking, distrusting")
  const disable = await untilClosed(fleet, names([disabled]), () =>
    api.call("PATCH", `/users/${disabled.name}`, { enabled: false }),
  )
  const { certificates } = await api.call("GET", `/certificates?user=${revoked.name}`)
  const [{ serial }] = certificates as [{ serial: string }]
  const revoke = await untilClosed(fleet, names([revoked]), () => api.call("POST", `/certificates/${serial}/revoke`))
  const distrust = await untilClosed(fleet, names(outside.slice(1)), () =>
    api.call("DELETE", `/authorities/${PLANT_ID}`),
  )
  return [
    [`role change: the filter of ${all} devices removed`, digits(role)],
    ["longest ping of another device meanwhile", digits(stall)],
    ["user disabled: disconnected", digits(disable)],
    ["certificate revoked: disconnected", digits(revoke)],
    [`authority no longer trusted: ${outside.length - 1} devices disconnected`, digits(distrust)],
  ]
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = monotonic()
  await work()
  return monotonic() - began
}

async function untilClosed(fleet: Fleet, names: readonly string[], work: () => Promise<unknown>): Promise<number> {
  const began = monotonic()
  await work()
  return (await fleet.ask("closed", { names, waitMs: PATIENCE_MS })) - began
}
