import assert from "node:assert/strict"
import { test } from "node:test"
import {
  encode,
  integer,
  MalformedDer,
  oid,
  readBits,
  readBoolean,
  readDer,
  readNumber,
  readOid,
  readTime,
} from "../../../service/ca/der.ts"

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex")

test("only canonical DER is read", () => {
  for (const good of ["02 01 00", "30 00", "30 03 02 01 7f", "05 00", `04 81 80 ${"00".repeat(128)}`]) {
    assert.deepEqual(encode(readDer(hex(good))), hex(good))
  }
  const wrong = {
    nothing: "",
    "half a header": "30",
    "a value cut short": "30 05 02 01",
    "trailing bytes": "05 00 00",
    "a length longer than needed": "04 81 01 00",
    "a length with leading zeros": "04 82 00 80 00",
    "an indefinite length": "30 80 02 01 00 00 00",
    "an indefinite string": "24 80 04 01 00 00 00",
    "a padded integer": "02 02 00 01",
    "a padded negative integer": "02 02 ff ff",
    "a length of four gigabytes": "04 84 ff ff ff ff 00",
    "an odd BMPString beside another value": "30 07 1e 03 00 41 00 02 00",
    "a length of 127 octets": `04 ff ${"01".repeat(127)}`,
  }
  for (const [what, bytes] of Object.entries(wrong)) assert.throws(() => readDer(hex(bytes)), MalformedDer, what)
})

test("deep nesting is refused without harm", () => {
  let nested = hex("0500")
  for (let depth = 0; depth < 31; depth++) nested = Buffer.concat([Buffer.from([0x30, nested.length]), nested])
  assert.ok(readDer(nested))
  assert.throws(() => readDer(Buffer.concat([Buffer.from([0x30, nested.length]), nested])), MalformedDer)
  assert.throws(() => readDer(Buffer.from("3080".repeat(5000), "hex")), MalformedDer)
})

test("an identifier cut short bears no known name", () => {
  assert.equal(readOid(oid("2.5.4.3")), "2.5.4.3")
  assert.equal(readOid(readDer(hex("06 04 55 04 03 81"))), "hex:55040381")
  assert.equal(readOid(readDer(hex("06 04 55 04 80 03"))), "hex:55048003")
  assert.equal(readOid(readDer(hex("06 00"))), "hex:")
  const uuid = "06 15 69 82 c2 fb e4 b6 fc 9f e1 d3 b5 87 f0 a5 d3 c4 9a bc d2 01 01"
  assert.match(readOid(readDer(hex(uuid))), /^hex:/)
})

test("numbers, bits and booleans have one form", () => {
  for (const value of [0, 1, 127, 128, 65_537, 2 ** 31 - 1]) assert.equal(readNumber(integer(value)), value)
  for (const wrong of ["02 01 80", "02 00", "02 05 01 00 00 00 00", "04 01 00"]) {
    assert.throws(() => readNumber(readDer(hex(wrong))), MalformedDer, wrong)
  }
  assert.deepEqual(readBits(readDer(hex("03 02 00 ff"))), hex("ff"))
  for (const wrong of ["03 02 01 fe", "03 00", "23 04 03 02 00 ff"]) {
    assert.throws(() => readBits(readDer(hex(wrong))), MalformedDer, wrong)
  }
  assert.equal(readBoolean(readDer(hex("01 01 ff"))), true)
  for (const wrong of ["01 01 01", "01 00", "01 02 ff ff"]) {
    assert.throws(() => readBoolean(readDer(hex(wrong))), MalformedDer, wrong)
  }
})

test("times have the form of X.509 and name a moment", () => {
  const read = (tag: string, text: string) =>
    readTime(readDer(Buffer.concat([hex(tag), Buffer.from([text.length]), Buffer.from(text)])))
  assert.equal(read("17", "491231235959Z"), Date.UTC(2049, 11, 31, 23, 59, 59))
  assert.equal(read("17", "500101000000Z"), Date.UTC(1950, 0, 1))
  assert.equal(read("18", "99991231235959Z"), Date.UTC(9999, 11, 31, 23, 59, 59))
  for (const [tag, text] of [
    ["17", "2601010000Z"],
    ["17", "260101000000+0100"],
    ["17", "260230000000Z"],
    ["17", "261301000000Z"],
    ["17", "260101240000Z"],
    ["17", "26010100000aZ"],
    ["18", "20260101000000"],
    ["18", "20260101000000.5Z"],
    ["17", "20260101000000Z"],
    ["18", "260101000000Z"],
    ["0c", "260101000000Z"],
  ] as const) {
    assert.throws(() => read(tag, text), MalformedDer, text)
  }
})
