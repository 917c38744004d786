import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { type Actor, assertMayTouch } from "../../../service/access/actor.ts"
import type { Permission } from "../../../service/access/permission.ts"
import { type NewUser, newUser, type UserChange } from "../../../service/access/user-input.ts"
import { boss, certificate, HASH, may, mayHttp, openPlant, persons, pump, tina, userOf } from "./plant.ts"

const line = { name: "line", permissions: [may("readWrite", "line/#")] }
const fitter = { name: "fitter", permissions: [may("read", "devices/+/state")] }
const tim = userOf("tim", { grant: persons, roles: ["technician"] })
const everything = userOf("historian", { permissions: [may("read", "#")] })

function plant() {
  return openPlant([boss, tina, tim, pump, everything], [line, fitter])
}

function wanted(fields: { roles?: string[]; permissions?: Permission[] }): NewUser {
  return newUser.parse({ username: "new", grant: { kind: "certificate" }, ...fields })
}

describe("a technician", () => {
  const mayPassOn: [string, { roles?: string[]; permissions?: Permission[] }][] = [
    ["nothing at all", {}],
    ["the role device", { roles: ["device"] }],
    ["a role that lies within its own rights", { roles: ["fitter"] }],
    ["devices/%u/#", { permissions: [may("readWrite", "devices/%u/#")] }],
    ["devices/#", { permissions: [may("readWrite", "devices/#")] }],
  ]
  for (const [what, fields] of mayPassOn) {
    test(`may make a user with ${what}`, async () => {
      const { accounts, actor, directory } = plant()
      const made = await accounts.create(actor("tina"), wanted(fields))
      assert.equal(directory.users.get("new"), made)
    })
  }

  const mayNot: [string, { roles?: string[]; permissions?: Permission[] }][] = [
    ["#", { permissions: [may("read", "#")] }],
    ["+/#", { permissions: [may("read", "+/#")] }],
    ["%u/#", { permissions: [may("write", "%u/#")] }],
    ["$SYS/#", { permissions: [may("read", "$SYS/#")] }],
    ["a good right and a wide one", { permissions: [may("read", "devices/a"), may("write", "line/a")] }],
    ["a role beyond its rights", { roles: ["line"] }],
    ["the role admin", { roles: ["admin"] }],
    ["its own role", { roles: ["technician"] }],
    ["the role viewer", { roles: ["viewer"] }],
    ["an HTTP right it holds itself", { permissions: [mayHttp("read", "/status")] }],
  ]
  for (const [what, fields] of mayNot) {
    test(`cannot make a user with ${what}`, async () => {
      const { accounts, actor, directory, document } = plant()
      await assert.rejects(accounts.create(actor("tina"), wanted(fields)), { code: "forbidden" })
      assert.equal(directory.users.has("new"), false)
      assert.equal(document.writes, 0)
    })
    test(`cannot give a device ${what}`, async () => {
      const { accounts, actor, directory } = plant()
      const change = accounts.change(actor("tina"), "pump-7", { ...fields, grant: certificate })
      await assert.rejects(change, { code: "forbidden" })
      assert.deepEqual(directory.users.get("pump-7"), pump)
    })
  }

  const changes: [string, UserChange][] = [
    ["set a password for", { grant: { kind: "password", password: "new-password-of-mine" } }],
    ["bring a hash for", { grant: { kind: "password", passwordHash: HASH } }],
    ["give a certificate to", { grant: certificate }],
    ["disable", { enabled: false }],
    ["take the roles of", { roles: [] }],
    ["set a prefix for", { publishPrefix: "x" }],
    ["change the note of", { note: "x" }],
    ["change nothing of", {}],
  ]
  for (const name of ["boss", "tim", "historian"]) {
    for (const [what, change] of changes) {
      test(`cannot ${what} ${name}, who holds what it does not`, async () => {
        const { accounts, actor, directory } = plant()
        const before = directory.users.get(name)
        await assert.rejects(accounts.change(actor("tina"), name, change), { code: "forbidden" })
        assert.equal(directory.users.get(name), before)
      })
    }
    test(`cannot remove ${name}, nor be given its certificate`, async () => {
      const { accounts, actor, directory } = plant()
      await assert.rejects(accounts.remove(actor("tina"), name), { code: "forbidden" })
      const user = directory.users.get(name)!
      assert.throws(() => assertMayTouch(actor("tina"), directory, user), { code: "forbidden" })
    })
  }

  test("may change, disable and remove a device, and be given its certificate", async () => {
    const { accounts, actor, directory } = plant()
    assertMayTouch(actor("tina"), directory, pump)
    const changed = await accounts.change(actor("tina"), "pump-7", { grant: certificate, note: "x" })
    assert.deepEqual(changed, { ...pump, grant: certificate, note: "x" })
    assert.equal((await accounts.change(actor("tina"), "pump-7", { enabled: false })).enabled, false)
    await accounts.remove(actor("tina"), "pump-7")
    assert.equal(directory.users.has("pump-7"), false)
  })

  test("cannot touch roles", async () => {
    const { accounts, actor, directory } = plant()
    await assert.rejects(accounts.setRole(actor("tina"), { name: "mine", permissions: [] }), { code: "forbidden" })
    await assert.rejects(accounts.setRole(actor("tina"), { ...line, permissions: [] }), { code: "forbidden" })
    await assert.rejects(accounts.removeRole(actor("tina"), "line"), { code: "forbidden" })
    assert.equal(directory.roles.get("line"), line)
  })

  test("keeps no power over a device that was made an administrator while its request waited", async () => {
    const { accounts, actor, directory } = plant()
    const change = accounts.change(actor("tina"), "pump-7", {
      grant: { kind: "password", password: "hashed in a while" },
    })
    await directory.change((draft) => draft.users.set("pump-7", { ...pump, grant: persons, roles: ["admin"] }))
    await assert.rejects(change, { code: "forbidden" })
    assert.equal(directory.users.get("pump-7")?.grant, persons)
  })
})

describe("whoever may write users", () => {
  const lead: Actor = { name: "lead", rights: [mayHttp("write", "/users/#"), may("readWrite", "devices/%u/#")] }

  test("has no power over others by holding the same right in their own name", async () => {
    const { accounts, directory } = plant()
    const grant = { kind: "password", password: "known to the lead" } as const
    await assert.rejects(accounts.change(lead, "pump-7", { grant }), { code: "forbidden" })
    await assert.rejects(accounts.create(lead, wanted({ roles: ["device"] })), { code: "forbidden" })
    assert.throws(() => assertMayTouch(lead, directory, pump), { code: "forbidden" })
    assert.equal(directory.users.get("pump-7"), pump)
  })

  test("is told what they do not hold", async () => {
    const { accounts, actor } = plant()
    await assert.rejects(accounts.create(actor("tina"), wanted({ roles: ["line"] })), {
      message: /tina does not hold "readWrite line\/#"/,
    })
  })
})
