import assert from "node:assert/strict"
import { test } from "node:test"
import type { Version } from "../../../service/broker/wire/packet.ts"
import { Reason } from "../../../service/broker/wire/reason.ts"
import { established, refusalOf } from "./recording-sink.ts"

const { malformedPacket, protocolError } = Reason

/** What the standard says about each first byte behind CONNECT: 0 when a client may send it. */
function expected(first: number, version: Version): number {
  const type = first >> 4
  const flags = first & 15
  if (type === 0 || (type === 15 && version < 5)) return malformedPacket // reserved (2.1.2)
  if (type === 1) return protocolError // a second CONNECT [MQTT-3.1.0-2]
  if ([2, 9, 11, 13].includes(type)) return protocolError // only a server sends CONNACK, SUBACK, UNSUBACK, PINGRESP
  if (type === 3) {
    const qos = (flags >> 1) & 3
    return qos === 3 || (qos === 0 && flags >= 8) ? malformedPacket : 0 // [MQTT-3.3.1-4, -2]
  }
  const fixed = [6, 8, 10].includes(type) ? [2] : [0] // [MQTT-3.6.1-1, 3.8.1-1, 3.10.1-1]
  if (version === 3 && fixed[0] === 2) fixed.push(10)
  return fixed.includes(flags) ? 0 : malformedPacket
}

for (const version of [3, 4, 5] as const) {
  test(`every first byte is judged as soon as it is there, version ${version} [MQTT-2.1.3-1]`, () => {
    for (let first = 0; first < 256; first++) {
      const subject = established(version)
      const bytes = Buffer.from([first])
      const reason = expected(first, version)
      if (reason === 0) subject.decoder.push(bytes)
      else assert.equal(refusalOf(subject, bytes), reason, `0x${first.toString(16)}`)
      assert.deepEqual(subject.sink.calls, [])
    }
  })
}
