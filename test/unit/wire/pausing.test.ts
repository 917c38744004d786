import assert from "node:assert/strict"
import { test } from "node:test"
import { Reason } from "../../../service/broker/wire/reason.ts"
import { connectBytes, established, fresh, hex, packet, refusalOf, text } from "./recording-sink.ts"

const ping = hex("c0 00")

function pings(count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => ping))
}

test("while a CONNECT is being decided nothing more is handed on", () => {
  const { sink, decoder } = fresh()
  sink.accepts = false
  assert.equal(decoder.state, "awaiting")
  decoder.push(Buffer.concat([connectBytes(4), ping]))
  decoder.push(ping)
  assert.equal(decoder.state, "deciding")
  assert.equal(sink.calls.length, 1)
  decoder.establish()
  assert.equal(decoder.state, "established")
  assert.deepEqual(sink.calls.slice(1), [["ping"], ["ping"]])
})

test("what waits behind a CONNECT is bounded by the limit", () => {
  const subject = fresh(1000)
  subject.sink.accepts = false
  subject.decoder.push(connectBytes(4))
  subject.decoder.push(pings(500))
  assert.ok(subject.decoder.held <= 1000)
  assert.equal(refusalOf(subject, hex("c0")), Reason.quotaExceeded)
  assert.equal(subject.decoder.held, 0)
  subject.decoder.establish()
  assert.equal(subject.sink.calls.length, 1)
})

test("more than the limit in one chunk with the CONNECT is refused", () => {
  const subject = fresh(1000)
  subject.sink.accepts = false
  assert.equal(refusalOf(subject, Buffer.concat([connectBytes(4), pings(501)])), Reason.quotaExceeded)
})

test("a paused decoder keeps the rest of the chunk and goes on where it was", () => {
  const { sink, decoder } = established(4)
  sink.during = () => decoder.pause()
  decoder.push(Buffer.concat([ping, packet(0x30, text("a"), "31"), hex("c0")]))
  assert.deepEqual(sink.calls, [["ping"]])
  decoder.push(hex("00"))
  decoder.resume()
  assert.equal(sink.calls.length, 2)
  decoder.resume()
  assert.equal(sink.calls.length, 3)
  decoder.resume()
  assert.equal(decoder.held, 0)
})

test("each pause needs its resume, and a resume too many is none", () => {
  const { sink, decoder } = established(4)
  decoder.pause()
  decoder.pause()
  decoder.push(ping)
  decoder.resume()
  assert.equal(sink.calls.length, 0)
  decoder.resume()
  assert.equal(sink.calls.length, 1)
  decoder.resume()
  decoder.push(ping)
  assert.equal(sink.calls.length, 2)
  decoder.pause()
  decoder.push(ping)
  assert.equal(sink.calls.length, 2)
})

test("a pause taken back within the call changes nothing, not even the order", () => {
  const { sink, decoder } = established(4)
  sink.during = () => {
    decoder.pause()
    decoder.resume()
  }
  decoder.push(Buffer.concat([packet(0x30, text("1")), packet(0x30, text("2")), packet(0x30, text("3")), hex("30")]))
  decoder.push(packet(0x30, text("4")).subarray(1))
  assert.deepEqual(
    sink.calls.map((call) => call[1]),
    ["1", "2", "3", "4"],
  )
})

test("a pause between two chunks of one packet keeps its begin", () => {
  const { sink, decoder } = established(4)
  const bytes = packet(0x30, text("a"), Buffer.alloc(1000, 7))
  decoder.push(bytes.subarray(0, 100))
  decoder.pause()
  decoder.push(bytes.subarray(100, 300))
  decoder.resume()
  decoder.pause()
  decoder.push(Buffer.concat([bytes.subarray(300), ping, bytes.subarray(0, 1)]))
  assert.equal(sink.calls.length, 0)
  decoder.resume()
  decoder.push(bytes.subarray(1))
  assert.deepEqual(
    sink.calls.map((call) => call[0]),
    ["publish", "ping", "publish"],
  )
})

test("the last byte of a packet that came during a pause is enough to go on", () => {
  const { sink, decoder } = established(4)
  decoder.push(ping.subarray(0, 1))
  decoder.pause()
  decoder.push(ping.subarray(1))
  decoder.resume()
  const bytes = packet(0x30, text("a"), Buffer.alloc(1000))
  decoder.push(bytes.subarray(0, 500))
  decoder.pause()
  decoder.push(bytes.subarray(500))
  decoder.resume()
  assert.equal(sink.calls.length, 2)
})

test("an established connection may have one packet and one read waiting, not more", () => {
  const subject = established(4, 1000)
  subject.sink.during = () => subject.decoder.pause()
  subject.decoder.push(pings(32768))
  subject.decoder.push(pings(500))
  assert.ok(subject.decoder.held <= 1000 + 65536)
  assert.equal(refusalOf(subject, pings(10)), Reason.quotaExceeded)
})

test("a decoder stopped in the middle of a chunk hands nothing on any more", () => {
  for (const head of ["", "c0"]) {
    const { sink, decoder } = established(4)
    sink.during = () => decoder.stop()
    decoder.push(hex(head))
    decoder.push(Buffer.concat([pings(3).subarray(head.length / 2), hex("30")]))
    decoder.push(ping)
    decoder.resume()
    assert.deepEqual(sink.calls, [["ping"]])
    assert.equal(decoder.held, 0)
  }
})

test("a decoder that was stopped while it waited hands nothing on", () => {
  const { sink, decoder } = established(4)
  decoder.pause()
  decoder.push(pings(3))
  decoder.stop()
  decoder.resume()
  assert.deepEqual(sink.calls, [])
  assert.equal(decoder.held, 0)
})

test("after an error nothing is read any more", () => {
  const subject = established(4)
  assert.equal(refusalOf(subject, Buffer.concat([ping, hex("00"), ping])), Reason.malformedPacket)
  subject.decoder.push(ping)
  assert.equal(subject.sink.calls.length, 1)
})

test("an error among what waited is thrown by the call that goes on", () => {
  const { sink, decoder } = established(4)
  decoder.pause()
  decoder.push(hex("c0 00 00"))
  assert.throws(() => decoder.resume(), { reason: Reason.malformedPacket })
  assert.deepEqual(sink.calls, [["ping"]])
})

test("what the sink throws reaches the caller, and the decoder is stopped", () => {
  const { sink, decoder } = established(4)
  sink.during = () => {
    throw new Error("fault")
  }
  assert.throws(() => decoder.push(pings(2)), /fault/)
  decoder.push(ping)
  assert.equal(sink.calls.length, 1)
})
