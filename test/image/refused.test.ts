import assert from "node:assert/strict"
import { test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { CASE, machineFrom, upload } from "./appliance.ts"
import { badBundles } from "./broken.ts"
import type { Machine } from "./machine.ts"

test("each kind of bad bundle is refused with its own reason, and the slot is not touched", CASE, async (t) => {
  const machine = await machineFrom(t, "ready", "refused")
  const before = await machine.run(
    "head -c 64M /run/gatehouse/disk/slot-b | sha256sum; /usr/lib/gatehouse/boot-state show",
  )
  const messages = new Set<string>()
  for (const [code, bundle] of Object.entries(badBundles())) {
    const answer = await upload(machine, bundle)
    assert.deepEqual([answer.state, answer.code], ["refused", code], answer.message)
    t.diagnostic(`${code}: ${answer.message}`)
    messages.add(answer.message)
  }
  assert.equal(messages.size, 7)
  const after = await machine.run(
    "head -c 64M /run/gatehouse/disk/slot-b | sha256sum; /usr/lib/gatehouse/boot-state show",
  )
  assert.equal(after, before)
})

test("what root is asked in bad faith is refused, whatever lies in the drop folder", CASE, async (t) => {
  const machine = await machineFrom(t, "ready", "bad-faith")
  const drop = "/var/lib/gatehouse/requests"
  await machine.run(`
    ln -s /etc/shadow ${drop}/a-link.json
    mkfifo ${drop}/b-pipe.json
    head -c 100000 /dev/zero >${drop}/c-long.json
    mkdir ${drop}/d-folder.json
    echo '{"format":"gatehouse-root-request/1","kind":"run","command":"sh"}' >${drop}/e-kind.json
    echo '{"format":"gatehouse-root-request/1","kind":"install","bundle":"../../../etc/shadow","bytes":1}' >${drop}/f-path.json
    ln -s /etc/shadow /var/lib/gatehouse/uploads/g.raucb
    echo '{"format":"gatehouse-root-request/1","kind":"install","bundle":"g.raucb","bytes":1}' >${drop}/g-upload.json`)
  for (const id of ["a-link", "b-pipe", "c-long", "d-folder", "e-kind", "f-path"]) {
    assert.equal((await answered(machine, id)).code, "request-invalid", id)
  }
  assert.equal((await answered(machine, "g-upload")).code, "bundle-missing")
  assert.match(await machine.run("stat -c '%U %a' /etc/shadow"), /^root 640/)
  assert.equal((await machine.run(`ls -A ${drop} | wc -l`)).trim(), "0")
})

/** Root's own answer, straight from its folder. */
async function answered(machine: Machine, id: string): Promise<{ readonly code?: string }> {
  for (let second = 0; second < 300; second++) {
    const text = await machine.run(`cat /var/lib/gatehouse-system/answers/${id}.json 2>/dev/null || true`)
    if (text !== "" && JSON.parse(text).state !== "working") return JSON.parse(text)
    await sleep(1000)
  }
  throw new Error(`root did not answer ${id} within five minutes`)
}
