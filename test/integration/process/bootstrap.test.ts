import assert from "node:assert/strict"
import { chmod, chown, mkdir, readFile, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, it } from "node:test"
import { OutsideAuthority } from "../../support/device.ts"
import { ADMIN } from "../../support/gateway.ts"
import { Place } from "../../support/process.ts"
import { refusalHere, refusalOf, sh, startHere } from "./refusal.ts"
import { assertNowhere } from "./secrets.ts"

const NOBODY = 65_534
const NEEDS_ROOT = { skip: process.geteuid?.() === 0 ? false : "needs root" }
const SECRET = "meter secret 4711"
const METER = { username: "meter", grant: { kind: "password", password: SECRET }, roles: ["device"] }
const isGone = (path: string) => assert.rejects(stat(path), { code: "ENOENT" })

describe("the bootstrap file", () => {
  it("takes the box into service once, is removed, and leaves no password behind; the configuration may stay", async () => {
    await using place = await Place.make()
    await using first = await place.startClaimed({ users: [METER] }, { log: { level: "debug" } })
    assert.ok(first.port("mqtts") > 0)
    await isGone(place.bootstrap)
    assert.equal((await first.api.get("/users/meter")).username, "meter")
    assert.equal((await first.stop()).code, 0)
    await using second = await place.start()
    await second.api.signIn(ADMIN.username, ADMIN.password)
    assert.doesNotMatch(second.printed, /bootstrap/)
    await second.stop()
    await assertNowhere([SECRET, ADMIN.password], place.folder, first.printed + second.printed)
  })

  it("is removed unread on a box that is in service, with a warning", async () => {
    await using place = await Place.make()
    await place.configure({ bootstrap: place.bootstrap })
    await place.writeBootstrap()
    await (await startHere(place))[Symbol.asyncDispose]()
    await place.writeBootstrap({ administrator: { username: "intruder", password: "let me in, please" } })
    await using gateway = await place.start()
    await isGone(place.bootstrap)
    assert.match(gateway.err, /bootstrap file removed unread, the box is in service already/)
    await gateway.api.signIn(ADMIN.username, ADMIN.password)
    assert.equal((await gateway.api.raw("GET", "/users/intruder")).status, 404)
    await assertNowhere(["let me in, please"], place.folder, gateway.printed)
  })

  const UNFIT: [what: string, content: Record<string, unknown> | string, sentence: RegExp][] = [
    [
      "that is no JSON",
      `{"administrator": {"username": "boss"\n "password": "${SECRET}"}}`,
      /JSON at line 2, column 2$/,
    ],
    ["that is empty", "", /it is empty$/],
    ["with an unknown key", { users: [], groups: [] }, /Unrecognized key: "groups"/],
    ["with an unknown key in a user", { users: [{ ...METER, role: "device" }] }, /users\.0: Unrecognized key: "role"/],
    ["without an administrator", { administrator: undefined }, /administrator: /],
    [
      "with a short password of the administrator",
      { administrator: { username: "boss", password: SECRET.slice(0, 11) } },
      /user boss: the password has 11 characters; a person's needs at least 12/,
    ],
    [
      "with a device's password for a person",
      { users: [{ ...METER, grant: { kind: "password", password: SECRET.slice(0, 9) }, roles: ["technician"] }] },
      /user meter: the password has 9 characters/,
    ],
    [
      "with an unknown role",
      { users: [{ ...METER, roles: ["pump"] }] },
      /meter has the role pump, which does not exist/,
    ],
    [
      "with an issuer nobody knows",
      { users: [{ username: "mixer", grant: { kind: "certificate", issuer: "plant" } }] },
      /user mixer: there is no trusted authority plant/,
    ],
    ["with a user twice", { users: [METER, METER] }, /names the user meter twice/],
    [
      "with an authority that is no certificate",
      { authorities: [{ id: "plant", scope: "plant7-*", certificate: SECRET }] },
      /: authority plant: the bundle holds no certificate/,
    ],
  ]
  for (const [what, content, sentence] of UNFIT) {
    it(`${what} is refused by name, is kept, and nothing of it is applied or told`, async () => {
      await using place = await Place.make()
      await place.configure({ bootstrap: place.bootstrap })
      await place.writeBootstrap(typeof content === "string" ? {} : content)
      if (typeof content === "string") await writeFile(place.bootstrap, content)
      const { code, reason } = await refusalHere(place)
      assert.equal(code, "bootstrap-invalid")
      assert.ok(reason.includes(place.bootstrap), reason)
      assert.match(reason, sentence)
      assert.ok(!reason.includes(SECRET.slice(0, 8)) && !reason.includes(ADMIN.password), reason)
      await stat(place.bootstrap)
      await isGone(join(place.state, "users.json"))
    })
  }

  it("that is not there is refused with the remedy", async () => {
    await using place = await Place.make({ bootstrap: "nowhere.json" })
    const { reason } = await refusalHere(place)
    assert.match(reason, /nowhere\.json is not there; put it there, or take bootstrap out of the configuration/)
  })

  it("that others could read, or wrote, is refused with the remedy", NEEDS_ROOT, async () => {
    await using place = await Place.make()
    await place.configure({ bootstrap: place.bootstrap })
    await place.writeBootstrap({}, 0o640)
    const { reason } = await refusalHere(place)
    await sh(/run: (chmod 600 .*)$/.exec(reason)?.[1] ?? "false")
    await chown(place.bootstrap, NOBODY, NOBODY)
    const owner = (await refusalHere(place)).reason
    await sh(/run: (chown 0 .*)$/.exec(owner)?.[1] ?? "false")
    await using here = await startHere(place)
    assert.equal(here.gateway.claimed, true)
  })

  const MOUNT = (script: string) => ["unshare", "-m", "sh", "-c", `${script} && exec "$@"`, "sh"]
  const FIXED: [what: string, through: (file: string, folder: string) => string[]][] = [
    ["in a folder that is read-only", (_, folder) => MOUNT(`mount --bind -o ro '${folder}' '${folder}'`)],
    ["that is a mount point", (file) => MOUNT(`mount --bind '${file}' '${file}'`)],
    [
      "that is immutable",
      (file) => ["sh", "-c", `chattr +i '${file}'; "$@"; e=$?; chattr -i '${file}'; exit $e`, "sh"],
    ],
  ]
  for (const [what, through] of FIXED) {
    it(`${what} is refused before anything of it is applied`, NEEDS_ROOT, async () => {
      await using place = await Place.make()
      const folder = join(place.folder, "medium")
      const file = join(folder, "bootstrap.json")
      await mkdir(folder)
      await place.writeBootstrap({ users: [METER] })
      await sh(`mv '${place.bootstrap}' '${file}'`)
      await place.configure({ bootstrap: file })
      const { code, reason } = await refusalOf(place, { through: through(file, folder) })
      assert.equal(code, "bootstrap-invalid")
      assert.match(reason, /could not be removed after use; move it to a folder the gateway may write/)
      assert.match(await readFile(file, "utf8"), /meter/)
      await isGone(join(place.state, "users.json"))
    })
  }

  it("in a folder of somebody else is refused before anything of it is applied", NEEDS_ROOT, async () => {
    await using place = await Place.make()
    const folder = join(place.folder, "medium")
    await mkdir(folder)
    await place.configure({
      bootstrap: join(folder, "bootstrap.json"),
      stateDirectory: join(place.folder, "own/state"),
    })
    await mkdir(join(place.folder, "own"))
    await chown(join(place.folder, "own"), NOBODY, NOBODY)
    await writeFile(join(folder, "bootstrap.json"), JSON.stringify({ administrator: ADMIN }), { mode: 0o600 })
    await chown(join(folder, "bootstrap.json"), NOBODY, NOBODY)
    await chmod(folder, 0o555)
    const { reason } = await refusalOf(place, { uid: NOBODY })
    assert.match(reason, /could not be removed after use; move it to a folder the gateway may write/)
  })

  it("that failed after its authorities leaves none of them, and may name them otherwise when it comes again", async () => {
    await using place = await Place.make()
    const plant = await OutsideAuthority.create(join(place.folder, "plant"), "Plant CA")
    const certificate = await plant.pem()
    const write = (id: string, scope: string, roles: string[]) =>
      place.writeBootstrap({ authorities: [{ id, scope, certificate }], users: [{ ...METER, roles }] })
    await place.configure({ bootstrap: place.bootstrap })
    await write("plant", "*", ["pump"])
    assert.match((await refusalHere(place)).reason, /which does not exist/)
    assert.doesNotMatch(await readFile(join(place.state, "trust.json"), "utf8"), /BEGIN CERTIFICATE/)
    await write("mill", "plant7-*", ["device"])
    await using gateway = await startHere(place)
    await gateway.api.signIn(ADMIN.username, ADMIN.password)
    const { authorities } = await gateway.api.get("/authorities")
    assert.deepEqual(
      authorities.map(({ id, scope }: { id: string; scope: string }) => [id, scope]),
      [["mill", "plant7-*"]],
    )
  })
})
