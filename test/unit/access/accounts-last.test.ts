import assert from "node:assert/strict"
import { describe, test } from "node:test"
import type { Accounts } from "../../../service/access/accounts.ts"
import type { Actor } from "../../../service/access/actor.ts"
import { newUser } from "../../../service/access/user-input.ts"
import { GatewayError } from "../../../service/errors.ts"
import { boss, certificate, mayHttp, openPlant, openUnclaimed, persons, pump, tina, userOf } from "./plant.ts"

const SECRET = "orange-bicycle-42"
const chiefs = { name: "chiefs", permissions: [mayHttp("readWrite", "/#")] }

function codeOf(result: PromiseSettledResult<unknown>): string {
  if (result.status === "fulfilled") return "done"
  return result.reason instanceof GatewayError ? result.reason.code : String(result.reason)
}

describe("the last administrator", () => {
  const attacks: [string, (accounts: Accounts, actor: Actor) => Promise<unknown>][] = [
    ["be removed", (accounts, actor) => accounts.remove(actor, "boss")],
    ["be disabled", (accounts, actor) => accounts.change(actor, "boss", { enabled: false })],
    ["lose its role", (accounts, actor) => accounts.change(actor, "boss", { roles: ["technician"] })],
    [
      "change to a certificate, which the page does not take",
      (accounts, actor) => accounts.change(actor, "boss", { grant: certificate }),
    ],
  ]
  for (const [what, attack] of attacks) {
    test(`cannot ${what}`, async () => {
      const second = userOf("second", { grant: persons, roles: ["admin"], enabled: false })
      const { accounts, actor, directory } = openPlant([boss, second, tina])
      await assert.rejects(attack(accounts, actor("boss")), { code: "conflict", message: /last enabled administrator/ })
      assert.equal(directory.users.get("boss"), boss)
    })
    test(`can ${what} once there is another`, async () => {
      const second = userOf("second", { grant: persons, roles: ["admin"] })
      const { accounts, actor } = openPlant([boss, second])
      await attack(accounts, actor("boss"))
    })
  }

  test("cannot lose its power through a change of its role", async () => {
    const chief = userOf("chief", { grant: persons, roles: ["chiefs"] })
    const { accounts, actor, directory } = openPlant([chief], [chiefs])
    const weaker = { ...chiefs, permissions: [mayHttp("read", "/#")] }
    await assert.rejects(accounts.setRole(actor("chief"), weaker), { code: "conflict" })
    await assert.rejects(accounts.removeRole(actor("chief"), "chiefs"), { code: "conflict" })
    assert.equal(directory.isAdministrator(chief), true)
  })

  test("remains when two remove each other at once", async () => {
    const second = userOf("second", { grant: persons, roles: ["admin"] })
    const { accounts, actor, directory } = openPlant([boss, second])
    const results = await Promise.allSettled([
      accounts.remove(actor("boss"), "second"),
      accounts.remove(actor("second"), "boss"),
    ])
    assert.deepEqual(results.map(codeOf), ["done", "conflict"])
    assert.deepEqual([...directory.users.keys()], ["boss"])
  })
})

describe("a role", () => {
  test("in use cannot vanish, and the refusal names a user", async () => {
    const { accounts, actor, directory } = openPlant(
      [boss, userOf("a", { roles: ["line"] })],
      [{ name: "line", permissions: [] }],
    )
    await assert.rejects(accounts.removeRole(actor("boss"), "line"), {
      code: "conflict",
      message: /user a has the role line/,
    })
    assert.equal(directory.roles.has("line"), true)
    await accounts.change(actor("boss"), "a", { roles: [] })
    await accounts.removeRole(actor("boss"), "line")
    assert.equal(directory.roles.has("line"), false)
  })

  test("cannot be given before it exists", async () => {
    const { accounts, actor } = openPlant()
    for (const name of ["gone", "constructor", "toString"]) {
      await assert.rejects(accounts.change(actor("boss"), "pump-7", { roles: [name] }), { code: "conflict" })
      await assert.rejects(accounts.removeRole(actor("boss"), name), { code: "not-found" })
    }
  })

  test("that is built in can be neither replaced nor removed, even by an administrator", async () => {
    const { accounts, actor, directory } = openPlant()
    for (const name of ["admin", "technician", "viewer", "device"]) {
      const before = directory.roles.get(name)
      await assert.rejects(accounts.setRole(actor("boss"), { name, permissions: [] }), { code: "conflict" })
      await assert.rejects(accounts.removeRole(actor("boss"), name), { code: "conflict" })
      assert.equal(directory.roles.get(name), before)
    }
  })
})

describe("a race", () => {
  test("of two for one name has one winner, whose password counts", async () => {
    const { accounts, actor, directory, passwords } = openPlant()
    const input = (password: string) => newUser.parse({ username: "new", grant: { kind: "password", password } })
    const results = await Promise.allSettled([
      accounts.create(actor("boss"), input("the first password")),
      accounts.create(actor("tina"), input("the second password")),
    ])
    assert.deepEqual(results.map(codeOf).sort(), ["conflict", "done"])
    const winner = results.find((result) => result.status === "fulfilled")
    assert.equal(directory.users.get("new"), winner?.value)
    const grant = directory.users.get("new")?.grant
    const hash = grant?.kind === "password" ? grant.hash : ""
    const password = results[0]?.status === "fulfilled" ? "the first password" : "the second password"
    assert.equal(await passwords.verify("new", hash, Buffer.from(password)), true)
  })

  test("of two claims has one winner, also under one name", async () => {
    for (const names of [
      ["one", "two"],
      ["one", "one"],
    ] as const) {
      const { accounts, directory, document } = openUnclaimed()
      const results = await Promise.allSettled(names.map((name) => accounts.claim(name, SECRET)))
      assert.deepEqual(results.map(codeOf).sort(), ["already-claimed", "done"])
      assert.equal(directory.users.size, 1)
      assert.equal(document.writes, 1)
    }
  })

  test("of a change with a removal does not bring the user back", async () => {
    const { accounts, actor, directory } = openPlant()
    const results = await Promise.allSettled([
      accounts.change(actor("boss"), "pump-7", { grant: { kind: "password", password: SECRET } }),
      accounts.remove(actor("boss"), "pump-7"),
    ])
    assert.deepEqual(results.map(codeOf), ["not-found", "done"])
    assert.equal(directory.users.has("pump-7"), false)
  })
})

describe("a box in service", () => {
  test("cannot be claimed again", async () => {
    const { accounts, directory } = openPlant()
    await assert.rejects(accounts.claim("mallory", SECRET), { code: "already-claimed" })
    assert.equal(directory.users.has("mallory"), false)
  })
})

describe("a failed disk", () => {
  const verbs: [string, (accounts: Accounts, actor: Actor) => Promise<unknown>][] = [
    ["create", (a, actor) => a.create(actor, newUser.parse({ username: "new", grant: { kind: "certificate" } }))],
    ["change", (a, actor) => a.change(actor, "pump-7", { grant: certificate, enabled: false })],
    ["remove", (a, actor) => a.remove(actor, "pump-7")],
    ["setRole", (a, actor) => a.setRole(actor, { name: "line", permissions: [mayHttp("read", "/")] })],
    ["removeRole", (a, actor) => a.removeRole(actor, "idle")],
  ]
  for (const [verb, act] of verbs) {
    test(`leaves memory as it was after ${verb}, and the next try succeeds`, async () => {
      const { accounts, actor, directory, document } = openPlant(
        [boss, tina, pump],
        [{ name: "idle", permissions: [] }],
      )
      const policy = directory.policy(pump, "c")
      const before = [[...directory.users], [...directory.roles]]
      document.failNext()
      await assert.rejects(act(accounts, actor("boss")), { code: "disk-failed" })
      assert.deepEqual([[...directory.users], [...directory.roles]], before)
      assert.equal(directory.policy(pump, "c"), policy)
      await act(accounts, actor("boss"))
      assert.notDeepEqual([[...directory.users], [...directory.roles]], before)
    })
  }

  test("leaves an unclaimed box unclaimed", async () => {
    const { accounts, directory, document } = openUnclaimed()
    document.failNext()
    await assert.rejects(accounts.claim("boss", SECRET), { code: "disk-failed" })
    assert.deepEqual([directory.claimed, directory.users.size], [false, 0])
    await accounts.claim("boss", SECRET)
    assert.equal(directory.claimed, true)
  })
})
