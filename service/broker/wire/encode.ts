import { bodyAt, packetBuffer, writeUint16 } from "./write.ts"

export { type ConnackProperties, connackFrame, disconnectFrame } from "./connack.ts"
export { type Frame, type FrameSlot, type OutgoingMessage, publishFrame, sharedPublishFrame } from "./publish-frame.ts"

/** PINGRESP (3.13). */
export const PINGRESP: Buffer = Buffer.from([0xd0, 0])

/** By type and reason code; the code 0 is not written, so that all versions share it (3.4.2.1). */
const acknowledgements: (Buffer | undefined)[] = new Array<Buffer | undefined>(8 * 256).fill(undefined)

/**
 * PUBACK, PUBREC, PUBREL or PUBCOMP (types 4 to 7; 3.4 to 3.7). A constant, to be copied: the packet identifier, at
 * offset 2, is the sender's to patch. The older versions carry no reason.
 */
export function acknowledgeFrame(type: 4 | 5 | 6 | 7, reason: number, version5: boolean): Buffer {
  const key = type * 256 + (version5 ? reason : 0)
  const known = acknowledgements[key]
  if (known !== undefined) return known
  const first = (type << 4) | (type === 6 ? 2 : 0)
  const bytes = version5 && reason !== 0 ? Buffer.from([first, 3, 0, 0, reason]) : Buffer.from([first, 2, 0, 0])
  acknowledgements[key] = bytes
  return bytes
}

/**
 * SUBACK (3.9), its packet identifier written.
 * @param codes one for each filter, in order: the QoS granted or why not; 3.1.1 knows only 0x80 as a refusal [MQTT-3.9.3-2]
 */
export function subackFrame(packetId: number, codes: readonly number[], version5: boolean): Buffer {
  return version5 ? answer(0x90, packetId, codes, true) : answer(0x90, packetId, codes.map(returnCode), false)
}

/** UNSUBACK (3.11), its packet identifier written; the older versions get no codes. */
export function unsubackFrame(packetId: number, codes: readonly number[], version5: boolean): Buffer {
  return answer(0xb0, packetId, version5 ? codes : [], version5)
}

function returnCode(code: number): number {
  return code > 2 ? 0x80 : code
}

function answer(first: number, packetId: number, codes: readonly number[], version5: boolean): Buffer {
  const length = 2 + (version5 ? 1 : 0) + codes.length
  const bytes = packetBuffer(first, length)
  let at = writeUint16(bytes, bodyAt(length), packetId)
  if (version5) bytes[at++] = 0
  for (const code of codes) bytes[at++] = code
  return bytes
}
