import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import type { Version } from "../../../service/broker/wire/packet.ts"
import { ProtocolError } from "../../../service/broker/wire/reason.ts"
import { version } from "./arbitrary.ts"
import { connectBytes, established, fresh, hex, packet, properties, type Subject, text } from "./recording-sink.ts"

const LIMIT = 2000
const WAITING = LIMIT + 65536

/** Pushes the chunks; whatever happens, the only thing thrown is a ProtocolError and no more than the limit is held. */
function survives({ decoder }: Subject, chunks: readonly Buffer[], most = LIMIT): void {
  for (const chunk of chunks) {
    try {
      decoder.push(chunk)
    } catch (error) {
      assert.ok(error instanceof ProtocolError, `${error}`)
      assert.equal(decoder.held, 0)
    }
    assert.ok(decoder.held <= most, `${decoder.held} bytes are held`)
  }
}

const chunk = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes))
const chunks = fc.array(chunk, { maxLength: 8 })

test("random bytes before CONNECT", () => {
  fc.assert(
    fc.property(chunks, (bytes) => survives(fresh(LIMIT), bytes)),
    { numRuns: 1000 },
  )
})

test("random bytes behind CONNECT", () => {
  fc.assert(
    fc.property(version, chunks, (level, bytes) => survives(established(level, LIMIT), bytes)),
    { numRuns: 2000 },
  )
})

test("random bodies behind a good header", () => {
  const firsts = fc.constantFrom(0x30, 0x31, 0x32, 0x3d, 0x40, 0x50, 0x62, 0x70, 0x82, 0xa2, 0xc0, 0xe0, 0xf0)
  fc.assert(
    fc.property(version, fc.array(fc.tuple(firsts, chunk)), (level, packets) => {
      for (const [first, body] of packets) survives(established(level, LIMIT), [packet(first, body)])
    }),
    { numRuns: 1000 },
  )
})

/** A good packet of each kind, rich in fields. */
function goodPackets(level: Version): Buffer[] {
  const five = (...parts: string[]) => (level === 5 ? [properties(...parts)] : [])
  const name = level === 3 ? text("MQIsdp") : text("MQTT")
  const options = five("11 00000001 21 0001 27 00000100 22 0001 19 01 17 01 26 0001 61 0001 62 15 0001 6d 16 0001 64")
  const more = five("18 00000001 01 01 02 00000001 03 0001 61 08 0001 61 09 0001 61 26 0001 61 0001 62")
  return [
    packet(
      0x10,
      name,
      Buffer.from([level]),
      "ce 003c",
      ...options,
      text("id"),
      ...more,
      text("w/ü"),
      text("x"),
      text("u"),
      text("p"),
    ),
    packet(
      0x33,
      text("a/ü"),
      "0001",
      ...five("01 01 02 00000001 03 0001 61 08 0001 61 09 0001 61 23 0001 26 0001 61 0001 62"),
      "6869",
    ),
    packet(0x82, "0001", ...five("0b 8001 26 0000 0000"), text("a/+"), "01", text("$share/g/#"), "02"),
    packet(0xa2, "0001", ...five("26 0000 0000"), text("a/+"), text("#")),
    level === 5 ? packet(0x40, "0001 10", properties("1f 0001 61 26 0000 0000")) : hex("40 02 0001"),
    level === 5 ? packet(0xe0, "04", properties("11 00000001 1f 0001 61")) : hex("e0 00"),
    level === 5 ? packet(0xf0, "18", properties("15 0001 61 16 0001 61")) : hex("c0 00"),
  ]
}

test("every good packet with one byte changed to any value", () => {
  for (const level of [3, 4, 5] as const) {
    for (const [index, good] of goodPackets(level).entries()) {
      for (let at = 0; at < good.length; at++) {
        for (let value = 0; value < 256; value++) {
          const bytes = Buffer.from(good)
          bytes[at] = value
          survives(index === 0 ? fresh(LIMIT) : established(level, LIMIT), [bytes])
        }
      }
    }
  }
})

test("good packets with bytes changed, cut out and put in, in chunks of any size", () => {
  const change = fc.record({
    at: fc.nat(),
    cut: fc.nat({ max: 3 }),
    put: fc.uint8Array({ maxLength: 3 }),
    split: fc.nat(),
  })
  fc.assert(
    fc.property(version, fc.array(change, { minLength: 1, maxLength: 4 }), fc.boolean(), (level, changes, login) => {
      const good = goodPackets(level)
      let bytes = Buffer.concat([...(login ? [] : [connectBytes(level)]), ...good.slice(login ? 0 : 1)])
      for (const { at, cut, put } of changes) {
        const from = at % bytes.length
        bytes = Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(from + cut)])
      }
      const cuts = changes.map(({ split }) => split % bytes.length).sort((a, b) => a - b)
      const parts = [0, ...cuts].map((from, i) => bytes.subarray(from, cuts[i] ?? bytes.length))
      survives(fresh(LIMIT), parts)
    }),
    { numRuns: 3000 },
  )
})

test("random pauses while good packets arrive lose nothing and change no order", () => {
  const step = fc.record({ size: fc.integer({ min: 1, max: 40 }), pause: fc.boolean(), resume: fc.boolean() })
  fc.assert(
    fc.property(
      version,
      fc.array(step, { minLength: 1, maxLength: 60 }),
      fc.array(fc.boolean()),
      (level, steps, within) => {
        const bytes = Buffer.concat([...goodPackets(level).slice(1), ...goodPackets(level).slice(1)])
        const expected = established(level, LIMIT)
        expected.decoder.push(bytes)
        const { sink, decoder } = established(level, LIMIT)
        let paused = 0
        const pause = () => {
          decoder.pause()
          paused++
        }
        sink.during = () => within.shift() && pause()
        let from = 0
        for (const step of steps) {
          if (step.pause) pause()
          if (step.resume && paused > 0) {
            paused--
            decoder.resume()
          }
          const before = sink.calls.length
          const held = paused > 0
          decoder.push(bytes.subarray(from, from + step.size))
          if (held) assert.equal(sink.calls.length, before)
          assert.ok(decoder.held <= WAITING)
          from = Math.min(bytes.length, from + step.size)
        }
        decoder.push(bytes.subarray(from))
        while (paused > 0) {
          paused--
          decoder.resume()
        }
        assert.deepEqual(sink.calls, expected.sink.calls)
      },
    ),
    { numRuns: 500 },
  )
})
