import assert from "node:assert/strict"
import { describe, test } from "node:test"
import fc from "fast-check"
import { crc16 } from "../../../service/serial/protocol/crc16.ts"
import { encodeFrame, LONGEST_FRAME, type Message, parseFrame } from "../../../service/serial/protocol/frame.ts"
import { readTranscript } from "../../support/reference-device.ts"

const name = fc.stringMatching(/^[a-z]{1,8}$/)
const value = fc.oneof(
  fc.stringMatching(/^[ !#-[\]-z|}~]{0,60}$/),
  fc.integer({ min: 0, max: 0xffff_ffff }),
) as fc.Arbitrary<string | number>
const message: fc.Arbitrary<Message> = fc
  .array(fc.tuple(name, value), { minLength: 1, maxLength: 6 })
  .map((members) => Object.fromEntries(members))
const noise = fc.string({
  unit: fc.constantFrom("@", "G", "H", "{", "}", '"', "*", "0", "A", ":", ",", "x", " ", "\r"),
})

const line = encodeFrame
const plain = (of: Message | undefined) => of && { ...of }

describe("a frame", () => {
  test("has the CRC-16/CCITT-FALSE that the literature gives for 123456789", () => {
    assert.equal(crc16("123456789"), 0x29b1)
    assert.equal(crc16(""), 0xffff)
  })

  test("is the bytes the documentation shows, both ways", async () => {
    let frames = 0
    for (const { sent, answer } of await readTranscript()) {
      for (const frame of [sent, answer].filter((text) => text !== undefined)) {
        const parsed = parseFrame(frame)
        if (parsed === undefined) continue
        frames++
        assert.equal(line(parsed), frame.slice(frame.lastIndexOf("@GH{")).replace("\r", ""))
      }
    }
    assert.ok(frames > 70, `${frames} frames`)
  })

  test("comes back as it was, whatever its message", () => {
    fc.assert(fc.property(message, (sent) => assert.deepEqual(plain(parseFrame(line(sent))), sent)))
  })

  test("is found behind any log output on its line, which cannot change it", () => {
    fc.assert(fc.property(noise, message, (log, sent) => assert.deepEqual(plain(parseFrame(log + line(sent))), sent)))
  })

  test("is never made of noise, and noise neither throws nor is kept", () => {
    fc.assert(fc.property(noise, (log) => assert.equal(parseFrame(log), undefined)))
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) =>
        assert.equal(parseFrame(Buffer.from(bytes).toString("latin1")), undefined),
      ),
    )
  })

  test("is noise with any one bit of it flipped", () => {
    const frame = line({ id: 7, op: "put", job: "job1", obj: "chain", len: 1793, off: 768, d: "QUJD".repeat(20) })
    for (let bit = 0; bit < frame.length * 8; bit++) {
      const bytes = Buffer.from(frame, "latin1")
      bytes[bit >> 3]! ^= 1 << (bit & 7)
      assert.equal(parseFrame(bytes.toString("latin1")), undefined, `bit ${bit}`)
    }
  })

  test("is noise with bytes lost, doubled, or with anything behind it", () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.nat({ max: 3 }), fc.boolean(), (sent, where, count, doubled) => {
        const frame = line(sent)
        const at = where % frame.length
        const piece = frame.slice(at, at + count + 1)
        const damaged = frame.slice(0, at) + (doubled ? piece + piece : "") + frame.slice(at + count + 1)
        // losing or doubling something may leave the same text
        if (damaged.slice(damaged.lastIndexOf("@GH{")) !== frame) assert.equal(parseFrame(damaged), undefined)
      }),
    )
    assert.equal(parseFrame(`${line({ id: 1, ok: 1 })} `), undefined)
  })

  test("is never mistaken for another that runs into it", () => {
    fc.assert(
      fc.property(message, message, fc.nat(), (first, second, cut) => {
        const torn = line(first).slice(0, cut % line(first).length)
        assert.deepEqual(plain(parseFrame(torn + line(second))), second)
        if (torn !== "") assert.equal(parseFrame(line(second) + torn), undefined)
      }),
    )
  })

  const unspeakable: Record<string, Message> = {
    "without members": {},
    "with 17 members": Object.fromEntries("abcdefghijklmnopq".split("").map((letter) => [letter, 1])),
    "with a quote": { a: 'say "hi"' },
    "with a backslash": { a: "C:\\" },
    "with the beginning of a frame": { a: "@GH{" },
    "with a line feed": { a: "one\ntwo" },
    "beyond ASCII": { a: "Pümpe" },
    "with a fraction": { a: 1.5 },
    "with a negative number": { a: -1 },
    "with a number beyond 32 bits": { a: 2 ** 32 },
    "with a name in capitals": { Name: 1 },
    "longer than a line": { a: "x".repeat(LONGEST_FRAME) },
  }
  for (const [how, of] of Object.entries(unspeakable)) {
    test(`is not made of a message ${how}`, () => assert.throws(() => encodeFrame(of), RangeError))
  }

  test("is at most 512 bytes, and not one more", () => {
    const longest = line({ a: "x".repeat(LONGEST_FRAME - 16) })
    assert.ok(longest.length === LONGEST_FRAME ? parseFrame(longest) : longest.length < LONGEST_FRAME)
    const room = LONGEST_FRAME - line({ a: "" }).length
    assert.equal(line({ a: "x".repeat(room) }).length, LONGEST_FRAME)
    assert.ok(parseFrame(line({ a: "x".repeat(room) })))
    assert.throws(() => encodeFrame({ a: "x".repeat(room + 1) }), RangeError)
  })
})
