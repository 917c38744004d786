import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { isClaimCode, newClaimCode } from "../../../service/access/claim-code.ts"

const CODE = "0ABC-1DEF-GH7Z"

describe("a claim code", () => {
  const codes = Array.from({ length: 10_000 }, newClaimCode)

  test("has three groups of four symbols of which none can be mistaken", () => {
    for (const code of codes) assert.match(code, /^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$/)
  })

  test("is never made twice", () => {
    assert.equal(new Set(codes).size, codes.length)
  })

  test("takes each symbol in each place equally often", () => {
    const expected = codes.length / 32
    for (let place = 0; place < 14; place++) {
      if (place === 4 || place === 9) continue
      const seen = new Map<string, number>()
      for (const code of codes) seen.set(code[place]!, (seen.get(code[place]!) ?? 0) + 1)
      const chiSquare = [...seen.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
      assert.equal(seen.size, 32)
      assert.ok(chiSquare < 100, `chi-square ${chiSquare} with 31 degrees of freedom: one in 10^8`)
    }
  })
})

describe("a typed claim code", () => {
  const right = [
    CODE,
    "0abc-1def-gh7z",
    "0ABC1DEFGH7Z",
    "0ABC 1DEF GH7Z",
    " 0ABC-1DEF-GH7Z\n",
    "0A-BC-1D-EF-GH-7Z",
    "OABC-1DEF-GH7Z",
    "oabc-idef-gh7z",
    "0ABC-lDEF-GH7Z",
    "0ABC-IDEF-GH7Z",
    "0ABC\u00a01DEF\tGH7Z",
  ]
  for (const typed of right)
    test(`opens as ${JSON.stringify(typed)}`, () => assert.equal(isClaimCode(typed, CODE), true))

  const wrong = [
    "",
    "-",
    "0ABC-1DEF-GH7",
    "0ABC-1DEF-GH7ZZ",
    "0ABC-1DEF-GH7Y",
    "1DEF-0ABC-GH7Z",
    "0ABC_1DEF_GH7Z",
    "0ABC-1DEF-GH7Z\0",
    "0ABC-1DEF-GH7２",
    "*",
    "0ABC-1DEF-GH7Z,0ABC-1DEF-GH7Y",
    "x".repeat(100_000),
  ]
  for (const typed of wrong) {
    test(`does not open as ${JSON.stringify(typed.slice(0, 40))}`, () => assert.equal(isClaimCode(typed, CODE), false))
  }

  test("opens its own code and no other", () => {
    const codes = Array.from({ length: 100 }, newClaimCode)
    for (const typed of codes) for (const code of codes) assert.equal(isClaimCode(typed, code), typed === code)
  })
})
