import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { applyBootstrap, parseBootstrap } from "../../../service/access/bootstrap.ts"
import { HASH, may, mayHttp, OUTSIDE, openPlant, openUnclaimed } from "./plant.ts"

const SECRET = "orange-bicycle-42"
const administrator = { username: "boss", password: SECRET }
const sensor = { username: "sensor", grant: { kind: "password", password: "sensor-pw" }, roles: ["device"] }

describe("a bootstrap file", () => {
  test("needs an administrator and nothing else", () => {
    assert.deepEqual(parseBootstrap({ administrator }), { administrator, roles: [], users: [], authorities: [] })
  })

  const bad: [string, unknown][] = [
    ["nothing in it", {}],
    ["a list in its place", [administrator]],
    ["null in its place", null],
    ["the password in its place", SECRET],
    ["an unknown key", { administrator, secret: SECRET }],
    ["an unknown key beside the password", { administrator: { ...administrator, admin: true } }],
    [
      "a key named __proto__",
      JSON.parse(`{"administrator":{"username":"boss","password":"${SECRET}"},"__proto__":{}}`),
    ],
    ["no username", { administrator: { password: SECRET } }],
    ["a hostile username", { administrator: { username: "a/b", password: SECRET } }],
    ["the password where the username belongs", { administrator: { username: `${SECRET} `, password: "" } }],
    ["a password that is a list", { administrator: { username: "boss", password: [SECRET] } }],
    ["a password without end", { administrator: { username: "boss", password: SECRET.repeat(20) } }],
    [
      "a password where the hash belongs",
      { administrator, users: [{ ...sensor, grant: { kind: "password", passwordHash: SECRET } }] },
    ],
    ["two credentials", { administrator, users: [{ ...sensor, grant: { kind: "certificate", password: SECRET } }] }],
    ["a password as the kind of grant", { administrator, users: [{ ...sensor, grant: { kind: SECRET } }] }],
    ["a password beside the grant", { administrator, users: [{ username: "sensor", password: SECRET }] }],
    ["a password as a word for yes", { administrator, users: [{ ...sensor, enabled: SECRET }] }],
    ["a hostile authority", { administrator, authorities: [{ id: "../x", certificate: SECRET, scope: "" }] }],
  ]
  for (const [what, json] of bad) {
    test(`is refused with ${what}, and the refusal holds no value`, () => {
      assert.throws(
        () => parseBootstrap(json),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, "bootstrap-invalid")
          assert.equal(`${error.message}${error.stack}`.includes(SECRET), false, error.message)
          return true
        },
      )
    })
  }

  test("is refused with every wrong place named", () => {
    const json = {
      administrator: { username: "a/b", password: SECRET },
      users: [sensor, { ...sensor, roles: ["a/b"] }],
    }
    assert.throws(() => parseBootstrap(json), { message: /administrator\.username: .*users\.1\.roles\.0: / })
  })
})

describe("applying a bootstrap file", () => {
  const bootstrap = parseBootstrap({
    administrator,
    roles: [{ name: "line", permissions: [may("read", "line/#"), mayHttp("read", "/status")] }],
    users: [
      sensor,
      { username: "toString", grant: { kind: "certificate" } },
      { username: "old", grant: { kind: "password", passwordHash: HASH } },
      { username: "tina", grant: { kind: "password", password: "twelve and more" }, roles: ["line"] },
    ],
  })

  test("takes the box into service in one write, and tells how far it is", async () => {
    const { accounts, directory, document } = openUnclaimed()
    const progress: string[] = []
    await applyBootstrap(bootstrap, directory, accounts, (done, total) => progress.push(`${done}/${total}`))
    assert.equal(document.writes, 1)
    assert.equal(directory.claimed, true)
    assert.deepEqual([...directory.users.keys()], ["boss", "sensor", "toString", "old", "tina"])
    assert.deepEqual(progress, ["1/5", "2/5", "3/5", "4/5", "5/5"])
    assert.equal(directory.isAdministrator(directory.users.get("boss")!), true)
    assert.equal(JSON.stringify(document.value).includes(SECRET), false)
    const forPeople = [...directory.users.values()].map(({ grant }) => grant.kind === "password" && grant.forPeople)
    assert.deepEqual(forPeople, [true, false, false, false, true])
  })

  test("is done once: a box in service refuses it, and the second of two at once too", async () => {
    const { accounts, directory, document } = openUnclaimed()
    const apply = () => applyBootstrap(bootstrap, directory, accounts, () => {})
    const results = await Promise.allSettled([apply(), apply()])
    assert.deepEqual(results.map((result) => result.status).sort(), ["fulfilled", "rejected"])
    await assert.rejects(apply(), { code: "already-claimed" })
    assert.equal(document.writes, 1)
  })

  test("leaves a box alone that a person claimed meanwhile", async () => {
    const { accounts, directory } = openPlant()
    await assert.rejects(
      applyBootstrap(bootstrap, directory, accounts, () => {}),
      { code: "already-claimed" },
    )
    assert.equal(directory.users.has("sensor"), false)
  })

  const refused: [string, object, RegExp][] = [
    ["a user twice", { users: [sensor, sensor] }, /the user sensor twice/],
    ["the administrator among the users", { users: [{ ...sensor, username: "boss" }] }, /the user boss twice/],
    ["a role twice", { roles: [1, 2].map(() => ({ name: "line", permissions: [] })) }, /the role line twice/],
    ["a built-in role", { roles: [{ name: "admin", permissions: [] }] }, /admin is built in/],
    ["a role that does not exist", { users: [{ ...sensor, roles: ["gone"] }] }, /the role gone, which does not exist/],
    [
      "a device's password with a web role",
      { users: [{ ...sensor, roles: ["viewer"] }] },
      /user sensor: .* at least 12/,
    ],
    [
      "a device's password with a web role of its own",
      { roles: bootstrap.roles, users: [{ ...sensor, roles: ["line"] }] },
      /user sensor: .* at least 12/,
    ],
    [
      "a short password of a device",
      { users: [{ ...sensor, grant: { kind: "password", password: "sensor" } }] },
      /user sensor: .* at least 8/,
    ],
    [
      "a common password of the administrator",
      { administrator: { username: "boss", password: "password1234" } },
      /user boss: .* common/,
    ],
    [
      "an authority nobody trusts",
      { users: [{ ...sensor, grant: { kind: "certificate", issuer: "nobody" } }] },
      /no trusted authority nobody/,
    ],
    [
      "a certificate from outside with a web role",
      { users: [{ ...sensor, grant: { kind: "certificate", issuer: OUTSIDE }, roles: ["viewer"] }] },
      /outside authority/,
    ],
  ]
  for (const [what, fields, message] of refused) {
    test(`is refused with ${what}, and the box stays unclaimed`, async () => {
      const { accounts, directory, document } = openUnclaimed()
      const wrong = parseBootstrap({ administrator, ...fields })
      await assert.rejects(
        applyBootstrap(wrong, directory, accounts, () => {}),
        { message },
      )
      assert.deepEqual([directory.claimed, directory.users.size, document.writes], [false, 0, 0])
    })
  }

  test("can be tried again after the disk failed", async () => {
    const { accounts, directory, document } = openUnclaimed()
    document.failNext()
    const apply = () => applyBootstrap(bootstrap, directory, accounts, () => {})
    await assert.rejects(apply(), { code: "disk-failed" })
    assert.equal(directory.claimed, false)
    await apply()
    assert.equal(directory.claimed, true)
  })
})
