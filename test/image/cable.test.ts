/** A laptop plugged straight into a new box: it gets an address and finds the box by its name. */
import assert from "node:assert/strict"
import { join } from "node:path"
import { test } from "node:test"
import { CASE, claim, machineFrom } from "./appliance.ts"
import { Ethernet } from "./ethernet.ts"
import { askEverybody, askForAddress, DHCP_OPTION } from "./laptop.ts"

const OWN = "192.168.77.10"
const BOX = "192.168.77.1"

test(
  "a new box gives a plugged-in laptop an address, tells its name, and stops once it is claimed",
  CASE,
  async (t) => {
    const machine = await machineFrom(t, "fresh", "cable")
    using cable = await Ethernet.open(join(machine.folder, "cable.sock"))
    assert.equal(await askForAddress(cable, 10), undefined, "an answer on a cable that is not plugged in")
    await machine.plugIn(true)

    const offer = await askForAddress(cable, 600)
    assert.ok(offer !== undefined, "nobody offered an address")
    assert.match(offer.address, /^192\.168\.77\.1[0-3]$/)
    assert.equal(offer.server, BOX)
    assert.equal(offer.options.get(DHCP_OPTION.mask)?.join("."), "255.255.255.0")
    // a laptop keeps its way to the internet
    assert.equal(offer.options.has(DHCP_OPTION.router), false)
    assert.equal(offer.options.has(DHCP_OPTION.nameServer), false)

    const host = (await machine.run("cat /etc/hostname")).trim()
    assert.match(host, /^gatehouse-[0-9a-f]{8}$/)
    assert.ok((await askEverybody(cable, OWN, `${host}.local`, "a", 120)).includes(BOX))
    for (const [service, port] of [
      ["_https._tcp.local", 443],
      ["_secure-mqtt._tcp.local", 8883],
    ] as const) {
      const [instance = ""] = await askEverybody(cable, OWN, service, "ptr", 120)
      assert.equal(instance, `${host}.${service}`)
      assert.deepEqual(await askEverybody(cable, OWN, instance, "srv", 120), [`${host}.local:${port}`])
    }

    await claim(machine)
    await machine.says(/in service/, 300)
    await machine.run("until [ ! -e /run/systemd/network/60-* ]; do sleep 1; done", 300)
    assert.equal(await askForAddress(cable, 30), undefined, "a claimed box still answers DHCP")
  },
)
