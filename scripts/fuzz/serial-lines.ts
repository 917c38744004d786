import { crc16 } from "../../service/serial/protocol/crc16.ts"

/** A generator of pseudo-random numbers (mulberry32): the same lines every time. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

/**
 * Lines made of the transcript's requests: as they are, with bytes changed, lost, doubled or spliced, most of them with a
 * CRC that is right all the same, so that they get past it. No line feed is among them.
 */
export function mutatedLines(exchanges: readonly { readonly sent: string }[], count: number, seed = 7): string[] {
  const random = randomFrom(seed)
  const pick = () => exchanges[random(exchanges.length)]!.sent
  const byte = () => String.fromCharCode(random(3) === 0 ? random(256) : 32 + random(95)).replace("\n", "\r")
  const changes: readonly ((text: string, at: number) => string)[] = [
    (text) => text,
    (text, at) => text.slice(0, at) + byte() + text.slice(at + 1),
    (text, at) => text.slice(0, at) + text.slice(at + 1 + random(8)),
    (text, at) => text.slice(0, at) + text.slice(at, at + random(20)).repeat(1 + random(40)) + text.slice(at),
    (text, at) => text.slice(0, at) + pick().slice(random(40)),
    (text, at) =>
      text.slice(0, at) +
      ["{", "}", '"', ",", ":", "@GH{", "\\", "\r", "\0", "9999999999"][random(10)] +
      text.slice(at),
    () => Array.from({ length: random(900) }, byte).join(""),
  ]
  return Array.from({ length: count }, () => {
    let text = pick()
    for (let n = random(3); n >= 0; n--) text = changes[random(changes.length)]!(text, random(text.length + 1))
    return random(4) === 0 ? text : mended(text)
  })
}

/** The same line with the CRC it needs. */
function mended(text: string): string {
  const start = text.lastIndexOf("@GH{")
  const end = text.lastIndexOf("*")
  if (start < 0 || end <= start) return text
  const object = text.slice(start + 3, end)
  return `${text.slice(0, end)}*${crc16(object).toString(16).toUpperCase().padStart(4, "0")}`
}
