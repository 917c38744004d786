import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { covers, isTopicFilter, isTopicName, unshared } from "../../../service/access/topic.ts"
import { FILTERS, isSubset, matcherOf, matchesOf, NAMES } from "./filters.ts"

describe("a topic name", () => {
  const good = ["a", "/", "a/b", "/a", "a/", "a//b", " ", "$SYS/x", "Ä/é", "%u", "constructor", "x".repeat(65535)]
  const bad = ["", "#", "+", "a/+", "a/#", "a+b", "a#", "a\0b", "\0", "x".repeat(65536), "é".repeat(32768)]

  for (const name of good) test(`may be ${shown(name)}`, () => assert.equal(isTopicName(name), true))
  for (const name of bad) test(`may not be ${shown(name)}`, () => assert.equal(isTopicName(name), false))
})

describe("a topic filter", () => {
  const good = ["#", "+", "/", "a", "+/#", "/+", "+/+", "a/+/b", "a/#", "/#", "$SYS/#", "//", "%u/#", "x".repeat(65535)]
  const bad = [
    "",
    "a#",
    "#/",
    "#/a",
    "a/#/b",
    "a+",
    "+a",
    "a/b+",
    "a/+b/c",
    "++",
    "##",
    "a/##",
    "a\0",
    "x".repeat(65536),
  ]

  for (const filter of good) test(`may be ${shown(filter)}`, () => assert.equal(isTopicFilter(filter), true))
  for (const filter of bad) test(`may not be ${shown(filter)}`, () => assert.equal(isTopicFilter(filter), false))
})

describe("covers", () => {
  const matches = new Map(FILTERS.map((filter) => [filter, matchesOf(filter)]))

  /**
   * Filter and wanted name the same topics (the parent of `/#` would be the empty name, which is none), and covers says
   * no all the same: harmless, since it only ever refuses.
   */
  const REFUSED_EQUIVALENTS = ["/+/# /#", "+/+/# /#", "+/# #"]

  test("the matcher that judges it obeys the examples of MQTT 4.7", () => {
    const examples: [filter: string, name: string, matched: boolean][] = [
      ["sport/tennis/player1/#", "sport/tennis/player1", true],
      ["sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true],
      ["sport/#", "sport", true],
      ["#", "sport/a", true],
      ["sport/tennis/+", "sport/tennis/player1/ranking", false],
      ["sport/+", "sport", false],
      ["sport/+", "sport/", true],
      ["+/+", "/finance", true],
      ["/+", "/finance", true],
      ["+", "/finance", false],
      ["+/+/+", "a/b/c", true],
      ["#", "$SYS/monitor/Clients", false],
      ["+/monitor/Clients", "$SYS/monitor/Clients", false],
      ["$SYS/#", "$SYS/monitor/Clients", true],
      ["$SYS/monitor/+", "$SYS/monitor/Clients", true],
    ]
    for (const [filter, name, matched] of examples) assert.equal(matcherOf(filter)(name), matched, `${filter} ${name}`)
  })

  test("never grants a topic that the filter does not match, whatever the pair", () => {
    for (const filter of FILTERS) {
      for (const wanted of FILTERS) {
        if (!covers(filter, wanted)) continue
        assert.ok(isSubset(matches.get(wanted)!, matches.get(filter)!), `${filter} must not cover ${wanted}`)
      }
    }
  })

  test("refuses nothing that the filter matches whole, but the listed equivalents", () => {
    const refused: string[] = []
    for (const filter of FILTERS) {
      for (const wanted of FILTERS) {
        if (!covers(filter, wanted) && isSubset(matches.get(wanted)!, matches.get(filter)!)) {
          refused.push(`${filter} ${wanted}`)
        }
      }
    }
    assert.deepEqual(refused.sort(), REFUSED_EQUIVALENTS.toSorted())
  })

  test("of a topic name is the match of MQTT 4.7", () => {
    for (const filter of FILTERS) {
      const matched = matcherOf(filter)
      for (const name of NAMES) assert.equal(covers(filter, name), matched(name), `${filter} ${name}`)
    }
  })

  test("tells names apart that only look alike", () => {
    const pairs = [
      ["a", "A"],
      ["é", "e\u0301"],
      ["a", "a "],
      ["a/b", "a//b"],
      ["a", "a/"],
      ["constructor", "__proto__"],
    ] as const
    for (const [one, other] of pairs) assert.equal(covers(one, other), false)
  })
})

describe("a shared subscription", () => {
  const cases: [filter: string, judged: string][] = [
    ["a/b", "a/b"],
    ["$share/group/a/b", "a/b"],
    ["$share/group/#", "#"],
    ["$share/group//a", "/a"],
    ["$share/group/$SYS/#", "$SYS/#"],
    ["$share/group/a\nb", "a\nb"],
    ["$share", "$share"],
    ["$shared/group/a", "$shared/group/a"],
    ["a/$share/group/b", "a/$share/group/b"],
  ]
  for (const [filter, judged] of cases) {
    test(`${shown(filter)} is judged as ${shown(judged)}`, () => assert.equal(unshared(filter), judged))
  }

  for (const filter of [
    "$share/",
    "$share/group",
    "$share/group/",
    "$share//a",
    "$share/+/a",
    "$share/#",
    "$share/g+/a",
  ]) {
    test(`${filter} is misformed and judged as it stands, so that # does not let it in`, () => {
      assert.equal(unshared(filter), filter)
      assert.equal(covers("#", unshared(filter)), false)
      assert.equal(covers("+/#", unshared(filter)), false)
    })
  }
})

function shown(text: string): string {
  return JSON.stringify(text.length > 30 ? `${text.slice(0, 10)}… (${text.length})` : text)
}
