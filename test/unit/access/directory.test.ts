import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { boss, devices, may, openPlant, openUnclaimed, pump, userOf } from "./plant.ts"

describe("the directory", () => {
  test("is unclaimed and empty on a new box, but for the built-in roles", () => {
    const { directory } = openUnclaimed()
    assert.equal(directory.claimed, false)
    assert.equal(directory.users.size, 0)
    assert.deepEqual([...directory.roles.keys()], ["admin", "technician", "viewer", "device"])
  })

  test("finds users named like a property of every object, and only where they exist", async () => {
    const { directory } = openPlant([boss])
    for (const name of ["constructor", "toString"]) {
      assert.equal(directory.users.get(name), undefined)
      const user = userOf(name, { roles: ["device"] })
      await directory.change((draft) => draft.users.set(name, user))
      assert.equal(directory.users.get(name), user)
      assert.equal(directory.policy(user, "c").mayWrite(`devices/${name}/x`), true)
      assert.equal(directory.policy(user, "c").mayWrite("devices/pump-7/x"), false)
    }
  })

  test("tells every listener once a change is in force, and not when it failed", async () => {
    const { directory, document } = openPlant()
    const seen: (boolean | undefined)[] = []
    const stop = directory.onChange(() => seen.push(directory.users.get("pump-7")?.enabled))
    await directory.change((draft) => draft.users.set("pump-7", { ...pump, enabled: false }))
    assert.deepEqual(seen, [false])
    document.failNext()
    await assert.rejects(
      directory.change((draft) => draft.users.delete("pump-7")),
      { code: "disk-failed" },
    )
    await assert.rejects(
      directory.change((draft) => draft.users.clear()),
      { code: "conflict" },
    )
    assert.deepEqual(seen, [false])
    stop()
    await directory.change((draft) => draft.users.delete("pump-7"))
    assert.deepEqual(seen, [false])
  })

  test("keeps nothing of an edit that throws half way", async () => {
    const { directory, document } = openPlant()
    const edit = directory.change((draft) => {
      draft.users.delete("pump-7")
      throw new Error("half way")
    })
    await assert.rejects(edit, { message: "half way" })
    assert.equal(directory.users.get("pump-7"), pump)
    assert.equal(document.writes, 0)
  })

  test("applies changes made at once one after the other", async () => {
    const { directory } = openPlant([boss])
    const names = Array.from({ length: 20 }, (_, i) => `dev-${i}`)
    await Promise.all(names.map((name) => directory.change((draft) => draft.users.set(name, userOf(name)))))
    assert.equal(directory.users.size, 21)
  })
})

describe("the policy of a user", () => {
  test("is the same object until a change touches the user or any role", async () => {
    const { directory } = openPlant()
    const before = directory.policy(pump, "a")
    assert.equal(directory.policy(pump, "b"), before)
    await directory.change((draft) => draft.users.set("other", userOf("other")))
    assert.equal(directory.policy(pump, "a"), before)
    await directory.change((draft) => draft.roles.set("line", { name: "line", permissions: [] }))
    const after = directory.policy(pump, "a")
    assert.notEqual(after, before)
    await directory.change((draft) => draft.users.set("pump-7", { ...pump, permissions: [may("read", "x")] }))
    const changed = directory.policy(directory.users.get("pump-7")!, "a")
    assert.deepEqual([after.mayRead("x"), changed.mayRead("x")], [false, true])
  })

  test("is never shared between connections where a right speaks of %c", () => {
    const logger = userOf("logger", { permissions: [may("write", "sessions/%c/log")] })
    const { directory } = openPlant([boss, logger])
    assert.equal(directory.policy(logger, "one").mayWrite("sessions/one/log"), true)
    assert.equal(directory.policy(logger, "two").mayWrite("sessions/two/log"), true)
    assert.equal(directory.policy(logger, "two").mayWrite("sessions/one/log"), false)
    assert.equal(directory.policy(logger, "+").mayWrite("sessions/one/log"), false)
  })

  test("asked for with a user as it was before a change does not outlive the change", async () => {
    const writer = userOf("writer", { permissions: [may("write", "valves/#")] })
    const { directory } = openPlant([boss, writer])
    const narrowed = { ...writer, permissions: [] }
    await directory.change((draft) => draft.users.set("writer", narrowed))
    directory.policy(writer, "c") // by a connection that was admitted a moment before the change
    assert.equal(directory.policy(narrowed, "c").mayWrite("valves/1"), false)
  })

  test("of a user removed and made anew under the same name is the new one's", async () => {
    const writer = userOf("writer", { permissions: [may("write", "valves/#")] })
    const { directory } = openPlant([boss, writer])
    assert.equal(directory.policy(writer, "c").mayWrite("valves/1"), true)
    await directory.change((draft) => draft.users.delete("writer"))
    const anew = userOf("writer")
    await directory.change((draft) => draft.users.set("writer", anew))
    assert.equal(directory.policy(anew, "c").mayWrite("valves/1"), false)
  })
})

describe("the lifetime of a user's certificates", () => {
  const roles = [
    { name: "short", permissions: [], certificateLifetimeDays: 30 },
    { name: "long", permissions: [], certificateLifetimeDays: 365 },
    { name: "ever", permissions: [], certificateLifetimeDays: "never" as const },
    { name: "silent", permissions: [] },
  ]
  const cases: [roles: string[], days: number | "never" | undefined][] = [
    [[], undefined],
    [["silent"], undefined],
    [["ever"], "never"],
    [["silent", "ever"], "never"],
    [["ever", "long"], 365],
    [["long", "short", "ever"], 30],
  ]
  for (const [held, days] of cases) {
    test(`is ${days ?? "not said"} for ${held.join(", ") || "no role"}`, () => {
      const user = userOf("a", { grant: devices, roles: held })
      assert.equal(openPlant([boss, user], roles).directory.certificateLifetime(user), days)
    })
  }
})
