import assert from "node:assert/strict"
import { describe, test } from "node:test"
import fc from "fast-check"
import { explain, isReserved } from "../../../service/access/explain.ts"
import type { Operation } from "../../../service/access/permission.ts"
import { boss, may, mayHttp, openPlant, persons, userOf } from "./plant.ts"

describe("an explanation", () => {
  const line = {
    name: "line",
    permissions: [may("read", "line/+/state"), may("write", "line/%u/#"), may("write", "log/%c")],
  }
  const robot = userOf("robot", {
    roles: ["device", "line"],
    permissions: [may("read", "orders/#"), may("read", "$SYS/#")],
  })
  const prefixed = userOf("prefixed", {
    permissions: [may("write", "plant/a/#"), may("write", "$gatehouse/x")],
    publishPrefix: "plant",
  })
  const off = userOf("off", { roles: ["device"], enabled: false })
  const web = userOf("web", { grant: persons, permissions: [mayHttp("readWrite", "/#")] })
  const named = userOf("constructor", { roles: ["device"] })
  const { directory } = openPlant([boss, robot, prefixed, off, web, named], [line])

  const cases: [username: string, Operation, topic: string, allowed: boolean, because: RegExp][] = [
    ["robot", "write", "devices/robot/x", true, /by the role device with "readWrite devices\/%u\/#"$/],
    ["robot", "read", "line/3/state", true, /by the role line with "read line\/\+\/state"$/],
    ["robot", "read", "orders/#", true, /by the user's own permission "read orders\/#"$/],
    ["robot", "write", "line/robot/x", true, /by the role line with/],
    ["robot", "write", "line/3/state", false, /no permission of robot or its roles lets it publish to line\/3\/state/],
    ["robot", "read", "line/#", false, /subscribe to all of line\/#/],
    ["robot", "write", "orders/1", false, /publish to orders\/1/],
    ["robot", "read", "$share/g/orders/1", true, /orders\/#/],
    ["robot", "read", "$SYS/uptime", true, /\$SYS\/#/],
    ["robot", "read", "#", false, /subscribe to all of #/],
    ["robot", "read", "a#", false, /"a#" is not a well-formed topic filter/],
    ["robot", "read", "$share/g", false, /not a well-formed topic filter/],
    ["robot", "read", "$share/+/orders/1", false, /not a well-formed topic filter/],
    ["robot", "write", "devices/robot/+", false, /not a well-formed topic name/],
    ["robot", "write", "", false, /not a well-formed topic name/],
    ["prefixed", "write", "a/1", true, /plant\/a\/#/],
    ["prefixed", "write", "plant/a/1", false, /publish to plant\/plant\/a\/1/],
    ["prefixed", "write", "$gatehouse/x", false, /^\$gatehouse\/x belongs to the gateway/],
    ["prefixed", "write", "", false, /not a well-formed topic name/],
    ["prefixed", "read", "a/1", false, /subscribe to all of a\/1/],
    ["boss", "write", "anything/at/all", true, /by the role admin with "readWrite #"/],
    ["boss", "write", "$SYS/uptime", false, /\$SYS\/uptime belongs to the gateway/],
    ["boss", "write", "$SYS", false, /belongs to the gateway/],
    ["boss", "write", "$share/g/a", false, /belongs to the gateway/],
    ["boss", "write", "$gatehouse/x", false, /belongs to the gateway/],
    ["off", "write", "devices/off/x", false, /user off is disabled/],
    ["web", "read", "/users", false, /no permission/],
    ["nobody", "read", "a", false, /there is no user nobody/],
    ["toString", "read", "a", false, /there is no user toString/],
    ["constructor", "write", "devices/constructor/x", true, /role device/],
  ]
  for (const [username, operation, topic, allowed, because] of cases) {
    test(`${username} ${allowed ? "may" : "may not"} ${operation} "${topic}"`, () => {
      const explanation = explain(directory, { username, operation, topic })
      assert.equal(explanation.allowed, allowed)
      assert.match(explanation.because, because)
      assert.equal(explanation.permission !== undefined, allowed)
    })
  }

  test("names the permission, its role and the topic that was judged", () => {
    assert.deepEqual(explain(directory, { username: "robot", operation: "read", topic: "$share/g/line/3/state" }), {
      allowed: true,
      because: 'allowed by the role line with "read line/+/state"',
      judged: "line/3/state",
      permission: may("read", "line/+/state"),
      role: "line",
    })
    const own = explain(directory, { username: "prefixed", operation: "write", topic: "a/1" })
    assert.deepEqual([own.judged, own.role], ["plant/a/1", undefined])
  })

  test("takes a client identifier for %c, and holds a hostile one void", () => {
    const ask = (clientId?: string) =>
      explain(directory, { username: "robot", operation: "write", topic: `log/${clientId}`, clientId }).allowed
    assert.equal(ask("c-1"), true)
    for (const clientId of [undefined, "", "a/b", "é", "$SYS", "%c"]) assert.equal(ask(clientId), false)
  })

  test("agrees with the policy that the broker asks, whatever the rights and the question", () => {
    const level = fc.constantFrom("a", "b", "+", "%u", "%c", "", "$SYS")
    const resource = fc
      .tuple(fc.array(level, { minLength: 1, maxLength: 3 }), fc.constantFrom("", "/#"))
      .map(([levels, hash]) => levels.join("/") + hash || "#")
    const permission = fc
      .tuple(fc.constantFrom("read", "write", "readWrite"), resource)
      .filter(([operation, text]) => operation === "read" || !text.startsWith("$SYS"))
      .map((args) => may(...args))
    const asked = fc
      .tuple(
        fc.array(fc.constantFrom("a", "b", "ua", "+", "", "$SYS"), { minLength: 1, maxLength: 4 }),
        fc.constantFrom("", "/#"),
      )
      .map(([levels, hash]) => levels.join("/") + hash)
      .filter((topic) => topic !== "")
    const rights = fc.array(permission, { maxLength: 5 })
    const counts = { yes: 0, no: 0 }
    fc.assert(
      fc.property(
        fc.record({
          own: rights,
          shared: rights,
          topic: asked,
          operation: fc.constantFrom("read", "write"),
          clientId: fc.constantFrom("a", "b", "+", "a/b"),
          publishPrefix: fc.constantFrom(undefined, "a", "b/a"),
        }),
        ({ own, shared, topic, operation, clientId, publishPrefix }) => {
          const user = userOf("ua", { roles: ["shared"], permissions: own, publishPrefix })
          const { directory } = openPlant([boss, user], [{ name: "shared", permissions: shared }])
          const policy = directory.policy(user, clientId)
          const published = policy.prefix + topic
          const may =
            operation === "read"
              ? policy.mayRead(topic)
              : policy.mayWrite(published) && !isReserved(published) && !/[+#]/.test(topic)
          const explanation = explain(directory, { username: "ua", operation, topic, clientId })
          assert.equal(explanation.allowed, may, explanation.because)
          counts[may ? "yes" : "no"]++
        },
      ),
      { numRuns: 5000 },
    )
    assert.ok(counts.yes > 200 && counts.no > 200)
  })
})
