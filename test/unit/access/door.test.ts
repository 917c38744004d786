import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { Door, displayName, type Refusal } from "../../../service/access/door.ts"
import { FakeClock } from "../../support/fake-clock.ts"
import { heapInUse } from "./heap.ts"

function refusal(fields: Partial<Refusal> = {}): Refusal {
  return { cause: "wrong-password", sentence: "correct the device", name: "pump-7", address: "10.0.0.1", ...fields }
}

describe("the door", () => {
  test("groups by cause and name, with the latest address and sentence, and the time of the first and last", () => {
    const clock = new FakeClock(1000)
    const door = new Door(() => clock.now())
    door.record(refusal())
    clock.advance(500)
    door.record(refusal({ address: "10.0.0.2", sentence: "again" }))
    door.record(refusal({ cause: "unknown-user" }))
    door.record(refusal({ name: "pump-8" }))
    const groups = door.groups
    assert.deepEqual(
      groups.map(({ cause, name, count }) => [cause, name, count]),
      [
        ["wrong-password", "pump-8", 1],
        ["unknown-user", "pump-7", 1],
        ["wrong-password", "pump-7", 2],
      ],
    )
    assert.deepEqual(groups[2], {
      ...refusal({ address: "10.0.0.2", sentence: "again" }),
      count: 2,
      first: 1000,
      last: 1500,
    })
  })

  test("keeps at most 100 groups of 10,000 hostile refusals, the latest, and counts them all", () => {
    const door = new Door(() => 0)
    for (let i = 0; i < 10_000; i++)
      door.record(refusal({ name: `\u202e${i}`, cause: i % 2 === 0 ? "unknown-user" : "busy" }))
    assert.equal(door.groups.length, 100)
    assert.equal(door.total, 10_000)
    assert.equal(door.groups[0]?.name, "?9999")
  })

  test("keeps a group that goes on while others come and go", () => {
    const door = new Door(() => 0)
    for (let i = 0; i < 1000; i++) {
      door.record(refusal({ name: `${i}` }))
      door.record(refusal())
    }
    assert.equal(door.groups[0]?.count, 1000)
  })

  test("cleans the names itself, so that huge ones do not fill the memory", () => {
    const door = new Door(() => 0)
    const before = heapInUse()
    for (let i = 0; i < 300; i++) door.record(refusal({ name: Buffer.alloc(65_535, `${i}`).toString("latin1") }))
    assert.ok(heapInUse() - before < 2_000_000)
    assert.ok(door.groups.every((group) => group.name.length <= 64))
  })

  test("tells names apart that hold the separator of its key", () => {
    const door = new Door(() => 0)
    door.record(refusal({ cause: "busy", name: "sessions\0c" }))
    door.record(refusal({ cause: "sessions", name: "busy\0c" }))
    assert.equal(door.groups.length, 2)
  })
})

describe("a name for display", () => {
  const cases: [what: string, text: string, shown: string][] = [
    ["an ordinary name", "pump-7", "pump-7"],
    ["nothing", "", ""],
    ["blanks and signs", "a b/<c>&'\"", "a b/<c>&'\""],
    ["letters of other scripts", "Größe насос 水泵", "Größe насос 水泵"],
    ["line breaks, as of a forged log line", "a\r\n<3>all is well", "a??<3>all is well"],
    ["NUL, bell, escape", "\0\u0007\u001b[31m", "???[31m"],
    ["DEL and the second set of controls", "\u007f\u0080\u009b", "???"],
    ["line and paragraph separators", "a\u2028b\u2029", "a?b?"],
    ["bidirectional overrides", "a\u202egpj.exe\u202c", "a?gpj.exe?"],
    ["bidirectional embeddings", "\u202a\u202b\u202d", "???"],
    ["bidirectional isolates", "\u2066a\u2067b\u2068c\u2069", "?a?b?c?"],
    ["directional marks", "\u200ea\u200f\u061c", "?a??"],
    ["characters without width", "a\u200b\u200c\u200d\u2060\ufeff\u00ad", "a??????"],
    ["fillers that show nothing", "\u115f\u1160\u3164\u034f", "????"],
    ["blanks that are not the space", "\u00a0\u2003\u3000", "???"],
    ["marks that pile up", "a\u0301\u0302\u0303", "a???"],
    ["private characters and ends of planes", "\ue000\uffff", "??"],
    ["lone surrogates", "\ud800a\udc00", "?a?"],
    ["characters past the first plane, one for one", "\u{1f600}\u{e0041}", "??"],
    ["64 characters", "x".repeat(64), "x".repeat(64)],
    ["65 characters", "x".repeat(65), `${"x".repeat(63)}…`],
    ["a very long name", "\u0000".repeat(65_535), `${"?".repeat(63)}…`],
    ["a long name past the first plane", "\u{1f600}".repeat(100), `${"?".repeat(63)}…`],
  ]
  for (const [what, text, shown] of cases) {
    test(`shows ${what}`, () => {
      assert.equal(displayName(text), shown)
      assert.equal(displayName(shown), shown, "a second cleaning changes nothing")
    })
  }
})
