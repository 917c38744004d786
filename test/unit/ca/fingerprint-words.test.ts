import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { test } from "node:test"
import { fingerprintWords } from "../../../service/ca/fingerprint-words.ts"
import { WORDS } from "../../../service/ca/words.ts"

test("the words are those of BIP-39, to the letter", () => {
  assert.equal(WORDS.length, 2048)
  const digest = createHash("sha256")
    .update(`${WORDS.join("\n")}\n`)
    .digest("hex")
  assert.equal(digest, "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda") // of english.txt in bitcoin/bips
})

test("eight words carry the first 88 bits, the highest first", () => {
  assert.deepEqual(fingerprintWords("0".repeat(64)), Array(8).fill("abandon"))
  assert.deepEqual(fingerprintWords("f".repeat(64)), Array(8).fill("zoo"))
  const third = fingerprintWords(`${"0".repeat(5)}4${"0".repeat(58)}`) // bit 22 of 0 alone
  assert.deepEqual(third, ["abandon", "abandon", WORDS[0], ...Array(5).fill("abandon")].with(1, WORDS[1]))
})

test("any change within the first 88 bits changes a word", () => {
  const base = createHash("sha256").update("a certificate").digest()
  const words = fingerprintWords(base.toString("hex")).join(" ")
  for (let bit = 0; bit < 88; bit++) {
    const other = Buffer.from(base)
    other[bit >> 3] = other[bit >> 3]! ^ (0x80 >> (bit & 7))
    assert.notEqual(fingerprintWords(other.toString("hex")).join(" "), words)
  }
})
