/** Network, clock, restarts and factory resets: what is kept and what goes. */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
  ADMINISTRATOR,
  act,
  apiStatus,
  appliance,
  CASE,
  identity,
  isOver,
  machineFrom,
  START_SECONDS,
  toldOnce,
} from "./appliance.ts"
import type { Machine } from "./machine.ts"

const STATIC = { method: "static", address: "192.168.50.2/24" } as const

test(
  "settings survive a restart, a change of the network undoes itself, and a reset forgets what it says",
  CASE,
  async (t) => {
    const machine = await machineFrom(t, "ready", "reset")
    const [main, cable] = await networkPorts(machine)

    await t.test("the clock is set, and not to a time before the version was built", async () => {
      const early = await act(machine, "PUT", "clock", { time: "2001-01-01T00:00:00Z" })
      assert.equal((await toldOnce(machine, early, isOver, 300)).code, "clock-invalid")
      const time = new Date(Date.now() + 1_200_000).toISOString()
      const id = await act(machine, "PUT", "clock", { time })
      const { state, message } = await toldOnce(machine, id, isOver, 300)
      assert.equal(state, "done", message)
      const behind = Date.parse(time) / 1000 - Number(await machine.run("date +%s"))
      assert.ok(Math.abs(behind) < 300, `${behind} s behind`)
    })

    await t.test("a network that locks everybody out is back as it was after a minute", async () => {
      const settings = { interface: main, ipv4: { method: "static", address: "192.0.2.17/24" } }
      const id = await act(machine, "PUT", "network", settings)
      await machine.run(`until ip -4 address show dev ${main} | grep -q 192.0.2.17; do sleep 1; done`)
      const { state, code } = await toldOnce(machine, id, isOver, 900)
      assert.deepEqual([state, code], ["failed", "network-undone"])
      assert.doesNotMatch(await machine.run("ip -4 address show"), /192\.0\.2\.17/)
    })

    await t.test("a network that is confirmed is kept", async () => {
      await machine.plugIn(true)
      const id = await act(machine, "PUT", "network", { interface: cable, ipv4: STATIC })
      await machine.run(`until ip -4 address show dev ${cable} | grep -q 192.168.50.2; do sleep 1; done`)
      await act(machine, "POST", "network/confirm", { request: id })
      assert.equal((await toldOnce(machine, id, isOver, 300)).state, "done")
      assert.match(await machine.run("ip -4 address show"), /192\.168\.50\.2/)
    })

    const before = await identity(machine)
    await t.test("after a restart everything is as it was", async () => {
      const id = await act(machine, "POST", "restart")
      await restarted(machine)
      assert.equal((await toldOnce(machine, id, isOver, 300)).state, "done")
      // the seed of the random numbers is another after every start
      assert.deepEqual((await identity(machine)).slice(0, -1), before.slice(0, -1))
      assert.equal((await appliance(machine)).network.ipv4.address, STATIC.address)
      assert.match(await machine.run("ip -4 address show"), /192\.168\.50\.2/)
    })

    await t.test("a reset of the settings forgets the network and nothing else", async () => {
      await reset(machine, "settings")
      assert.deepEqual((await identity(machine)).slice(0, -1), before.slice(0, -1))
      assert.equal((await apiStatus(machine)).claimed, true)
      assert.equal((await appliance(machine)).network.ipv4.method, "dhcp")
      assert.doesNotMatch(await machine.run("ip -4 address show"), /192\.168\.50\.2/)
    })

    await t.test("a reset of everything leaves a new box: other keys, other name, nobody's", async (t) => {
      await reset(machine, "everything")
      const after = await identity(machine)
      assert.equal(after.length, before.length)
      t.diagnostic(`kept: ${after.filter((fact) => before.includes(fact)).join(", ") || "nothing"}`)
      // the identifier of the card's partition table is of the card
      const isOfTheCard = (fact: string) => /^0x/.test(fact)
      assert.deepEqual(
        after.filter((fact) => before.includes(fact) && !isOfTheCard(fact)),
        [],
      )
      const refused = await machine.call("POST", "/api/v1/tokens", {}, ADMINISTRATOR)
      assert.equal(JSON.parse(refused.text).code, "not-claimed")
      await machine.says(
        /claim code\s+[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}/,
        600,
        machine.console.lastIndexOf("factory reset"),
      )
    })
  },
)

/** The one with a network, and the one whose cable is not plugged in. */
async function networkPorts(machine: Machine): Promise<readonly [main: string, cable: string]> {
  const names = (await machine.run("ls -d /sys/class/net/*/device | cut -d/ -f5")).trim().split("\n")
  const main = (await machine.run("ip -4 -brief address show scope global | cut -d' ' -f1")).trim()
  const cable = names.find((name) => name !== main)
  assert.ok(names.length === 2 && cable !== undefined, names.join(" "))
  return [main, cable]
}

async function restarted(machine: Machine, from = machine.console.length): Promise<void> {
  await machine.says(/Starting kernel[\s\S]*is healthy/, START_SECONDS, from)
}

async function reset(machine: Machine, scope: "settings" | "everything"): Promise<void> {
  const from = machine.console.length
  const name = (await machine.run("cat /etc/hostname")).trim()
  await act(machine, "POST", "factory-reset", { scope, name })
  await machine.says(new RegExp(`factory reset: ${scope}`), START_SECONDS, from)
  await restarted(machine, from)
}
