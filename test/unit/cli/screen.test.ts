import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { moment } from "../../../scripts/cli/moment.ts"
import { Screen, wantsColours } from "../../../scripts/cli/screen.ts"

function screen({ json = false, colours = false } = {}): { screen: Screen; text: () => string } {
  let written = ""
  return { screen: new Screen(json, colours, (text) => (written += text)), text: () => written }
}

describe("the screen", () => {
  it("aligns columns by their widest cell, cuts nothing, and leaves no blanks at the end", () => {
    const long = "f".repeat(300)
    const lines = screen().screen.table(
      ["A", "LONG HEAD", "C"],
      [
        ["ä", "x", ""],
        [long, "y", "z"],
      ],
      "none",
    )
    assert.deepEqual(lines, [
      `A${" ".repeat(301)}LONG HEAD  C`,
      `ä${" ".repeat(301)}x          -`,
      `${long}  y          z`,
    ])
    assert.deepEqual(screen().screen.table(["A"], [], "none"), ["none"])
  })

  it("lets nothing off the wire move the cursor, turn the direction or start a line", () => {
    const hostile = "a\u001b[2J\r\nb\u009b\u202e\u2028\u200b\u{e0001}"
    const { screen: plain, text } = screen()
    plain.answer({}, () => [...plain.table(["X"], [[hostile]], ""), ...plain.facts([["x", hostile]])])
    assert.doesNotMatch(text().replaceAll("\n", ""), /[\p{C}\p{Zl}\p{Zp}]/u)
    assert.equal(text().split("\n").length, 4)
  })

  it("writes JSON that is pure of terminal controls and still says the same", () => {
    const value = { topic: "a\u0085\u009b\u202e\u2028\u001b\u007f\ufeff" }
    const { screen: programs, text } = screen({ json: true })
    programs.answer(value, () => assert.fail("a person's lines"))
    assert.deepEqual(JSON.parse(text()), value)
    assert.match(text(), /^[\n\x20-\x7e]*$/)
  })

  it("has colours on a terminal only, and not for those who want none", () => {
    assert.equal(wantsColours({ isTTY: true }, {}), true)
    assert.equal(wantsColours({ isTTY: true }, { NO_COLOR: "" }), true)
    assert.equal(wantsColours({ isTTY: true }, { NO_COLOR: "1" }), false)
    assert.equal(wantsColours({ isTTY: true }, { TERM: "dumb" }), false)
    assert.equal(wantsColours({ isTTY: false }, {}), false)
    assert.equal(screen({ colours: true }).screen.paint("red", "x"), "\u001b[31mx\u001b[0m")
    assert.equal(screen().screen.paint("red", "x"), "x")
  })

  it("says moments in local time with their distance", () => {
    const now = new Date(2026, 10, 23, 14, 37, 30).getTime()
    const at = (ms: number) => moment(new Date(now + ms).toISOString(), now)
    assert.equal(at(-3 * 60_000), "2026-11-23 14:34 (3 min ago)")
    assert.equal(at(-5000), "2026-11-23 14:37 (5 s ago)")
    assert.match(at(-2 * 3_600_000), / \(2 h ago\)$/)
    assert.match(at(25 * 3_600_000), / \(in 1 day\)$/)
    assert.match(at(398 * 86_400_000), / \(in 398 days\)$/)
    assert.match(at(3 * 365 * 86_400_000), / \(in 3 years\)$/)
  })
})
