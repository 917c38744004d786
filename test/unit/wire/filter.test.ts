import assert from "node:assert/strict"
import { test } from "node:test"
import { filterProblem, isTopicName, parseShare, shareProblem } from "../../../service/broker/wire/filter.ts"

const good = [
  "a",
  "/",
  "//",
  "a/b",
  "#",
  "/#",
  "a/#",
  "+",
  "+/+",
  "/+",
  "+/a/#",
  "a//+",
  "ü/😀",
  "a b",
  "$SYS/#",
  "$share",
  "$shared/a",
  "$share/g/a",
  "$share/g/#",
  "$share/g//",
  "$share/g/$share/h/a",
  "x".repeat(65535),
]

const bad: [filter: string, clause: RegExp][] = [
  ["", /4\.7\.3-1/],
  ["a\0", /4\.7\.3-2/],
  ["x".repeat(65536), /4\.7\.3-3/],
  ["ü".repeat(32768), /4\.7\.3-3/],
  ["a#", /4\.7\.1/],
  ["#a", /4\.7\.1/],
  ["#/", /4\.7\.1-1/],
  ["a/#/b", /4\.7\.1-1/],
  ["##", /4\.7\.1/],
  ["+a", /4\.7\.1/],
  ["a+", /4\.7\.1/],
  ["a/+b/c", /4\.7\.1/],
  ["++", /4\.7\.1/],
  ["+#", /4\.7\.1/],
  ["$share/", /4\.8\.2-2/],
  ["$share/g", /4\.8\.2-2/],
  ["$share//a", /4\.8\.2-1/],
  ["$share/g+/a", /4\.8\.2-2/],
  ["$share/#/a", /4\.8\.2-2/],
  ["$share/g/", /4\.7\.3-1/],
  ["$share/g/a#", /4\.7\.1/],
]

test("well-formed filters have no problem (4.7.1, 4.8.2)", () => {
  for (const filter of good) assert.equal(shareProblem(filter) ?? filterProblem(filter), null, filter.slice(0, 40))
})

test("the problem of an ill-formed filter names its clause", () => {
  for (const [filter, clause] of bad) {
    assert.match(shareProblem(filter) ?? filterProblem(filter) ?? "none", clause, filter.slice(0, 40))
  }
})

test("a topic name has at least one character, at most 65,535 bytes and no wildcard (4.7.3)", () => {
  for (const name of ["a", "/", "$SYS/x", "ü", " ", "x".repeat(65535)]) assert.ok(isTopicName(name))
  for (const name of ["", "#", "a/+", "a+", "a\0", "x".repeat(65536), "€".repeat(21846)]) assert.ok(!isTopicName(name))
})

test("a shared subscription splits into share name and filter (4.8.2)", () => {
  assert.deepEqual(parseShare("$share/g/a/#"), { group: "g", filter: "a/#" })
  assert.deepEqual(parseShare("$share/g//a"), { group: "g", filter: "/a" })
  for (const filter of ["a", "$share", "$shared/g/a", "x/$share/g/a"]) assert.equal(parseShare(filter), null)
})
