/** First boot of a fresh card: everything a technician relies on before the first click. `-- --quick` runs this alone. */
import assert from "node:assert/strict"
import { join } from "node:path"
import { test } from "node:test"
import { run } from "../../scripts/image/run.ts"
import {
  ADMINISTRATOR,
  apiStatus,
  appliance,
  built,
  CASE,
  freshCard,
  identity,
  keep,
  keepAll,
  leave,
  META,
  powered,
  START_SECONDS,
  scratch,
  VERSION,
} from "./appliance.ts"
import type { Machine } from "./machine.ts"

test("a fresh card boots, grows, is claimed and keeps no secret where it does not belong", CASE, async (t) => {
  const folder = scratch("start")
  const began = performance.now()
  const machine = await powered(t, folder, freshCard(folder))
  await machine.healthy(START_SECONDS)
  const [wall, processor] = [(performance.now() - began) / 1000, machine.processorSeconds]
  t.diagnostic(`healthy ${Math.round(wall)} s after power-on, ${Math.round(processor)} s of one core`)

  const [, code = ""] = await machine.says(/claim code\s+([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})/, 300)
  await machine.says(new RegExp(`gatehouse: version ${VERSION} in slot A is healthy`), 300)
  await keep(machine, "fresh")
  const closed = await openPorts(machine)
  assert.ok(!closed.includes("tcp 8883") && closed.includes("tcp 443"), "MQTT is closed until somebody owns the box")

  await t.test("the claim code is on the console and on the boot partition, and nowhere in the journal", async () => {
    assert.equal((await machine.run("cat /var/lib/gatehouse/claim-code")).trim(), code)
    const found = await onBootPartition(machine, "cat claim-code.txt; stat -c %a claim-code.txt")
    assert.match(found, new RegExp(`^${code}\n[67]00`))
    assert.equal((await machine.run(`journalctl --boot --no-pager | grep -c ${code} || true`)).trim(), "0")
  })

  await t.test("the data partition fills the card, and the root cannot be written", async () => {
    const kib = Number(await machine.run("df --output=size /var | tail -1"))
    assert.ok(kib > 2_500_000, `${kib} KiB`)
    assert.match(await machine.run("touch /usr/x 2>&1 || true"), /Read-only file system/)
    assert.match(await machine.run("dmsetup table gatehouse-root"), /verity .* sha256 .* panic_on_corruption/)
  })

  await t.test("systemd finds the service as closed as the unit test does, and nothing failed", async () => {
    const said = await machine.run("systemd-analyze security --no-pager gatehouse.service | tail -1")
    t.diagnostic(said.trim())
    assert.ok(Number(/: ([\d.]+)/.exec(said)?.[1]) <= 2.0, said)
    assert.equal((await machine.run("systemctl --failed --plain --no-legend")).trim(), "")
    t.diagnostic(
      (
        await machine.run(
          "systemd-analyze; systemd-analyze blame --no-pager | head -12; grep -E 'MemTotal|MemAvail' /proc/meminfo",
        )
      ).trim(),
    )
  })

  await t.test("the watchdog is armed, the journal is bounded and in memory, and nobody can log in", async () => {
    assert.match(await machine.run("systemctl show --property=RuntimeWatchdogUSec"), /=2min/)
    assert.match(await machine.run("cat /sys/class/watchdog/watchdog0/state"), /^active/)
    assert.equal((await machine.run("ls -d /var/log/journal 2>/dev/null | wc -l")).trim(), "0")
    assert.equal((await machine.run("awk -F: '$2 !~ /^[!*]/' /etc/shadow")).trim(), "")
    assert.equal((await machine.run("systemctl list-units --plain --no-legend '*getty@*' | wc -l")).trim(), "0")
  })

  await t.test("with the code from the console it is claimed through the forwarded port", async () => {
    const answer = await machine.call("POST", "/api/v1/claim", {}, { code, ...ADMINISTRATOR })
    assert.equal(answer.status, 201, answer.text)
    assert.deepEqual(await apiStatus(machine).then(({ version, claimed }) => ({ version, claimed })), {
      version: VERSION,
      claimed: true,
    })
  })

  await t.test("the code is erased once it was used", async () => {
    await machine.says(/in service/, 300)
    assert.doesNotMatch(await onBootPartition(machine, "ls"), /claim-code/)
    const found = await machine.run(`dd if=/run/gatehouse/disk/boot bs=1M status=none | grep -ac ${code} || true`)
    assert.equal(found.trim(), "0")
  })

  await t.test("exactly the documented ports are open to the network", async () => {
    const documented = META.ports.map(({ protocol, port }) => `${protocol} ${port}`)
    const open = await openPorts(machine)
    t.diagnostic(`open: ${open.join(", ")}`)
    assert.deepEqual(
      open.filter((port) => !documented.includes(port)),
      [],
    )
    // an answer to DHCP is given on a new box only, and DHCP is asked for where there is a network
    const always = documented.filter((port) => port.startsWith("tcp ") || port === "udp 5353")
    assert.deepEqual(
      always.filter((port) => !open.includes(port)),
      [],
    )
    assert.match(await machine.run("nft list chain inet gatehouse input"), /policy drop/)
  })

  const { slot, trial, version } = await appliance(machine)
  assert.deepEqual({ slot, trial, version }, { slot: "A", trial: false, version: VERSION })
  leave("identity", await identity(machine))
  await keep(machine, "ready")
  await keepAll(machine)
})

/** What the boot partition holds, as somebody who reads the card would see it. The box mounts it for itself at times. */
function onBootPartition(machine: Machine, script: string): Promise<string> {
  const at = "/run/test-boot"
  const mount = `mkdir -p ${at}; until mount -t vfat -o ro,umask=077 /run/gatehouse/disk/boot ${at}; do sleep 1; done`
  return machine.run(`${mount}; cd ${at}; ${script}; cd /; umount ${at}`)
}

/** Where the box listens for others, as `tcp 443`. */
async function openPorts(machine: Machine): Promise<string[]> {
  const lines = (await machine.run("ss -Hltun | awk '{ print $1, $5 }'")).trim().split("\n")
  const others = lines.filter((line) => !/ (127\.|\[::1\]|.*%lo:)/.test(line))
  return [...new Set(others.map((line) => `${line.split(" ")[0]} ${line.split(":").at(-1)}`))].sort()
}

test("the card's checksums are those beside it", () => {
  const name = built("base", "SHA256SUMS")
  assert.match(run("sha256sum", ["-c", name], { cwd: join(name, "..") }), /img: OK/)
})
