import assert from "node:assert/strict"
import { test } from "node:test"
import { Reader, textOf } from "../../../service/broker/wire/read.ts"
import { ProtocolError, Reason } from "../../../service/broker/wire/reason.ts"
import { established, fresh, hex, packet, properties, refusalOf, text } from "./recording-sink.ts"

function refuses(work: () => unknown): void {
  assert.throws(work, (error) => error instanceof ProtocolError && error.reason === Reason.malformedPacket)
}

const illFormed: [name: string, bytes: string][] = [
  ["a lone continuation byte", "61 80"],
  ["a sequence cut short", "61 c3"],
  ["an over-long slash", "c0af"],
  ["an over-long NUL", "c080"],
  ["a surrogate [MQTT-1.5.4-1]", "eda080"],
  ["a pair of surrogates", "eda080 edb080"],
  ["a code point over U+10FFFF", "f4908080"],
  ["the byte ff", "ff"],
  ["U+0000 [MQTT-1.5.4-2]", "61 00 62"],
]

for (const [name, bytes] of illFormed) {
  test(`${name} is malformed in every string`, () => {
    const bad = hex(bytes)
    refuses(() => textOf(bad, 0, bad.length, false))
    refuses(() => textOf(bad, 0, bad.length, true))
    refuses(() => new Reader(text(bad), 0, bad.length + 2).skipText(false))
  })
}

test("every place of a string is checked [MQTT-1.5.3-1, 3.1.3-4, 3.1.3-11, 3.3.2-1, 3.8.3-1, 3.10.3-1]", () => {
  for (const [, bytes] of illFormed) {
    const bad = text(hex(bytes))
    const good = text("a")
    const places: Buffer[] = [
      packet(0x10, text("MQTT"), "04 02 003c", bad),
      packet(0x10, text("MQTT"), "04 06 003c", good, bad, good),
      packet(0x10, text("MQTT"), "04 82 003c", good, bad),
      packet(0x10, text("MQTT"), "05 02 003c", properties("26", bad, good), good),
      packet(0x10, text("MQTT"), "05 02 003c", properties("26", good, bad), good),
      packet(0x10, text("MQTT"), "05 02 003c", properties("15", bad), good),
    ]
    for (const place of places) assert.equal(refusalOf(fresh(), place), Reason.malformedPacket)
    assert.equal(refusalOf(established(4), packet(0x30, bad)), Reason.malformedPacket)
    assert.equal(refusalOf(established(4), packet(0x82, "0001", bad, "00")), Reason.malformedPacket)
    assert.equal(refusalOf(established(4), packet(0xa2, "0001", bad)), Reason.malformedPacket)
    for (const id of ["03", "08"]) {
      assert.equal(refusalOf(established(5), packet(0x30, good, properties(id, bad))), Reason.malformedPacket)
    }
    assert.equal(refusalOf(established(5), packet(0x40, "0001 00", properties("1f", bad))), Reason.malformedPacket)
  }
})

test("control characters and non-characters are refused in names and allowed in other strings (1.5.4)", () => {
  const unfit = [0x01, 0x0a, 0x1f, 0x7f, 0x80, 0x9f, 0xfdd0, 0xfdef, 0xfffe, 0xffff]
  for (let plane = 1; plane <= 16; plane++) unfit.push(plane * 0x10000 + 0xfffe, plane * 0x10000 + 0xffff)
  for (const point of unfit) {
    const bytes = Buffer.from(`a${String.fromCodePoint(point)}b`)
    refuses(() => textOf(bytes, 0, bytes.length, true))
    assert.equal(textOf(bytes, 0, bytes.length, false), bytes.toString())
  }
})

test("the neighbours of what is unfit are fit", () => {
  const fit = [0x20, 0x7e, 0xa0, 0xfdcf, 0xfdf0, 0xfffd, 0xd7ff, 0xe000, 0x10000, 0x1fffd, 0x10fffd]
  for (const point of fit) {
    const bytes = Buffer.from(String.fromCodePoint(point))
    assert.equal(textOf(bytes, 0, bytes.length, true), bytes.toString())
  }
})

test("a byte order mark is kept [MQTT-1.5.4-3]", () => {
  const bytes = hex("efbbbf 61")
  assert.equal(textOf(bytes, 0, bytes.length, true), "\ufeffa")
})

test("a variable byte integer has at most four bytes and none too many [MQTT-1.5.5-1]", () => {
  const table: [string, number][] = [
    ["00", 0],
    ["7f", 127],
    ["8001", 128],
    ["ff7f", 16383],
    ["808001", 16384],
    ["ffff7f", 2_097_151],
    ["80808001", 2_097_152],
    ["ffffff7f", 268_435_455],
  ]
  for (const [bytes, value] of table) {
    assert.equal(new Reader(hex(bytes), 0, bytes.length / 2).variableByteInteger(), value)
  }
  for (const bytes of ["8000", "818000", "80808000", "ffffffff", "80808080 01", "", "80", "ffffff"]) {
    const buffer = hex(bytes)
    refuses(() => new Reader(buffer, 0, buffer.length).variableByteInteger())
  }
})

test("no read reaches beyond its part, whatever lies behind it", () => {
  const buffer = hex("0001 61 ff ff ff ff")
  const reads: [size: number, read: (reader: Reader) => unknown][] = [
    [1, (reader) => reader.byte()],
    [2, (reader) => reader.uint16()],
    [4, (reader) => reader.uint32()],
    [3, (reader) => reader.text()],
    [3, (reader) => reader.name()],
    [3, (reader) => reader.binary()],
    [3, (reader) => reader.skipText(true)],
  ]
  for (const [size, read] of reads) {
    for (let end = 0; end < size; end++) refuses(() => read(new Reader(buffer, 0, end)))
    const reader = new Reader(buffer, 0, size)
    read(reader)
    assert.ok(reader.atEnd)
  }
  assert.equal(new Reader(hex("ffffffff"), 0, 4).uint32(), 0xffffffff)
})
