import type { Version } from "./packet.ts"
import { malformed, violated } from "./reason.ts"

/** What the decoder may receive: a CONNECT, nothing while it is being decided, everything but a CONNECT. */
export type State = "awaiting" | "deciding" | "established"

/**
 * Judges the first byte of a packet before the rest of it has arrived.
 * @throws ProtocolError malformedPacket for reserved flags [MQTT-2.1.3-1], protocolError for the wrong packet
 */
export function judgeFirstByte(first: number, state: State, version: 0 | Version): void {
  if (state === "awaiting") {
    // Its flags are judged with the protocol level: MQTT 3.1 leaves them unused.
    if (first >> 4 !== 1) violated("the first packet is not CONNECT [MQTT-3.1.0-1]")
    return
  }
  if ((first & 0xf0) === 0x30) judgePublish(first)
  else judgeOther(first >> 4, first & 15, version)
}

function judgePublish(first: number): void {
  if ((first & 0x06) === 0x06) malformed("QoS 3 [MQTT-3.3.1-4]")
  if ((first & 0x0e) === 0x08) malformed("DUP with QoS 0 [MQTT-3.3.1-2]")
}

function judgeOther(type: number, flags: number, version: 0 | Version): void {
  switch (type) {
    case 6:
    case 8:
    case 10:
      // MQTT 3.1 sets DUP when it sends one of these again.
      if (flags !== 2 && !(flags === 10 && version === 3)) malformed("reserved header flags [MQTT-2.1.3-1]")
      break
    case 4:
    case 5:
    case 7:
    case 12:
    case 14:
      if (flags !== 0) malformed("reserved header flags [MQTT-2.1.3-1]")
      break
    case 15:
      if (version !== 5) malformed("packet type 15 is reserved before MQTT 5")
      if (flags !== 0) malformed("reserved header flags [MQTT-3.15.1-1]")
      break
    case 0:
      malformed("packet type 0 is reserved")
      break
    case 1:
      violated("a second CONNECT [MQTT-3.1.0-2]")
      break
    default:
      violated(`packet type ${type} is the server's to send`)
  }
}
