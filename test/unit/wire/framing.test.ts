import assert from "node:assert/strict"
import { test } from "node:test"
import type { Version } from "../../../service/broker/wire/packet.ts"
import { Reason } from "../../../service/broker/wire/reason.ts"
import { connectBytes, established, fresh, hex, packet, properties, refusalOf, text } from "./recording-sink.ts"

/** One conversation per version with every packet a client may send. */
function conversation(version: Version): Buffer {
  const none = version === 5 ? [properties()] : []
  return Buffer.concat([
    connectBytes(version),
    packet(0x30, text("a/ü"), ...none, Buffer.alloc(200, 1)),
    packet(0x3b, text("a/b"), "0001", ...none),
    packet(0x34, text("a/b"), "0002", ...(version === 5 ? [properties("23 0001 26 0000 0001 61")] : []), "ff"),
    hex("62 02 0002 40 02 0001 50 02 0002 70 02 0002"),
    packet(0x82, "0003", ...none, text("a/+"), "01", text("#"), "00"),
    packet(0xa2, "0004", ...none, text("a/+")),
    hex("c0 00"),
    packet(0x30, text("x".repeat(300)), ...none, Buffer.alloc(17000, 2)),
    hex("e0 00"),
  ])
}

function callsInChunks(bytes: Buffer, cuts: readonly number[]): readonly unknown[] {
  const { sink, decoder } = fresh()
  let from = 0
  for (const to of [...cuts, bytes.length]) {
    const chunk = Buffer.from(bytes.subarray(from, to))
    decoder.push(chunk)
    chunk.fill(0xee) // the socket may use it again
    from = to
  }
  assert.equal(decoder.held, 0)
  return sink.calls
}

for (const version of [3, 4, 5] as const) {
  test(`a conversation reads the same wherever it is cut, version ${version}`, () => {
    const bytes = conversation(version)
    const whole = callsInChunks(bytes, [])
    assert.equal(whole.length, 13)
    // Beyond the packets' heads one cut is like another.
    const interesting = [...bytes.keys()].filter(
      (at) => at > 0 && (at < 420 || at % 997 === 0 || at > bytes.length - 5),
    )
    for (const cut of interesting) assert.deepEqual(callsInChunks(bytes, [cut]), whole, `cut at ${cut}`)
    for (const size of [1, 2, 3, 7, 64, 4096]) {
      const cuts = Array.from({ length: Math.ceil(bytes.length / size) - 1 }, (_, i) => (i + 1) * size)
      assert.deepEqual(callsInChunks(bytes, cuts), whole, `chunks of ${size}`)
    }
  })
}

test("a packet over the limit is refused as soon as its length is known (3.1.2.11.4)", () => {
  for (const [limit, header] of [
    [100, "30 63"],
    [16384, "30 fe7f"],
    [1 << 20, "30 ffffff7f"],
  ] as const) {
    for (const cut of [1, 2, 3, 4]) {
      const subject = established(4, limit)
      const bytes = hex(header)
      if (cut >= bytes.length) continue
      subject.decoder.push(bytes.subarray(0, cut))
      assert.equal(refusalOf(subject, bytes.subarray(cut)), Reason.packetTooLarge)
      assert.equal(subject.decoder.held, 0)
    }
  }
})

test("the limit counts the whole packet and may be changed", () => {
  const { sink, decoder } = established(4, 100)
  decoder.push(packet(0x30, text("a"), Buffer.alloc(95)))
  assert.equal(
    refusalOf({ sink, decoder: established(4, 100).decoder }, packet(0x30, text("a"), Buffer.alloc(96))),
    Reason.packetTooLarge,
  )
  decoder.limit = 101
  decoder.push(packet(0x30, text("a"), Buffer.alloc(96)))
  assert.equal(sink.calls.length, 2)
})

test("a remaining length has at most four bytes (2.1.4)", () => {
  for (const version of [3, 4, 5] as const) {
    assert.equal(refusalOf(established(version), hex("30 80808080")), Reason.malformedPacket)
  }
  assert.equal(refusalOf(fresh(), hex("10 ffffffff 01")), Reason.malformedPacket)
})

test("an over-long remaining length is malformed in MQTT 5 only [MQTT-1.5.5-1]", () => {
  assert.equal(refusalOf(established(5), hex("c0 8000")), Reason.malformedPacket)
  for (const version of [3, 4] as const) {
    const { sink, decoder } = established(version)
    decoder.push(hex("c0 80808000 c0 00"))
    assert.deepEqual(sink.calls, [["ping"], ["ping"]])
  }
})

test("a claimed length costs nothing, a trickle no more than twice what has arrived", () => {
  const { decoder } = established(4, 1 << 21)
  decoder.push(hex("30 ffff3f"))
  assert.ok(decoder.held <= 512, `${decoder.held}`)
  const byte = Buffer.alloc(1)
  const rooms = new Set<number>()
  for (let received = 5; received < 3000; received++) {
    decoder.push(byte)
    assert.ok(decoder.held <= Math.max(512, 2 * received))
    rooms.add(decoder.held)
  }
  assert.ok(rooms.size < 6, "room is not made byte by byte")
})

test("the room for an incomplete packet is never larger than the packet", () => {
  const { sink, decoder } = established(4, 1 << 20)
  const bytes = packet(0x30, text("a"), Buffer.alloc(700))
  for (const byte of bytes.subarray(0, -1)) {
    decoder.push(Buffer.of(byte))
    assert.ok(decoder.held <= bytes.length)
  }
  decoder.push(bytes.subarray(-1))
  assert.equal(sink.calls.length, 1)
  assert.equal(decoder.held, 0)
})
