import assert from "node:assert/strict"
import { chown, mkdir, readFile, rename, rm, truncate, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { after, before, describe, it } from "node:test"
import { createAuthority } from "../../../service/ca/authority-material.ts"
import { makeDevice } from "../../support/device.ts"
import { ADMIN } from "../../support/gateway.ts"
import { Place } from "../../support/process.ts"
import { refusalHere, refusalOf, sh, startHere, Template } from "./refusal.ts"

const NOBODY = 65_534
const NEEDS_ROOT = { skip: process.geteuid?.() === 0 ? false : "needs root" }

describe("a start in a state directory that is not its own", { concurrency: 2 }, () => {
  it("is refused where a file stands in its place", async () => {
    await using place = await Place.make()
    await writeFile(place.state, "mine")
    const { code, reason } = await refusalHere(place)
    assert.equal(code, "state-unusable")
    assert.match(reason, /the state directory .*state is not a directory; remove that file, or set another/)
    assert.equal(await readFile(place.state, "utf8"), "mine")
  })

  it("is refused for a user who may not make it, and for one whom it does not belong to", {
    ...NEEDS_ROOT,
  }, async () => {
    await using place = await Place.make()
    assert.match((await refusalOf(place, { uid: NOBODY })).reason, /cannot be made; make it yourself and give it to/)
    await mkdir(place.state, { mode: 0o700 })
    const { code, reason } = await refusalOf(place, { uid: NOBODY })
    assert.equal(code, "state-unusable")
    assert.match(
      reason,
      new RegExp(`belongs to uid 0 while the gateway runs as uid ${NOBODY}; run the gateway as that`),
    )
    await sh(commandIn(reason, /run: (chown -R .*)$/))
    await using gateway = await place.start({ uid: NOBODY })
    assert.equal((await gateway.stop()).code, 0)
    assert.match(
      (await refusalHere(place)).reason,
      new RegExp(`belongs to uid ${NOBODY} while the gateway runs as uid 0`),
    )
  })

  it("is refused for a part of it that the user may not read", NEEDS_ROOT, async () => {
    await using place = await Place.make()
    await mkdir(join(place.state, "backup"), { recursive: true, mode: 0o700 })
    await chown(place.state, NOBODY, NOBODY)
    const { code, reason } = await refusalOf(place, { uid: NOBODY })
    assert.equal(code, "state-unusable")
    assert.match(
      reason,
      new RegExp(`holds what the gateway's user may not read; run: chown -R ${NOBODY} '${place.state}'`),
    )
  })

  it("is refused on a file system that is read-only", NEEDS_ROOT, async () => {
    await using place = await Place.make()
    await mkdir(place.state)
    const mount = `mount -t tmpfs -o ro,mode=700 none '${place.state}' && exec "$@"`
    const { code, reason } = await refusalOf(place, { through: ["unshare", "-m", "sh", "-c", mount, "sh"] })
    assert.equal(code, "state-unusable")
    assert.match(reason, /cannot be written; check its mode \(0700\) and that its file system is not read-only/)
  })

  it("is refused while another gateway runs in it, which does not notice, and allowed once that was killed", async () => {
    await using place = await Place.make()
    await using first = await place.start()
    const { code, reason } = await refusalOf(place)
    assert.equal(code, "state-unusable")
    assert.match(reason, /is in use by another running gateway; stop that one, or set another stateDirectory/)
    assert.equal((await first.api.raw("GET", "/authority")).status, 200)
    assert.equal((await first.stop("SIGKILL")).signal, "SIGKILL")
    await using second = await startHere(place)
    assert.equal(second.gateway.claimed, false)
  })

  it("is refused where something stands in the claim code's place", async () => {
    await using place = await Place.make()
    await mkdir(join(place.state, "claim-code"), { recursive: true })
    assert.match((await refusalHere(place)).reason, /claim code cannot be kept in .*claim-code; move away what stands/)
  })
})

const DOCUMENTS: [what: string, damage: (bytes: Buffer) => string | Buffer, sentence: RegExp][] = [
  ["torn", (bytes) => bytes.subarray(0, bytes.length / 2), /users\.json is damaged: it stops being JSON at line \d+/],
  ["empty", () => "", /users\.json is damaged: it is empty/],
  ["not a document of ours", () => '{"users":[]}', /is damaged: it is not a document of the gateway/],
  ["another document", () => '{"format":"gatehouse-trust/1","value":{}}', /is of the format "gatehouse-trust\/1", not/],
  [
    "of a newer version",
    (bytes) => bytes.toString().replaceAll("gatehouse-users/1", "gatehouse-users/2"),
    /users\.json cannot be used: it was written by a newer version of the gateway .*; start that version again, or else/,
  ],
]

describe("a start with damaged state", { concurrency: 2 }, () => {
  let template: Template
  before(async () => {
    template = await Template.make(async (api, folder) => {
      await makeDevice({ api, folder }, "pump")
      await api.post("/users", { username: "fan", grant: { kind: "certificate" }, roles: ["device"] })
    })
  })
  after(() => template[Symbol.asyncDispose]())

  for (const [what, damage, sentence] of DOCUMENTS) {
    it(`is refused when the users are ${what}; not a byte is written over, and the remedy goes back one change`, async () => {
      await using place = await template.copy()
      const path = join(place.state, "users.json")
      const wrong = Buffer.from(damage(await readFile(path)))
      await writeFile(path, wrong)
      const { code, reason } = await refusalHere(place)
      assert.equal(code, "document-damaged")
      assert.match(reason, sentence)
      assert.deepEqual(await readFile(path), wrong)
      await sh(commandIn(reason, /this goes back to it: (cp -p .*)$/))
      assert.deepEqual(await readFile(path), await readFile(`${path}.previous`))
    })
  }

  it("is refused when the users are missing beside their previous generation, and goes on after the remedy", async () => {
    await using place = await template.copy()
    await rm(join(place.state, "users.json"))
    const { reason } = await refusalHere(place)
    await sh(commandIn(reason, /this goes back to it: (cp -p .*)$/))
    await using gateway = await startHere(place)
    await gateway.api.signIn(ADMIN.username, ADMIN.password)
    assert.equal((await gateway.api.raw("GET", "/users/pump")).status, 200)
    assert.equal((await gateway.api.raw("GET", "/users/fan")).status, 404)
  })

  it("is refused when a line of the issue log is damaged, and goes on after the remedy", async () => {
    await using place = await template.copy()
    const path = join(place.state, "ca/issued.jsonl")
    const text = await readFile(path, "utf8")
    const wrong = text.replace('"issued"', '"ixsued"')
    await writeFile(path, wrong)
    const { code, reason } = await refusalHere(place)
    assert.equal(code, "document-damaged")
    assert.match(reason, /issued\.jsonl is damaged in line 1: its checksum does not fit/)
    assert.equal(await readFile(path, "utf8"), wrong)
    await sh(commandIn(reason, /this one record: (sed .*)$/))
    await using _here = await startHere(place)
    assert.ok((await readFile(path, "utf8")).startsWith(text.split("\n")[1] ?? "?"), "the other lines stay")
  })

  it("goes on with what a newer version kept of the users before it changed them, and says so", async () => {
    await using place = await template.copy()
    const path = join(place.state, "users.json")
    const ours = await readFile(path, "utf8")
    await writeFile(`${path}.gatehouse-users-1`, ours)
    await writeFile(path, ours.replace("gatehouse-users/1", "gatehouse-users/2"))
    await using gateway = await startHere(place)
    await gateway.api.signIn(ADMIN.username, ADMIN.password)
    assert.equal((await gateway.api.raw("GET", "/users/pump")).status, 200)
    const { alarms } = await gateway.api.get("/status")
    const alarm = alarms.find(({ condition }: { condition: string }) => condition === "document-reverted")
    assert.match(alarm.detail, /users\.json is as it was before .* is in .*users\.json\.gatehouse-users-2/)
  })

  it("goes on when the last line of the issue log is torn, and says so", async () => {
    await using place = await template.copy()
    const path = join(place.state, "ca/issued.jsonl")
    const whole = await readFile(path)
    await truncate(path, whole.length - 20)
    await using gateway = await startHere(place)
    await gateway.api.signIn(ADMIN.username, ADMIN.password)
    const { alarms } = await gateway.api.get("/status")
    assert.ok(alarms.some((alarm: { condition: string }) => alarm.condition === "issue-log-torn"))
    const torn = await readFile(`${path}.torn-1`)
    assert.ok(whole.includes(torn))
  })

  const MISSING = ["ca/issuing.pem", "ca/root.pem", "ca/issuing.key", "ca/issued.jsonl", "page/page.key"]
  for (const file of MISSING) {
    it(`is refused without ${file}, makes no other in its place, and goes on once it is back`, async () => {
      await using place = await template.copy()
      const path = join(place.state, file)
      await rename(path, `${path}.away`)
      const { code, reason } = await refusalHere(place)
      assert.equal(code, "state-unusable")
      assert.match(reason, /(ca|page)\b.* (has no|together).*; restore/)
      await assert.rejects(readFile(path), { code: "ENOENT" })
      await rename(`${path}.away`, path)
      await using _here = await startHere(place)
    })
  }

  it("is refused with the parts of two authorities", async () => {
    await using place = await template.copy()
    const { issuingKeyPem } = createAuthority("other")
    await writeFile(join(place.state, "ca/issuing.key"), issuingKeyPem)
    const { code, reason } = await refusalHere(place)
    assert.equal(code, "state-unusable")
    assert.match(reason, /state\/ca: .* do not belong together; restore all three from one backup/)
  })

  it("goes on after the page's authority was removed, with a page certificate of the new one", async () => {
    await using place = await template.copy()
    const shown = async () =>
      JSON.parse(await readFile(join(place.state, "ca/page.json"), "utf8")).value.current.certPem
    const before: string = await shown()
    await rm(join(place.state, "page"), { recursive: true })
    await using gateway = await startHere(place)
    assert.notEqual(await shown(), before)
    assert.ok((await shown()).includes((await readFile(join(place.state, "page/page-ca.pem"), "utf8")).trim()))
    assert.equal((await gateway.api.raw("GET", "/authority")).status, 200)
  })
})

function commandIn(reason: string, pattern: RegExp): string {
  const command = pattern.exec(reason)?.[1]
  assert.ok(command !== undefined, reason)
  return command
}
