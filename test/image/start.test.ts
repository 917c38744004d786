/** First boot of a fresh card: everything a technician relies on before the first click. `-- --quick` runs this alone. */
import assert from "node:assert/strict"
import { join } from "node:path"
import { test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import {
  ADMINISTRATOR,
  apiStatus,
  appliance,
  built,
  freshCard,
  keepReady,
  META,
  START_SECONDS,
  scratch,
  started,
  VERSION,
} from "./appliance.ts"

test("a fresh card boots, grows, is claimed and keeps no secret where it does not belong", {
  timeout: 3_600_000,
}, async (t) => {
  const folder = scratch("start")
  const began = performance.now()
  const machine = await started(t, folder, freshCard(folder))
  await machine.healthy(START_SECONDS)
  t.diagnostic(`healthy ${Math.round((performance.now() - began) / 1000)} s after power-on`)

  const [, code = ""] = await machine.says(/claim code\s+([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4})/, 300)
  await machine.says(new RegExp(`gatehouse: version ${VERSION} in slot A is healthy`), 300)
  using probe = await machine.probe()

  await t.test("the claim code is on the console and on the boot partition, and nowhere in the journal", async () => {
    assert.equal((await probe.run("cat /var/lib/gatehouse/claim-code")).trim(), code)
    assert.equal(
      (await probe.run(`${BOOT_MOUNTED} cat $boot/claim-code.txt; ls -l $boot/claim-code.txt`)).split("\n")[0],
      code,
    )
    assert.match(await probe.run(`${BOOT_MOUNTED} stat -c %a $boot/claim-code.txt`), /^[67]00/)
    assert.equal((await probe.run(`journalctl --boot --no-pager | grep -c ${code} || true`)).trim(), "0")
  })

  await t.test("the data partition fills the card, and the root cannot be written", async () => {
    const kib = Number(await probe.run("df --output=size /var | tail -1"))
    assert.ok(kib > 2_500_000, `${kib} KiB`)
    assert.match(await probe.run("touch /usr/x 2>&1 || true"), /Read-only file system/)
    assert.match(await probe.run("dmsetup table gatehouse-root"), /verity .* sha256 .* panic_on_corruption/)
  })

  await t.test("exactly the documented ports are open to the network", async () => {
    const open = (await probe.run("ss -Hltun | awk '{ print $1, $5 }'"))
      .split("\n")
      .filter((line) => line !== "" && !/ (127\.|\[::1\]|.*%lo:)/.test(line))
      .map((line) => `${line.split(" ")[0]} ${line.split(":").at(-1)}`)
    const documented = new Set(META.ports.map(({ protocol, port }) => `${protocol} ${port}`))
    assert.deepEqual(
      [...new Set(open)].filter((port) => !documented.has(port)),
      [],
    )
    assert.ok(open.includes("tcp 443"))
    assert.match(await probe.run("nft list chain inet gatehouse input"), /policy drop/)
  })

  await t.test("systemd finds the service as closed as the unit test does, and nothing failed", async () => {
    const said = await probe.run("systemd-analyze security --no-pager gatehouse.service | tail -1")
    assert.ok(Number(/([\d.]+)/.exec(said)?.[1]) <= 2.0, said)
    assert.equal((await probe.run("systemctl --failed --plain --no-legend")).trim(), "")
    t.diagnostic((await probe.run("systemd-analyze; systemd-analyze blame | head -12")).trim())
  })

  await t.test("the watchdog is armed, the journal is bounded and in memory, and nobody can log in", async () => {
    assert.match(await probe.run("systemctl show --property=RuntimeWatchdogUSec"), /=2min/)
    assert.match(await probe.run("cat /sys/class/watchdog/watchdog0/state"), /active/)
    assert.equal((await probe.run("ls -d /var/log/journal 2>/dev/null | wc -l")).trim(), "0")
    assert.equal((await probe.run("awk -F: '$2 !~ /^[!*]/' /etc/shadow")).trim(), "")
    assert.equal((await probe.run("systemctl list-units --plain --no-legend '*getty@*' | wc -l")).trim(), "0")
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
    const left = () => probe.run(`${BOOT_MOUNTED} ls $boot | grep -c claim-code || true; umount $boot`)
    for (let second = 0; second < 300 && (await left()).trim() !== "0"; second += 2) await sleep(2000)
    assert.equal((await left()).trim(), "0")
    assert.equal(
      (await probe.run(`dd if=/run/gatehouse/disk/boot bs=1M status=none | grep -ac ${code} || true`)).trim(),
      "0",
    )
  })

  const { slot, trial, version } = await appliance(machine)
  assert.deepEqual({ slot, trial, version }, { slot: "A", trial: false, version: VERSION })
  probe[Symbol.dispose]()
  await keepReady(machine)
})

const BOOT_MOUNTED =
  "boot=/run/test-boot; mkdir -p $boot; mountpoint -q $boot || mount -t vfat -o ro,umask=077 /run/gatehouse/disk/boot $boot;"

test("the card's checksums are those beside it", async () => {
  const { run } = await import("../../scripts/image/run.ts")
  const name = built("base", "SHA256SUMS")
  assert.match(run("sha256sum", ["-c", name], { cwd: join(name, "..") }), /img: OK/)
})
