import assert from "node:assert/strict"
import { describe, test } from "node:test"
import fc from "fast-check"
import {
  includes,
  inWords,
  type Permission,
  permissionSchema,
  substituted,
} from "../../../service/access/permission.ts"
import { Policy } from "../../../service/access/policy.ts"
import { BUILT_IN_ROLES } from "../../../service/access/role.ts"
import { may, mayHttp } from "./plant.ts"

describe("a permission", () => {
  const good: Permission[] = [
    may("readWrite", "#"),
    may("read", "$SYS/#"),
    may("read", "$SYS"),
    may("write", "$gatehouse/certificate/%u/renew"),
    may("write", "%u"),
    may("write", "%c/%u/+"),
    may("write", "plant//x"),
    may("read", "x".repeat(1024)),
    mayHttp("readWrite", "/#"),
    mayHttp("read", "/users/%u"),
    mayHttp("read", "/"),
  ]
  for (const permission of good) {
    test(`may be ${inWords(permission).slice(0, 40)}`, () => {
      assert.deepEqual(permissionSchema.parse(permission), permission)
    })
  }

  const bad: [unknown, why: string][] = [
    [may("read", ""), "an empty resource"],
    [may("read", "a#"), "a misplaced #"],
    [may("read", "a/#/b"), "a # before the end"],
    [may("read", "a+/b"), "a misplaced +"],
    [may("read", "a\0b"), "NUL"],
    [may("read", "x".repeat(1025)), "too long a resource"],
    [may("write", "a%u"), "%u within a level"],
    [may("write", "%u%c"), "two placeholders in one level"],
    [may("write", "%U"), "a placeholder in capitals"],
    [may("write", "%x/a"), "an unknown placeholder"],
    [may("write", "100%"), "a lone %"],
    [may("write", "%%u"), "a doubled %"],
    [may("read", "$share/group/a"), "a shared subscription"],
    [may("read", "$share"), "the root of shared subscriptions"],
    [may("write", "$SYS/#"), "writing to $SYS"],
    [may("readWrite", "$SYS"), "writing to the root of $SYS"],
    [mayHttp("read", "users"), "an HTTP resource without its slash"],
    [mayHttp("read", "#"), "an HTTP resource that is a bare wildcard"],
    [mayHttp("read", "+/users"), "an HTTP resource that begins with a wildcard"],
    [{ ...may("read", "a"), context: "amqp" }, "an unknown context"],
    [{ ...may("read", "a"), operation: "delete" }, "an unknown operation"],
    [{ ...may("read", "a"), deny: true }, "an unknown key"],
    [{ context: "mqtt", operation: "read" }, "no resource"],
    [JSON.parse('{"context":"mqtt","operation":"read","resource":"a","__proto__":{}}'), "a key named __proto__"],
    [null, "null"],
    ["read a", "a string"],
  ]
  for (const [permission, why] of bad) {
    test(`may not have ${why}`, () => assert.equal(permissionSchema.safeParse(permission).success, false))
  }
})

describe("a placeholder", () => {
  const hostile = [
    "",
    "#",
    "+",
    "a/b",
    "/",
    "a/#",
    "+/x",
    "%u",
    "%c",
    "%",
    "$SYS",
    "$share",
    "a\0",
    "\n",
    "a b",
    "é",
    "аdmin",
  ]
  const tooLong = "x".repeat(65)

  for (const clientId of [...hostile, tooLong, "\ud800", "\u202eabc"]) {
    test(`%c is void for the client identifier ${JSON.stringify(clientId)}`, () => {
      for (const resource of ["%c", "a/%c", "%c/#", "%u/%c", "+/%c/b"]) {
        assert.equal(substituted(resource, "pump-7", clientId), null)
      }
    })
  }

  test("%c is void while the client identifier is unknown", () => {
    assert.equal(substituted("a/%c", "pump-7", undefined), null)
  })

  test("a hostile client identifier leaves permissions without %c alone", () => {
    for (const clientId of hostile) assert.equal(substituted("a/%u/#", "pump-7", clientId), "a/pump-7/#")
  })

  test("is filled in wherever it is a whole level, and only there", () => {
    const cases: [resource: string, filled: string][] = [
      ["%u", "pump-7"],
      ["%c", "c.1"],
      ["%u/%c/%u", "pump-7/c.1/pump-7"],
      ["a/%u/+/#", "a/pump-7/+/#"],
      ["a/u/c", "a/u/c"],
    ]
    for (const [resource, filled] of cases) assert.equal(substituted(resource, "pump-7", "c.1"), filled)
  })

  test("takes names that are properties of every object for what they are", () => {
    for (const name of ["constructor", "toString", "valueOf"])
      assert.equal(substituted("%u/%c", name, name), `${name}/${name}`)
  })

  test("is not filled in twice: a username cannot bring a placeholder of its own", () => {
    assert.equal(substituted("%u/x", "%c", "c-1"), "%c/x")
  })
})

describe("rights that include a permission", () => {
  const technician = BUILT_IN_ROLES.find((role) => role.name === "technician")!.permissions
  const cases: [held: readonly Permission[], wanted: Permission, included: boolean][] = [
    [technician, may("readWrite", "devices/%u/#"), true],
    [technician, may("read", "devices/#"), true],
    [technician, may("write", "devices/pump-7"), true],
    [technician, may("read", "#"), false],
    [technician, may("write", "#"), false],
    [technician, may("read", "+/#"), false],
    [technician, may("read", "%u/#"), false],
    [technician, may("write", "device/%u"), false],
    [technician, may("read", "$SYS/#"), false],
    [technician, mayHttp("readWrite", "/#"), false],
    [technician, mayHttp("read", "/users"), true],
    [[may("read", "a/#")], may("readWrite", "a/b"), false],
    [[may("read", "a/#"), may("write", "a/b")], may("readWrite", "a/b"), true],
    [[may("readWrite", "a/+")], may("write", "a/%c"), true],
    [[may("readWrite", "a/%u")], may("readWrite", "a/%u"), false],
    [[may("readWrite", "a/%u")], may("readWrite", "a/+"), false],
    [[may("readWrite", "#")], may("read", "$SYS/#"), false],
    [[may("readWrite", "/#")], mayHttp("read", "/users"), false],
    [[], may("read", "a"), false],
  ]
  for (const [held, wanted, included] of cases) {
    test(`${held.map(inWords).join(", ") || "nothing"}: ${inWords(wanted)} is ${included ? "" : "not "}included`, () => {
      assert.equal(includes(held, wanted), included)
    })
  }

  test("never let anyone pass on a topic, whoever holds the one right and whoever the other", () => {
    const level = fc.constantFrom("a", "b", "+", "%u", "%c", "")
    const end = fc.constantFrom("", "", "/#")
    const resource = fc
      .tuple(fc.array(level, { minLength: 1, maxLength: 3 }), end)
      .map(([levels, hash]) => levels.join("/") + hash || "#")
    const permission = fc.tuple(fc.constantFrom("read", "write", "readWrite"), resource).map((args) => may(...args))
    const topics = product(["a", "b", "x", "y", "+", "#", ""], 3).filter(
      (topic) => topic !== "" && !topic.includes("#/"),
    )
    const name = fc.constantFrom("a", "b", "x", "y")
    let held = 0
    fc.assert(
      fc.property(
        fc.array(permission, { maxLength: 3 }),
        permission,
        fc.tuple(name, name, name, name),
        (has, wants, who) => {
          if (!includes(has, wants)) return
          held++
          const giver = Policy.compile(has, "mqtt", who[0], who[1], undefined)
          const taker = Policy.compile([wants], "mqtt", who[2], who[3], undefined)
          for (const topic of topics) {
            if (taker.mayRead(topic)) assert.ok(giver.mayRead(topic), `read ${topic}`)
            if (taker.mayWrite(topic)) assert.ok(giver.mayWrite(topic), `write ${topic}`)
          }
        },
      ),
      { numRuns: 5000 },
    )
    assert.ok(held > 50, `only ${held} of the pairs said anything`)
  })
})

function product(levels: readonly string[], longest: number): string[] {
  if (longest === 1) return [...levels]
  const shorter = product(levels, longest - 1)
  return [...levels, ...shorter.flatMap((tail) => levels.map((level) => `${level}/${tail}`))]
}
