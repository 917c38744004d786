import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { parseJson } from "../../../service/json.ts"

test("JSON is parsed as JSON.parse does it", () => {
  fc.assert(fc.property(fc.json(), (text) => assert.deepEqual(parseJson(text), JSON.parse(text))))
})

const MISTAKES: readonly (readonly [text: string, place: string])[] = [
  ["x", "line 1, column 1"],
  ['{"a":1,}', "line 1, column 8"],
  ['{"a" 1}', "line 1, column 6"],
  ["{a:1}", "line 1, column 2"],
  ["[1 2]", "line 1, column 4"],
  ["[1,\n 2,\n x]", "line 3, column 2"],
  ["[01]", "line 1, column 3"],
  ['["a\nb"]', "line 1, column 2"],
  ['["\\x"]', "line 1, column 2"],
  ['{"a":1}}', "line 1, column 8"],
  ["[1}", "line 1, column 3"],
  ['{"a":[1,2', "line 1, column 10, where it ends too early"],
  ['{"a":\n', "line 2, column 1, where it ends too early"],
]

for (const [text, place] of MISTAKES) {
  test(`the mistake in ${JSON.stringify(text)} is placed`, () => {
    assert.throws(() => parseJson(text), { name: "SyntaxError", message: `it stops being JSON at ${place}` })
  })
}

test("every cut of a text is placed at its end, in a token or behind it", () => {
  const text = '{"a": [1, -2.5e3, "x\\u00e9", {}, []], "b": {"c": true, "d": null}}'
  for (let end = 1; end < text.length; end += 1) {
    assert.throws(() => parseJson(text.slice(0, end)), /stops being JSON at line 1, column \d+/)
  }
})

test("a mistake is placed, not quoted, and the deepest nesting does not overflow", () => {
  assert.throws(
    () => parseJson('{"password": "geheim" "b"}'),
    (error: Error) => !error.message.includes("geheim"),
  )
  assert.throws(() => parseJson(" \n"), { message: "it is empty" })
  assert.throws(() => parseJson("[".repeat(1_000_000)), SyntaxError)
  assert.throws(() => parseJson(`["${"x".repeat(5_000_000)}`), SyntaxError)
})
