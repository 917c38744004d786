import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { roleSchema } from "../../../service/access/role.ts"
import { userSchema } from "../../../service/access/user.ts"
import { isUsername } from "../../../service/access/username.ts"
import { certificate, devices, HASH, may, userOf } from "./plant.ts"

describe("a username", () => {
  const good = ["a", "7", "pump-7", "a.b_c:d@e-f", "A", "constructor", "toString", "hasOwnProperty", "x".repeat(64)]
  for (const name of good) test(`may be ${name.slice(0, 20)}`, () => assert.equal(isUsername(name), true))

  const hostile = [
    "",
    "+",
    "#",
    "$SYS",
    "a/b",
    "a+",
    "a#",
    "a$",
    "%u",
    "a%",
    "__proto__",
    "_a",
    "-a",
    ".",
    "..",
    ".a",
    " a",
    "a ",
    "a b",
    "a\n",
    "\na",
    "a\r\n",
    "a\0",
    "\0a",
    "a\t",
    "a\u007f",
    "\ufeffa",
    "a\u200b",
    "a\u202eb",
    "a\u00ad",
    "a\u0301",
    "é",
    "\u0430dmin", // Cyrillic a
    "adm\u0131n", // dotless i
    "\uff41dmin", // fullwidth a
    "pump\u20107", // a hyphen that is not the hyphen
    "\u212a", // Kelvin sign, lower-cased k
    "\u0661", // an Arabic digit
    "\ud83d\ude00",
    "\ud800",
    'a"b',
    "a'b",
    "a,b",
    "a=b",
    "a\\b",
    "<b>",
    "x".repeat(65),
  ]
  for (const name of hostile) {
    test(`may not be ${JSON.stringify(name.slice(0, 20))}`, () => assert.equal(isUsername(name), false))
  }
})

describe("a user on the disk", () => {
  test("may have every field", () => {
    const whole = userOf("pump-7", {
      grant: { kind: "certificate", issuer: "gatehouse", publicKey: "0f".repeat(32) },
      roles: ["device"],
      permissions: [may("read", "cmd/%u")],
      enabled: false,
      publishPrefix: "plant/hall 1",
      note: "beside the door",
    })
    assert.deepEqual(userSchema.parse(whole), whole)
  })

  const bad: [string, unknown][] = [
    ["no name", { ...userOf("a"), username: undefined }],
    ["a hostile name", userOf("a/b")],
    ["no grant", { ...userOf("a"), grant: undefined }],
    ["two grants", { ...userOf("a"), grant: [devices, certificate] }],
    ["a certificate with a password beside it", { ...userOf("a"), grant: { ...certificate, hash: HASH } }],
    ["a password with an issuer beside it", { ...userOf("a"), grant: { ...devices, issuer: "gatehouse" } }],
    ["a password in clear", { ...userOf("a"), grant: { kind: "password", password: "12345678", forPeople: false } }],
    ["a hash that is none", { ...userOf("a"), grant: { ...devices, hash: "$argon2id$" } }],
    ["a hash of ruinous cost", { ...userOf("a"), grant: { ...devices, hash: HASH.replace("8192", "9999999") } }],
    ["a grant of another kind", { ...userOf("a"), grant: { kind: "token" } }],
    ["a password of nobody knows which rule", { ...userOf("a"), grant: { kind: "password", hash: HASH } }],
    ["a pin in capitals", { ...userOf("a"), grant: { ...certificate, publicKey: "0F".repeat(32) } }],
    ["a pin too short", { ...userOf("a"), grant: { ...certificate, publicKey: "0f" } }],
    ["an issuer that is a path", { ...userOf("a"), grant: { ...certificate, issuer: "../x" } }],
    ["an unknown key", { ...userOf("a"), admin: true }],
    ["a key named __proto__", JSON.parse(JSON.stringify(userOf("a")).replace("{", '{"__proto__":{"enabled":true},'))],
    ["a role with a hostile name", userOf("a", { roles: ["__proto__"] })],
    ["too many roles", userOf("a", { roles: Array(101).fill("device") })],
    ["too many permissions", userOf("a", { permissions: Array(1001).fill(may("read", "a")) })],
    ["enabled by a word", { ...userOf("a"), enabled: "true" }],
    ["a prefix with a wildcard", userOf("a", { publishPrefix: "a/+" })],
    ["a prefix that begins with $", userOf("a", { publishPrefix: "$SYS" })],
    ["a prefix that ends in a slash", userOf("a", { publishPrefix: "a/" })],
    ["a prefix that is a slash", userOf("a", { publishPrefix: "/" })],
    ["an empty prefix", userOf("a", { publishPrefix: "" })],
    ["a prefix with NUL", userOf("a", { publishPrefix: "a\0" })],
    ["a note without end", userOf("a", { note: "x".repeat(1001) })],
  ]
  for (const [what, user] of bad) {
    test(`may not have ${what}`, () => assert.equal(userSchema.safeParse(user).success, false))
  }
})

describe("a role on the disk", () => {
  test("may be any name, also one that every object has as a property", () => {
    for (const name of ["line-1", "constructor", "toString"]) {
      const role = { name, permissions: [may("read", "a")], certificateLifetimeDays: "never" as const }
      assert.deepEqual(roleSchema.parse(role), role)
    }
  })

  const bad: [string, unknown][] = [
    ["a hostile name", { name: "a/b", permissions: [] }],
    ["the name __proto__", { name: "__proto__", permissions: [] }],
    ["an empty name", { name: "", permissions: [] }],
    ["a line break in its name", { name: "a\n", permissions: [] }],
    ["other roles in it", { name: "a", permissions: [], roles: ["admin"] }],
    ["a bad permission", { name: "a", permissions: [may("read", "a#")] }],
    ["a lifetime of no days", { name: "a", permissions: [], certificateLifetimeDays: 0 }],
    ["a lifetime of half a day", { name: "a", permissions: [], certificateLifetimeDays: 0.5 }],
    ["a lifetime past all certificates", { name: "a", permissions: [], certificateLifetimeDays: 36501 }],
    ["a lifetime in words", { name: "a", permissions: [], certificateLifetimeDays: "always" }],
  ]
  for (const [what, role] of bad) {
    test(`may not have ${what}`, () => assert.equal(roleSchema.safeParse(role).success, false))
  }
})
